"""A question's reading of a cluster: opened, told to who wants to know, bounded in time, closed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import QuestionOptions, WhereOptions
from netdoc.cli.sources import open_cluster

if TYPE_CHECKING:
    from netdoc.model.record import Record
    from netdoc.ports import Cluster, Recorder

T = TypeVar("T")


def ask(
    where: WhereOptions, how: QuestionOptions, purpose: str, work: Callable[[Cluster], Awaitable[T]], *, lost: str = ""
) -> T:
    """What `work` makes of the cluster that the options name. Raises Failure: 4 where the time limit is reached.

    `lost` says what has come to nothing then.
    """
    return within(how, _asked(where, how, purpose, work), lost)


def within(how: QuestionOptions, work: Awaitable[T], lost: str = "") -> T:
    """Does the work in the time that it has. Raises Failure (4) where that is over."""
    seconds = how.timeout.total_seconds() or None

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work

    try:
        return asyncio.run(bounded())
    except TimeoutError:
        message = f"--timeout of {seconds:g}s was reached{': ' + lost if lost else ''}"
        raise Failure(message, "give it more, for example --timeout 5m", Exit.TIMEOUT) from None


async def _asked(where: WhereOptions, how: QuestionOptions, purpose: str, work: Callable[[Cluster], Awaitable[T]]) -> T:
    recorder = watched(await open_cluster(where, purpose), how)
    try:
        answer = await work(recorder)
    finally:
        await recorder.close()
    if not how.quiet:
        _note(recorder.notes)
    return answer


def _note(notes: tuple[str, ...]) -> None:
    """What the source has to say of itself: a file that could not be read, a certificate that nobody verified."""
    from netdoc.report.inert import line

    for one in notes:
        print(f"netdoc: {line(one)}", file=sys.stderr)


def watched(cluster: Cluster, how: QuestionOptions) -> Recorder:
    """The cluster, asked each question once; what is asked is told to who wants to know."""
    from netdoc.ports import Recorder

    recorder = Recorder(cluster)
    if how.verbose:
        recorder.listen(lambda record, answer: tell(record))
    return recorder


def tell(record: Record) -> None:
    """One line on stderr: what was asked of the cluster, and how much came back."""
    from netdoc.report.inert import line

    print(f"netdoc: {line(_told(record))}", file=sys.stderr)


def _told(record: Record) -> str:
    ask = record.ask
    if ask.verb == "measure":
        return f"measure {ask.resource} from {ask.name}: {_outcome(record, 'done')}"
    kind = f"{ask.resource}.{ask.group}" if ask.group else ask.resource
    words: list[Any] = [ask.verb, kind, ask.name, ask.container, ask.namespace and f"in {ask.namespace}"]
    chosen = ",".join(one for one in (ask.labels, ask.fields) if one)
    words.append(chosen and f"({chosen})")
    one = "found" if record.count or ask.verb == "log" else "not there"
    return f"{' '.join(str(word) for word in words if word)}: {_outcome(record, one)}"


def _outcome(record: Record, one: str) -> str:
    if record.gap is not None:
        return f"{record.gap.reason}{': ' + record.gap.detail if record.gap.detail else ''}"
    return str(record.count) if record.ask.verb == "list" else one

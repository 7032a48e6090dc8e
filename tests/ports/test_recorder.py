"""The recorder: every question is asked once, what came back is kept, and nothing that was refused is lost."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from netdoc.model.kube import Node, Pod, Service
from netdoc.model.kube.meta import ObjectMeta, ObjectRef
from netdoc.model.record import Gap, Record
from netdoc.ports import Listing, Recorder, Traffic, Where
from netdoc.ports.cluster import NO_TIME
from tests.asking import MOMENT

WEB = Pod(metadata=ObjectMeta(name="web", namespace="shop"))
REFUSED = Gap(what="may not list pods", reason="forbidden")


class Slow:
    """A cluster that answers when it is told to, and counts what it was asked."""

    def __init__(self, answer: Any = None) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answer = answer
        self.may_answer = asyncio.Event()
        self.closed = False
        self.where = Where(type="live", context="test")
        self.traffic = Traffic(requests=3)

    async def _answer(self, *question: Any) -> Any:
        self.asked.append(question)
        await self.may_answer.wait()
        return self.answer

    async def now(self) -> datetime:
        return MOMENT

    async def get(self, kind: type[Any], name: str, namespace: str = "") -> Any:
        return await self._answer("get", kind, name, namespace)

    async def list(self, kind: type[Any], namespace: str = "", *, labels: str = "", fields: str = "") -> Any:
        return await self._answer("list", kind, namespace, labels, fields)

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> Any:
        return await self._answer("log", pod, container, previous)

    async def close(self) -> None:
        self.closed = True


def ready(answer: Any = None) -> tuple[Slow, Recorder]:
    slow = Slow(answer)
    slow.may_answer.set()
    return slow, Recorder(slow)


async def test_one_question_is_asked_once() -> None:
    slow, recorder = ready(WEB)
    assert await recorder.get(Pod, "web", "shop") is WEB
    assert await recorder.get(Pod, "web", "shop") is WEB
    assert len(slow.asked) == len(recorder.records) == 1


async def test_a_question_on_its_way_is_shared() -> None:
    slow = Slow(Listing((WEB,)))
    recorder = Recorder(slow)
    waiting = [asyncio.ensure_future(recorder.list(Pod, "shop", labels="app=web")) for _ in range(5)]
    await asyncio.sleep(0)
    slow.may_answer.set()
    answers = await asyncio.gather(*waiting)
    assert len(slow.asked) == 1
    assert all(one is answers[0] for one in answers)


@pytest.mark.parametrize(
    "other",
    [
        {"namespace": "media"},
        {"namespace": "shop", "labels": "app=api"},
        {"namespace": "shop", "fields": "spec.nodeName=a"},
    ],
)
async def test_another_question_is_another(other: dict[str, str]) -> None:
    slow, recorder = ready(Listing())
    await recorder.list(Pod, "shop")
    await recorder.list(Pod, **other)
    assert len(slow.asked) == 2


async def test_a_caller_that_is_cancelled_leaves_the_question_to_the_others() -> None:
    slow = Slow(WEB)
    recorder = Recorder(slow)
    gone = asyncio.ensure_future(recorder.get(Pod, "web", "shop"))
    stays = asyncio.ensure_future(recorder.get(Pod, "web", "shop"))
    await asyncio.sleep(0)
    gone.cancel()
    slow.may_answer.set()
    assert await stays is WEB
    assert gone.cancelled()
    assert len(slow.asked) == 1


async def test_a_kind_without_namespaces_is_asked_for_without_one() -> None:
    slow, recorder = ready()
    await recorder.get(Node, "a", "shop")
    assert slow.asked == [("get", Node, "a", "")]
    assert recorder.records[0].ask.namespace == ""


async def test_absence_and_refusal_are_recorded_each_as_what_it_is() -> None:
    _, absent = ready(None)
    await absent.get(Pod, "web", "shop")
    assert (absent.records[0].count, absent.records[0].gap) == (0, None)
    _, refused = ready(REFUSED)
    assert await refused.get(Pod, "web", "shop") is REFUSED
    assert refused.records[0].gap is REFUSED
    _, cut = ready(Listing((WEB,), REFUSED))
    listing = await cut.list(Pod, "shop")
    assert not listing.complete
    assert (cut.records[0].count, cut.records[0].gap) == (1, REFUSED)


async def test_evidence_finds_the_record_in_which_its_object_was_last_seen() -> None:
    slow, recorder = ready(WEB)
    await recorder.get(Pod, "web", "shop")
    slow.answer = Listing((WEB,))
    await recorder.list(Pod, "shop")
    seen = recorder.record_of(WEB.ref)
    assert seen is not None
    assert (seen.id, seen.ask.verb) == ("R2", "list")
    assert recorder.record_of(ObjectRef(api_version="v1", kind="Pod", name="other")) is None


async def test_who_listens_hears_each_record_once_with_its_answer() -> None:
    _, recorder = ready(WEB)
    heard: list[tuple[Record, Any]] = []
    recorder.listen(lambda record, answer: heard.append((record, answer)))
    await recorder.get(Pod, "web", "shop")
    await recorder.get(Pod, "web", "shop")
    assert heard == [(recorder.records[0], WEB)]


async def test_a_log_is_asked_for_once_for_each_container_and_life() -> None:
    slow, recorder = ready("text")
    assert await recorder.log(WEB.ref, "web") == "text"
    await recorder.log(WEB.ref, "web")
    await recorder.log(WEB.ref, "web", previous=True)
    await recorder.log(WEB.ref, "sync")
    assert len(slow.asked) == 3
    assert {one.ask.resource for one in recorder.records} == {"pods/log"}


async def test_one_kind_read_in_two_forms_is_two_questions() -> None:
    """A narrow projection does not hold what a wide one would."""

    class Narrow(Service, frozen=True):
        pass

    slow, recorder = ready(Listing())
    await recorder.list(Service, "shop")
    await recorder.list(Narrow, "shop")
    assert len(slow.asked) == 2


async def test_closing_lets_go_of_what_is_still_asked() -> None:
    slow = Slow()
    recorder = Recorder(slow)
    asked = asyncio.ensure_future(recorder.get(Pod, "web", "shop"))
    await asyncio.sleep(0)
    await recorder.close()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert slow.closed


async def test_it_passes_on_where_and_how_much() -> None:
    slow, recorder = ready()
    assert recorder.where is slow.where
    assert recorder.traffic is slow.traffic
    assert recorder.vantage == "api"
    assert await recorder.now() == MOMENT


@pytest.mark.parametrize(
    ("gap", "complete"),
    [(None, True), (REFUSED, False), (Gap(what="x", reason="assumed", blocking=False), True)],
)
def test_what_a_listing_lets_one_conclude(gap: Gap | None, complete: bool) -> None:
    assert Listing((), gap).complete is complete


async def test_what_is_in_files_was_seen_when_they_were_taken() -> None:
    slow, recorder = ready(WEB)
    slow.where = Where(type="snapshot", path="shop.tar.gz")
    await recorder.now()
    await recorder.get(Pod, "web", "shop")
    assert recorder.seen_at(recorder.records[0]) == MOMENT


async def test_what_a_cluster_answers_is_seen_when_it_answers() -> None:
    _, recorder = ready(WEB)
    await recorder.now()
    await recorder.get(Pod, "web", "shop")
    assert recorder.seen_at(recorder.records[0]) == recorder.records[0].at != MOMENT


async def test_files_that_state_no_time_were_seen_at_none() -> None:
    slow, recorder = ready(WEB)
    slow.where = Where(type="snapshot", path="shop.yaml")

    async def never() -> datetime:
        return NO_TIME

    slow.now = never  # type: ignore[method-assign]
    await recorder.now()
    await recorder.get(Pod, "web", "shop")
    assert recorder.seen_at(recorder.records[0]) is None

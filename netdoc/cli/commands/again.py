"""netdoc report, replay, recheck: a recorded run drawn, judged again, done again."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.history import compared_with, open_record, story_of, where_of
from netdoc.journal.reader import Story


@click.command()
@options.run_argument
@options.output_options
def report(run: str, **given: Any) -> Exit:
    """Draws the report of a recorded RUN in any format. One that was cut short is judged from what it saw.

    \b
    netdoc report latest -o markdown=incident.md
    """
    from netdoc.cli.output import Writer
    from netdoc.journal.redaction import redacted
    from netdoc.report import FORMATS

    story = story_of(run)
    output = options.output(given, tuple(FORMATS))
    kept = story.report
    if kept is None:
        return _judged(story, options.RunOptions(fail_on="never", no_journal=True), output)
    writer = Writer(output)
    for event in story.events:
        for listener in writer.listeners:
            listener(event)
    writer.write(redacted(kept))
    return Exit.OK


@click.command()
@options.run_argument
@options.verdict_options
@options.output_options
def replay(run: str, **given: Any) -> Exit:
    """Judges a recorded RUN again, without a network. What was not recorded is unknown, never absent.

    With a newer netdoc the report's `compared` says what it judges otherwise.
    """
    from netdoc.report import FORMATS

    limits = msgspec.structs.replace(options.run(given), no_journal=True)
    return _judged(story_of(run), limits, options.output(given, tuple(FORMATS)))


@click.command()
@options.run_argument
@options.run_options
@options.output_options
def recheck(run: str, **given: Any) -> Exit:
    """Does a recorded RUN again now, and says what recovered, what is still there, and what is new."""
    from netdoc.cli.session import Conduct, perform
    from netdoc.journal.again import request_of
    from netdoc.report import FORMATS

    story = story_of(run)
    limits, output = options.run(given), options.output(given, tuple(FORMATS))
    before = story.report
    if before is None:
        raise Failure(f"run {story.head.run} has no report to compare with", f"netdoc runs resume {story.head.run}")
    return perform(
        Conduct(
            request=request_of(story, limits.timeout),
            where=where_of(story),
            run=limits,
            output=output,
            finish=compared_with(before),
            rechecks=story.head.run,
        )
    )


def _judged(story: Story, limits: options.RunOptions, output: options.OutputOptions) -> Exit:
    """The recorded question over the recorded answers."""
    from netdoc.cli.session import Conduct, perform
    from netdoc.journal.again import request_of

    beside = compared_with(story.report)
    return perform(
        Conduct(
            request=request_of(story),
            where=where_of(story),
            run=limits,
            output=output,
            open=lambda _: open_record(story),
            finish=lambda report: msgspec.structs.replace(beside(report), notes=story.notes),
        )
    )

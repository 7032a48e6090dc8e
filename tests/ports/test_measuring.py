"""Measurements are kept like any other answer: once a run, encoded, and told again in a replay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from netdoc.cluster import SnapshotCluster
from netdoc.cluster.recorded import RecordedCluster, encode_answer
from netdoc.model.record import Ask, Gap, Record
from netdoc.ports import Measurement, Recorder, Where
from netdoc.ports.recorder import Measuring

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ASKED = Measurement(kind="tcp", parameters={"endpoints": [{"port": 80, "address": "10.0.0.1"}], "repeat": 2})
TOLD = {"endpoints": [{"address": "10.0.0.1", "port": 80, "failures": 1}]}


class Once:
    name = "exec:shop/web-0"

    def __init__(self, answer: dict[str, Any] | Gap) -> None:
        self.answer = answer
        self.asked = 0

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        self.asked += 1
        return self.answer


def empty() -> SnapshotCluster:
    return SnapshotCluster.from_documents([], where=Where(type="snapshot"), now=NOW)


async def test_the_same_measurement_is_made_once_and_kept_with_its_vantage() -> None:
    recorder, vantage = Recorder(empty()), Once(TOLD)
    measuring = Measuring(recorder, vantage)
    assert await measuring.measure(ASKED) == await measuring.measure(ASKED) == TOLD
    assert (vantage.asked, len(recorder.records)) == (1, 1)
    record = recorder.records[0]
    assert (record.ask.verb, record.ask.resource, record.vantage) == ("measure", "tcp", "exec:shop/web-0")


async def test_a_replay_measures_nothing_and_tells_what_was_measured() -> None:
    kept: dict[Ask, bytes] = {}

    def keep(record: Record, answer: Any) -> None:
        kept[record.ask] = encode_answer(answer)

    recorder = Recorder(empty())
    recorder.listen(keep)
    await Measuring(recorder, Once(TOLD)).measure(ASKED)
    again, silent = Recorder(RecordedCluster(kept, where=Where(type="live"), now=NOW)), Once({})
    assert await Measuring(again, silent).measure(ASKED) == TOLD
    other = await Measuring(again, silent).measure(Measurement(kind="tcp", parameters={"repeat": 9}))
    assert isinstance(other, Gap)
    assert silent.asked == 0


async def test_what_could_not_be_measured_is_kept_as_that() -> None:
    gap = Gap(what="measure", reason="needs-consent", blocking=False)
    recorder = Recorder(empty())
    assert await Measuring(recorder, Once(gap)).measure(ASKED) == gap
    assert recorder.records[0].gap == gap

"""A run that is stopped while its sources are told apart keeps what was found of them together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from netdoc.demo import open_demo
from netdoc.engine import run as running
from netdoc.engine.check import Check, Subject
from netdoc.engine.comparisons import comparisons
from netdoc.engine.playbooks.model import Step, single
from netdoc.engine.run import Request, Run
from netdoc.model.finding import Finding
from netdoc.model.kube.meta import ObjectRef
from netdoc.path import parse_source, parse_target
from netdoc.ports import Ports, Recorder

WEB = ObjectRef(api_version="v1", kind="Service", namespace="shop", name="web")


def judge(seen: str) -> Iterable[Finding]:
    yield Finding(code="service.no-ready-endpoint", title="nobody answers", object=WEB, hops=(seen,))


async def test_what_was_found_of_all_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = asyncio.Event()

    async def observe(ports: Ports, subject: Subject) -> str:
        if len(subject.path.sources) == 1:  # asked of one by itself: the engineer has seen enough
            stop.set()
            await asyncio.Event().wait()
        return "service/shop/web:80"

    check = Check(id="mine", title="Mine", observe=observe, judge=judge, codes=(), hops=("service",))
    monkeypatch.setattr(running, "find_check", lambda id_: check)
    monkeypatch.setattr(running, "is_ours", lambda id_: True)
    request = Request(
        target=parse_target("svc/web.shop:80"),
        playbook=single(Step(id="mine", check="mine")),
        sources=tuple(map(parse_source, ("deploy/client.shop", "deploy/api.shop"))),
    )
    run = Run(request, Recorder(open_demo("healthy")), lambda *_, **__: None)  # type: ignore[arg-type]
    assert await run.go(stop) == "interrupted"
    assert [one.title for one in run.ledger.findings] == ["nobody answers"]
    assert [(one.step.id, one.status, bool(one.reason)) for one in run.ledger.entries[1:]] == [
        ("mine", "unknown", True)
    ]
    assert [one.status for one in comparisons(run.ledger, set())] == ["unknown", "unknown"]

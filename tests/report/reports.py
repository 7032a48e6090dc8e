"""Reports as netdoc would make them, by hand: the ones that the golden pages are drawn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from netdoc.model.change import Change
from netdoc.model.finding import Fix, Mitigation
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.report import (
    CheckCounts,
    Comparison,
    FindingCounts,
    FirstDifference,
    Impact,
    NotChecked,
    Report,
    ReportCheck,
    ReportEvidence,
    ReportFinding,
    ReportHop,
    ReportSource,
    ReportTarget,
    Run,
    RunInput,
    Summary,
    Tool,
)

NOW = datetime(2026, 11, 22, 3, 16, 22, tzinfo=UTC)
KUBECTL = "kubectl --context prod-eu -n shop"

CLIENT = ObjectRef(api_version="apps/v1", kind="Deployment", namespace="shop", name="client")
SERVICE = ObjectRef(api_version="v1", kind="Service", namespace="shop", name="web")
WEB = ObjectRef(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")
DENY = ObjectRef(api_version="networking.k8s.io/v1", kind="NetworkPolicy", namespace="shop", name="default-deny")
ROUTE = ObjectRef(api_version="traefik.io/v1alpha1", kind="IngressRoute", namespace="shop", name="shop")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def report(**given: Any) -> Report:
    """A live run for svc/web.shop:80 from deploy/client.shop; `given` is what it found."""
    base: dict[str, Any] = {
        "api_version": "netdoc/v1",
        "kind": "Report",
        "tool": Tool(name="netdoc", version="0.1.0"),
        "run": Run(
            id="20261122-031622-7f3a",
            started_at=NOW,
            finished_at=NOW + timedelta(milliseconds=350),
            command=("netdoc", "diagnose", "svc/web.shop:80", "--from", "deploy/client.shop"),
            playbook="connectivity",
            input=RunInput(type="live", context="prod-eu", server="https://192.0.2.10:6443", now=NOW),
        ),
        "target": ReportTarget(
            input="svc/web.shop:80", kind="Service", namespace="shop", name="web", port=80, protocol="TCP"
        ),
        "from_": ReportSource(input="deploy/client.shop", kind="Deployment", namespace="shop", name="client"),
        "basis": "configuration",
        "root_causes": (),
        "path": (),
        "checks": (),
        "findings": (),
        "evidence": (),
        "changes": (),
        "comparisons": (),
        "not_checked": (),
    }
    made = base | given
    made.setdefault("summary", _summary(made["findings"], made["checks"]))
    return Report(**made)


def _summary(findings: tuple[ReportFinding, ...], checks: tuple[ReportCheck, ...]) -> Summary:
    severities = [one.severity for one in findings]
    statuses = [one.status for one in checks]
    return Summary(
        findings=FindingCounts(**{name: severities.count(name) for name in ("error", "warning", "info")}),
        checks=CheckCounts(
            pass_=statuses.count("pass"), **{name: statuses.count(name) for name in ("warn", "fail", "unknown", "skip")}
        ),
        api_requests=14,
        api_bytes=80211,
        duration_ms=350,
    )


def check(id: str, title: str, status: str, findings: tuple[str, ...] = (), reason: str = "") -> ReportCheck:
    return ReportCheck(
        id=id,
        title=title,
        step=id,
        status=status,  # type: ignore[arg-type]
        reason=reason,
        findings=findings,
        started_at=NOW,
        duration_ms=12,
    )


def hop(id: str, status: str, *next: str, object: ObjectRef | None = None, **more: Any) -> ReportHop:
    kind = {"deployment": "client"}.get(id.partition("/")[0], id.partition("/")[0])
    return ReportHop(id=id, kind=kind, status=status, next=next, object=object, **more)  # type: ignore[arg-type]


def selector_typo() -> Report:
    """One cause with consequences, and the change that made it."""
    return report(
        status="fail",
        headline="deploy/client.shop cannot reach svc/web.shop:80: the Service's selector app=wbe matches no pod",
        impact=Impact(scope="all", failed=3, of=3),
        root_causes=("F2",),
        path=(
            hop("deployment/shop/client", "pass", "service/shop/web:80", object=CLIENT),
            hop(
                "policy/shop/default-deny",
                "pass",
                object=DENY,
                between=("deployment/shop/client", "service/shop/web:80"),
                summary="allow-client admits deployment/client.shop on TCP 80",
            ),
            hop("service/shop/web:80", "fail", object=SERVICE, summary="selector app=wbe matches no pod; no endpoint"),
        ),
        checks=(
            check("policy", "Check network policies", "pass"),
            check("dns", "Verify DNS resolution", "pass"),
            check("endpoints", "Inspect service endpoints", "fail", ("F1", "F2")),
            check("ingress", "Review ingress configuration", "fail", ("F3",)),
        ),
        findings=(
            ReportFinding(
                id="F1",
                code="service.no-ready-endpoint",
                severity="error",
                title="service/web.shop has no endpoint at all",
                object=SERVICE,
                hop="service/shop/web:80",
                evidence=("E2",),
                explained_by=("F2",),
                proven=True,
            ),
            ReportFinding(
                id="F2",
                code="service.selector-no-match",
                severity="error",
                title="the selector of service/web.shop matches no pod and no pod template",
                detail="No pod in shop has app=wbe. Nearest: deployment/web.shop, whose pods have app=web "
                "(one letter differs) and tier=front as the selector asks.",
                object=SERVICE,
                hop="service/shop/web:80",
                evidence=("E1",),
                proven=True,
                since=ago(minutes=12),
                mitigation=Mitigation(
                    summary="roll the release back to the revision before",
                    commands=("helm --kube-context prod-eu -n shop rollback shop 41",),
                ),
                fix=Fix(
                    summary="select app=web",
                    commands=(
                        f"{KUBECTL} patch service web --type merge "
                        """-p '{"spec":{"selector":{"app":"web","tier":"front"}}}'""",
                    ),
                    patch={"spec": {"selector": {"app": "web", "tier": "front"}}},
                    managed_by="helm",
                ),
            ),
            ReportFinding(
                id="F3",
                code="ingress.no-servers",
                severity="error",
                title="ingressroute/shop.shop has no usable server for service/web.shop: Traefik answers 503",
                object=ROUTE,
                hop="router/shop/shop",
                evidence=(),
                explained_by=("F1",),
                proven=True,
            ),
        ),
        evidence=(
            ReportEvidence(
                id="E1",
                kind="object",
                object=SERVICE,
                field="spec.selector",
                observed="app=wbe,tier=front",
                expected="app=web,tier=front",
                at=NOW,
                vantage="api",
                command=f"{KUBECTL} get service web -o jsonpath='{{.spec.selector}}'",
                record="R3",
            ),
            ReportEvidence(
                id="E2",
                kind="object",
                object=SERVICE,
                field="endpointslices",
                observed="none",
                expected="at least one ready address",
                at=NOW,
                vantage="api",
                command=f"{KUBECTL} get endpointslices -l kubernetes.io/service-name=web",
                record="R4",
            ),
        ),
        changes=(
            Change(
                at=ago(minutes=12, seconds=4),
                object=SERVICE,
                what="service",
                detail="selector app=web → app=wbe",
                suspect=True,
            ),
            Change(at=ago(minutes=55), object=WEB, what="rollout", detail="image shop/web:1.4 → shop/web:1.5"),
        ),
        not_checked=(
            NotChecked(
                what="connections to the pods", reason="needs-consent", detail="--exec or --probe measures them"
            ),
        ),
    )


def healthy() -> Report:
    """Nothing wrong, asked of a snapshot."""
    made = report(
        status="pass",
        headline="no fault in configuration; no packet was sent",
        path=(
            hop("deployment/shop/client", "pass", "service/shop/web:80", object=CLIENT),
            hop("service/shop/web:80", "pass", "endpoint/shop/web-1:8080", "endpoint/shop/web-2:8080", object=SERVICE),
            hop("endpoint/shop/web-1:8080", "pass", summary="ready, on node/a"),
            hop("endpoint/shop/web-2:8080", "pass", summary="ready, on node/b"),
        ),
        checks=(
            check("policy", "Check network policies", "pass"),
            check("dns", "Verify DNS resolution", "pass"),
            check("endpoints", "Inspect service endpoints", "pass"),
            check("ingress", "Review ingress configuration", "skip", reason="no route leads here"),
        ),
        not_checked=(
            NotChecked(what="AdminNetworkPolicies", reason="assumed", detail="the snapshot holds none"),
            NotChecked(
                what="node/a", reason="incomplete", hop="endpoint/shop/web-1:8080", detail="not in the snapshot"
            ),
        ),
    )
    snapshot = RunInput(type="snapshot", path="shop.tar.gz", now=ago(hours=5))
    return msgspec.structs.replace(made, run=msgspec.structs.replace(made.run, input=snapshot))


def refused() -> Report:
    """Unknown: two reads that the path hangs on were refused or cut short."""
    return report(
        status="unknown",
        headline="NOT CHECKED: may not list networkpolicies in shop; what could be read shows no fault",
        path=(
            hop("deployment/shop/client", "pass", "service/shop/web:80", object=CLIENT),
            hop("service/shop/web:80", "unknown", "endpoint/shop/web-1:8080", object=SERVICE),
            hop("endpoint/shop/web-1:8080", "pass", summary="ready"),
        ),
        checks=(
            check("policy", "Check network policies", "unknown", reason="may not list networkpolicies in shop"),
            check("dns", "Verify DNS resolution", "unknown", reason="no answer in 10 s"),
            check("endpoints", "Inspect service endpoints", "pass"),
        ),
        not_checked=(
            NotChecked(what="traffic as deploy/client sees it", reason="needs-consent", detail="--exec"),
            NotChecked(what="networkpolicies in shop", reason="forbidden", hop="service/shop/web:80"),
            NotChecked(
                what="configmap/coredns.kube-system",
                reason="timeout",
                hop="service/shop/web:80",
                detail="the API server gave none within 10 s",
            ),
        ),
    )


def forty_endpoints() -> Report:
    """A part fails: 12 of 40 endpoints, those of the newest revision."""
    names = [f"web-7c9f{number:02}" for number in range(40)]
    bad = set(names[:12])
    endpoints = tuple(
        hop(
            f"endpoint/shop/{name}:8080",
            "fail" if name in bad else "pass",
            f"pod/shop/{name}",
            summary="connection refused" if name in bad else "",
        )
        for name in names
    )
    pods = tuple(
        hop(f"pod/shop/{name}", "fail" if name in bad else "pass", summary="listens on 9090" if name in bad else "")
        for name in names
    )
    return report(
        status="fail",
        basis="measured",
        headline="12 of 40 endpoints of svc/web.shop:80 refuse connections: the newest revision listens on 9090",
        impact=Impact(scope="part", failed=12, of=40),
        root_causes=("F1",),
        path=(
            hop("deployment/shop/client", "pass", "service/shop/web:80", object=CLIENT),
            hop(
                "service/shop/web:80", "fail", *(one.id for one in endpoints), object=SERVICE, summary="12 of 40 refuse"
            ),
            *endpoints,
            *pods,
        ),
        checks=(
            check("policy", "Check network policies", "pass"),
            check("endpoints", "Inspect service endpoints", "fail", ("F1",)),
        ),
        findings=(
            ReportFinding(
                id="F1",
                code="service.target-port-mismatch",
                severity="error",
                title="targetPort 8080 is not the port that revision 7 of deployment/web.shop serves",
                object=SERVICE,
                hop="service/shop/web:80",
                evidence=("E1", "E2", "E3"),
                proven=True,
                since=ago(hours=2, minutes=3),
                mitigation=Mitigation(
                    summary="go back to revision 6",
                    commands=(f"{KUBECTL} rollout undo deployment/web --to-revision=6",),
                ),
                fix=Fix(summary="give the port a name in the pod template and let targetPort use it"),
            ),
        ),
        evidence=tuple(
            ReportEvidence(
                id=f"E{number}",
                kind="tcp",
                observed=f"10.42.0.{number}:8080 connection refused",
                expected="connected",
                vantage="exec:pod/client-0.shop",
                attempts=3,
                failures=3,
                at=NOW,
            )
            for number in (1, 2, 3)
        ),
        changes=(
            Change(
                at=ago(hours=2, minutes=5),
                object=WEB,
                what="rollout",
                detail="revision 6 → 7: image shop/web:1.4 → shop/web:1.5, containerPort 8080 → 9090",
                suspect=True,
            ),
        ),
        comparisons=(
            Comparison(
                from_=ReportSource(input="deploy/client.shop", kind="Deployment", namespace="shop", name="client"),
                status="fail",
                first_difference=FirstDifference(hop="endpoint/shop/web-7c9f00:8080", summary="connection refused"),
            ),
            Comparison(from_=ReportSource(input="here", kind="Here"), status="pass"),
        ),
    )


def several_causes() -> Report:
    """Two independent errors, one of them a mere hint, and something beside."""
    return report(
        status="fail",
        headline="deploy/client.shop cannot reach svc/web.shop:80: default-deny isolates it, and its pods crash",
        impact=Impact(scope="all"),
        root_causes=("F1", "F2"),
        path=(
            hop("deployment/shop/client", "pass", "service/shop/web:80", object=CLIENT),
            hop(
                "policy/shop/default-deny",
                "fail",
                object=DENY,
                between=("deployment/shop/client", "service/shop/web:80"),
                summary="isolates deployment/web.shop; no rule admits app=client",
            ),
            hop("service/shop/web:80", "fail", "endpoint/shop/web-1:8080", object=SERVICE, summary="none is ready"),
            hop("endpoint/shop/web-1:8080", "fail", "pod/shop/web-1", summary="not ready"),
            hop("pod/shop/web-1", "fail", summary="CrashLoopBackOff, 9 restarts"),
        ),
        checks=(
            check("policy", "Check network policies", "fail", ("F1",)),
            check("endpoints", "Inspect service endpoints", "fail", ("F2", "F3", "F4")),
        ),
        findings=(
            ReportFinding(
                id="F1",
                code="policy.ingress-denied",
                severity="error",
                title="networkpolicy/default-deny.shop isolates deployment/web.shop and nothing admits this source",
                object=WEB,
                hop="policy/shop/default-deny",
                evidence=("E1",),
                proven=True,
                since=ago(days=3),
                fix=Fix(
                    summary="admit app=client on TCP 8080",
                    patch={"spec": {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}]}},
                    managed_by="argocd",
                ),
            ),
            ReportFinding(
                id="F2",
                code="pod.crash-looping",
                severity="error",
                title="deployment/web.shop keeps exiting: its configuration names a database that is not there",
                object=WEB,
                hop="pod/shop/web-1",
                evidence=("E2",),
                proven=False,
                since=ago(seconds=95),
                fix=Fix(summary="look at the log and correct DB_HOST", commands=(f"{KUBECTL} edit configmap web",)),
            ),
            ReportFinding(
                id="F3",
                code="service.no-ready-endpoint",
                severity="error",
                title="service/web.shop has no ready endpoint (0 of 1)",
                object=SERVICE,
                hop="service/shop/web:80",
                evidence=(),
                explained_by=("F2",),
                proven=True,
            ),
            ReportFinding(
                id="F4",
                code="policy.not-enforced",
                severity="info",
                title="nothing is seen that enforces network policies",
                object=DENY,
                evidence=(),
                proven=True,
            ),
        ),
        evidence=(
            ReportEvidence(
                id="E1",
                kind="policy",
                object=DENY,
                field="spec.podSelector",
                observed="{} with no ingress rule",
                expected="a rule that admits app=client on TCP 8080",
                vantage="api",
                command=f"{KUBECTL} get networkpolicy default-deny -o yaml",
            ),
            ReportEvidence(
                id="E2",
                kind="log",
                object=ObjectRef(api_version="v1", kind="Pod", namespace="shop", name="web-1"),
                observed="\n".join(
                    [
                        "2026-11-22T03:14:40Z INFO starting web 1.5",
                        "2026-11-22T03:14:41Z FATAL dial tcp: lookup db.shpo on 10.43.0.10:53: no such host",
                        *(f"    at main.connect(attempt={number})" for number in range(12)),
                    ]
                ),
                vantage="api",
                command=f"{KUBECTL} logs web-1 --previous --tail=20",
            ),
        ),
    )


def warnings_only() -> Report:
    """Nothing fails; one endpoint is out of rotation."""
    return report(
        status="warn",
        headline="svc/web.shop:80 is served, with 2 of 3 endpoints: web-3 is not ready",
        root_causes=("F1",),
        path=(
            hop("deployment/shop/client", "pass", "service/shop/web:80", object=CLIENT),
            hop("service/shop/web:80", "warn", "endpoint/shop/web-3:8080", object=SERVICE, summary="2 of 3 are ready"),
            hop("endpoint/shop/web-3:8080", "warn", summary="readiness probe: HTTP 503 from /healthz"),
        ),
        checks=(check("endpoints", "Inspect service endpoints", "warn", ("F1",)),),
        findings=(
            ReportFinding(
                id="F1",
                code="service.some-endpoints-unready",
                severity="warning",
                title="1 of 3 endpoints of service/web.shop is not ready",
                object=SERVICE,
                hop="service/shop/web:80",
                evidence=("E1",),
                proven=True,
                since=ago(minutes=40),
            ),
        ),
        evidence=(
            ReportEvidence(
                id="E1",
                kind="event",
                object=ObjectRef(api_version="v1", kind="Pod", namespace="shop", name="web-3"),
                field="message",
                observed="Readiness probe failed: HTTP probe failed with statuscode: 503",
                vantage="api",
            ),
        ),
    )


def source(name: str) -> ReportSource:
    return ReportSource(input=f"deploy/{name}.shop", kind="Deployment", namespace="shop", name=name)


def one_of_three_sources() -> Report:
    """Two Deployments and a namespace call; one Deployment and a part of the namespace are kept from it."""
    denied = "the egress policies of deployment/b do not allow deployment/web on 8080/TCP"
    gate = "policy/egress/client/deployment/shop/b"
    whole = ReportSource(input="ns/batch", kind="CronJob", namespace="batch", name="sync", part="cronjob/sync.batch")
    pod = ReportSource(
        input="ns/batch", kind="Pod", namespace="batch", name="old-1", part="pod/old-1.batch", node="node-b"
    )
    return report(
        status="fail",
        headline=f"{denied}, from deploy/b.shop; deploy/a.shop and cronjob/sync.batch are not affected",
        from_=source("a"),
        impact=Impact(scope="part"),
        root_causes=("F1",),
        path=(
            hop("client/deployment/shop/a", "pass", "service/shop/web:80"),
            hop("client/deployment/shop/b", "fail", "service/shop/web:80", summary="policy.egress-denied"),
            hop(gate, "fail", between=("client/deployment/shop/b", "service/shop/web:80"), summary=denied),
            hop("client/namespace/batch", "unknown", "service/shop/web:80"),
            hop("service/shop/web:80", "pass", object=SERVICE),
        ),
        checks=(check("policy", "Check network policies", "fail", ("F1",)),),
        findings=(
            ReportFinding(
                id="F1",
                code="policy.egress-denied",
                severity="error",
                title=denied,
                object=ObjectRef(api_version="apps/v1", kind="Deployment", namespace="shop", name="b"),
                hop=gate,
                evidence=(),
                proven=True,
            ),
        ),
        comparisons=(
            Comparison(from_=source("a"), status="pass"),
            Comparison(
                from_=source("b"),
                status="fail",
                first_difference=FirstDifference(hop=gate, summary=f"{denied} (deny); deploy/a.shop is let through"),
                impact=Impact(scope="all", failed=3, of=3),
                findings=("F1",),
            ),
            Comparison(from_=whole, status="pass"),
            Comparison(
                from_=pod,
                status="unknown",
                first_difference=FirstDifference(
                    hop="client/namespace/batch",
                    summary="NOT CHECKED: pod/old-1.batch; deploy/a.shop is not affected",
                ),
            ),
        ),
    )


def same_from_both() -> Report:
    """Two sources, and nothing to tell them apart."""
    return report(
        status="pass",
        headline="no fault in configuration; no packet was sent",
        from_=source("a"),
        path=(
            hop("client/deployment/shop/a", "pass", "service/shop/web:80"),
            hop("client/deployment/shop/b", "pass", "service/shop/web:80"),
            hop("service/shop/web:80", "pass", object=SERVICE),
        ),
        checks=(check("policy", "Check network policies", "pass"),),
        comparisons=(
            Comparison(from_=source("a"), status="pass"),
            Comparison(from_=source("b"), status="pass"),
        ),
    )


ALL = (
    selector_typo,
    healthy,
    refused,
    forty_endpoints,
    several_causes,
    warnings_only,
    one_of_three_sources,
    same_from_both,
)

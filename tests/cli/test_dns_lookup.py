"""netdoc dns lookup: each place and server side by side, the steps that decide, and what they do not agree on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from netdoc.cli.commands.dns.screen import differ, differences, lines
from netdoc.cli.commands.dns.seen import Told, see
from netdoc.cli.commands.dns.views import Role, Step, View
from netdoc.cli.options import WhereOptions
from netdoc.cli.sources import open_cluster
from netdoc.demo import assemble
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Consent, Measurement, Vantage
from tests.calling import netdoc

WEB = "web.shop.svc.cluster.local"
CLIENT = ("--from", "deploy/client.shop")


def address_of(namespace: str, name: str) -> str:
    found = [one for one in assemble.network() if one["kind"] == "Service" and one["metadata"]["name"] == name]
    return next(str(o["spec"]["clusterIP"]) for o in found if o["metadata"]["namespace"] == namespace)


def test_a_lookup_of_a_record_tells_what_the_pods_resolver_would_do() -> None:
    answer = netdoc("dns", "lookup", "web", *CLIENT, "--demo", "-o", "json")
    view = answer.json["views"][0]
    assert (view["basis"], view["server"], view["decided"]) == ("predicted", "10.43.0.10", WEB + ".")
    assert view["addresses"] == [address_of("shop", "web")]
    assert answer.json["owners"][address_of("shop", "web")]["kind"] == "Service"
    assert answer.code == 0


def test_the_container_and_each_server_are_seen_step_by_step_and_agree() -> None:
    """The demo's resolvers are real sockets."""
    answer = netdoc("dns", "lookup", "web.shop", "--from", "deploy/sonarr.media", "--demo", "--exec", "--port-forward",
                    "-o", "json")  # fmt: skip
    views = answer.json["views"]
    walked = [f"web.shop.media.{WEB.partition('.shop.')[2]}.", f"{WEB}."]
    assert [one["basis"] for one in views] == ["predicted", *["measured"] * (len(views) - 1)]
    assert {one.get("role", "resolver") for one in views} == {"resolver", "dns-pod"}
    for one in views:
        assert list(dict.fromkeys(step["name"] for step in one["steps"])) == walked
        assert (one["decided"], one["addresses"]) == (walked[1], [address_of("shop", "web")])
    assert "differences" not in answer.json
    assert "they differ" not in netdoc("dns", "lookup", "web", *CLIENT, "--demo", "--exec").out


def test_each_step_before_the_deciding_one_is_shown() -> None:
    out = netdoc("dns", "lookup", "web.shop", "--from", "deploy/sonarr.media", "--demo").out
    assert "  web.shop.media.svc.cluster.local.\n    A, AAAA: NXDOMAIN\n" in out
    assert f"decided by {WEB}." in out


@pytest.mark.parametrize("consent", ["--exec", "--port-forward"])
def test_what_a_record_cannot_measure_is_said(consent: str, tmp_path: Path) -> None:
    where = snapshot(tmp_path, assemble.network())
    answer = netdoc("dns", "lookup", "web", *CLIENT, f"--snapshot={where}", consent)
    assert "NOT ASKED" in answer.out
    assert answer.code == 0


def test_without_consent_the_container_is_not_asked_and_the_consent_is_named() -> None:
    out = netdoc("dns", "lookup", "web", *CLIENT, "--demo").out
    assert "NOT ASKED" in out
    assert "--exec allows it" in out


@pytest.mark.parametrize("arguments", [("web",), ("a..b", *CLIENT), ("web", "--from", "deploy/nobody.shop"),
                                       ("web", "--server", "x")])  # fmt: skip
def test_a_question_that_nobody_can_be_asked(arguments: tuple[str, ...]) -> None:
    answer = netdoc("dns", "lookup", *arguments, "--demo")
    assert answer.code == 2
    assert answer.err.count("\n") == 1


def test_at_80_columns_no_line_is_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = netdoc("dns", "lookup", "web.shop", "--from", "deploy/sonarr.media", "--demo", "--exec", "--port-forward").out
    assert max(map(len, out.splitlines())) <= 80


# Beside a pod's resolver: answers are a table, as no demo holds them all.


def snapshot(folder: Path, objects: Iterable[dict[str, Any]]) -> str:
    path = folder / "all.yaml"
    path.write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper))
    return str(path)


class Table:
    """A vantage: what each server answers by name; a server that is not there is silent. It keeps who was asked."""

    def __init__(self, name: str, answers: dict[str, dict[str, str]], resolver: str) -> None:
        self.name = name
        self.asked: list[tuple[str, str, int]] = []
        self._answers = answers
        self._resolver = resolver

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        given = measurement.parameters
        if measurement.kind == "getaddrinfo":
            return Gap(what="getaddrinfo", reason="not-installed", blocking=False)
        if measurement.kind == "libc":
            name = f"{given['name'].removesuffix('.')}."
            one = self._told(self._resolver, name, "A")
            found = [record["data"] for record in one.get("answer", ())]
            conf = {"nameservers": [self._resolver], "search": [], "options": []}
            told = {"libc": "glibc", "conf": conf, "steps": [{"name": name, "tries": [one]}], "addresses": found}
            return {**told, "outcome": "resolved" if found else one.get("rcode", "no answer"), "tool": "python3"}
        self.asked.append((given["server"], given["name"], given["port"]))
        return {"rounds": [self._told(given["server"], given["name"], given.get("type", "A"))], "tool": "python3"}

    def _told(self, server: str, name: str, type_: str) -> dict[str, Any]:
        if server not in self._answers:
            return {"ok": False, "type": type_, "failure": {"kind": "timeout", "detail": "no answer came"}}
        data = self._answers[server].get(name) if type_ == "A" else None
        answer = [{"name": name, "type": "A", "data": data, "ttl": 5}] if data else []
        return {"ok": True, "type": type_, "rcode": "NOERROR" if data else "NXDOMAIN", "answer": answer}


class Places:
    def __init__(self, container: Table, *consents: Consent) -> None:
        self._container = container
        self._consents = consents

    def allowed(self, consent: Consent) -> bool:
        return consent in self._consents

    def here(self) -> Vantage:
        raise AssertionError("of a record nothing is asked from here")

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return self._container

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        raise AssertionError("there is no consent to tunnels")

    async def close(self) -> None:
        return None


COREFILE = """\
.:53 {
  kubernetes cluster.local in-addr.arpa ip6.arpa
  forward . 10.9.9.1 10.9.9.2:5353 tls://10.9.9.3 /etc/resolv.conf
}
"""


def node_local(*args: str) -> dict[str, Any]:
    box = {"name": "node-cache", "image": "node-cache", "args": list(args)}
    meta = {"name": "node-local-dns-x", "namespace": "kube-system", "labels": {"k8s-app": "node-local-dns"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [box], "hostNetwork": True}}


def network(*more: dict[str, Any]) -> list[dict[str, Any]]:
    changed = [
        {**one, "data": {"Corefile": COREFILE}}
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "coredns"
        else one
        for one in assemble.network()
    ]
    return [*changed, *more]


async def seen(folder: Path, container: Table, name: str, *more: dict[str, Any]) -> Told:
    cluster = await open_cluster(WhereOptions(snapshot=snapshot(folder, network(*more))), "dns")
    try:
        return await see(cluster, Places(container, "exec"), name, "deploy/client.shop", ())
    finally:
        await cluster.close()


def by_role(told: Told) -> dict[Role, list[View]]:
    found: dict[Role, list[View]] = {}
    for one in told.views:
        found.setdefault(one.role, []).append(one)
    return found


async def test_the_node_local_cache_is_asked_where_it_runs(tmp_path: Path) -> None:
    address = address_of("shop", "web")
    answers = {"10.43.0.10": {f"{WEB}.": address}, "169.254.20.10": {f"{WEB}.": "10.43.6.66"}}
    container = Table("exec:shop/client", answers, "10.43.0.10")
    told = await seen(tmp_path, container, WEB + ".", node_local("-localip", "169.254.20.10,10.43.0.10"))
    views = by_role(told)
    assert [(one.server, one.addresses) for one in views["node-local"]] == [("169.254.20.10", ("10.43.6.66",))]
    assert "dns-service" not in views  # its own resolver is that
    assert differ(differences(told.views)) == (
        f"they differ: {address} (predicted, in the container); 10.43.6.66 (the node-local cache)"
    )


async def test_behind_a_cache_that_is_the_resolver_cluster_dns_is_asked_too(tmp_path: Path) -> None:
    answers = {one: {f"{WEB}.": address_of("shop", "web")} for one in ("169.254.25.10", "10.43.0.10")}
    container = Table("exec:shop/client", answers, "169.254.25.10")
    told = await seen(tmp_path, container, WEB + ".", node_local("-localip", "169.254.25.10"))
    views = by_role(told)
    assert [one.server for one in views["dns-service"]] == ["10.43.0.10"]
    assert "node-local" not in views
    assert differences(told.views) == ()


async def test_where_no_cache_runs_none_is_asked(tmp_path: Path) -> None:
    container = Table("exec:shop/client", {"10.43.0.10": {f"{WEB}.": address_of("shop", "web")}}, "10.43.0.10")
    told = await seen(tmp_path, container, WEB + ".")
    assert set(by_role(told)) == {"resolver"}
    assert container.asked == []  # a name of the cluster's own goes to no upstream


async def test_upstreams_are_asked_for_what_cluster_dns_passes_on(tmp_path: Path) -> None:
    answers = {"10.43.0.10": {"db.example.": "192.0.2.7"}, "10.9.9.1": {"db.example.": "192.0.2.8"}}
    container = Table("exec:shop/client", answers, "10.43.0.10")
    told = await seen(tmp_path, container, "db.example")
    first, second = by_role(told)["upstream"]
    assert (first.server, first.addresses, [one.name for one in first.steps]) == ("10.9.9.1", ("192.0.2.8",),
                                                                                 ["db.example."])  # fmt: skip
    assert (second.server, second.outcome) == ("10.9.9.2 port 5353", "timeout: no answer came")
    assert {(server, port) for server, _, port in container.asked} == {("10.9.9.1", 53), ("10.9.9.2", 5353)}
    assert any("10.9.9.3 by tls: not asked" in one for one in told.notes)
    assert any("/etc/resolv.conf: not asked" in one for one in told.notes)
    text = "\n".join(lines(told.views, told.owners, told.notes, 100))
    assert "= not reachable from there: timeout: no answer came" in text
    assert text.endswith("they differ: 192.0.2.7 (in the container); 192.0.2.8 (upstream 10.9.9.1)")


async def test_a_container_without_tools_is_not_asked_again_and_again(tmp_path: Path) -> None:
    class Bare(Table):
        async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
            self.asked.append(("", measurement.kind, 0))
            return Gap(what=measurement.kind, reason="not-installed", detail="no shell", blocking=False)

    container = Bare("exec:shop/client", {}, "10.43.0.10")
    told = await seen(tmp_path, container, "db.example", node_local("-localip", "169.254.20.10"))
    assert [kind for _, kind, _ in container.asked] == ["libc", "getaddrinfo"]
    assert [(one.basis, one.gap is None) for one in told.views] == [("predicted", True), ("measured", False)]


def test_of_a_pod_that_asks_its_nodes_resolver_no_answer_is_foreseen() -> None:
    answer = netdoc("dns", "lookup", "web", *CLIENT, "--demo=dns-policy-default", "-o", "json")
    foreseen = answer.json["views"][0]
    assert foreseen["server"] == "its node's resolver"
    assert "not told by the objects" in foreseen["outcome"]
    assert "addresses" not in foreseen


# What differs, in one line.


def view(role: Role, *addresses: str, outcome: str = "resolved", **fields: Any) -> View:
    given: dict[str, Any] = {"vantage": "exec:shop/a", "basis": "measured", "server": "s", **fields}
    return View(role=role, addresses=addresses, outcome=outcome, **given)


def pods(*addresses: str) -> list[View]:
    return [view("dns-pod", one, server=f"coredns-{at}") for at, one in enumerate(addresses)]


@pytest.mark.parametrize(
    ("views", "line"),
    [
        ([view("resolver", "1.1.1.1", "2.2.2.2"), view("upstream", "2.2.2.2", "1.1.1.1")], ""),
        ([view("resolver", "1.1.1.1", "fd00::1"), view("dns-pod", "1.1.1.1")], ""),  # AAAA is not asked behind A
        ([view("resolver"), view("resolver", outcome="", gap=Gap(what="x", reason="timeout"))], ""),
        ([view("resolver", "1.1.1.1"), view("upstream", outcome="timeout: no answer came")], ""),
        (
            [view("resolver", "1.1.1.1"), *pods("1.1.1.1", "1.1.1.1", "9.9.9.9")],
            "they differ: 1.1.1.1 (in the container, coredns-0, coredns-1); 9.9.9.9 (coredns-2)",
        ),
        (
            [view("resolver", outcome="no answer"), *pods("1.1.1.1", "1.1.1.1")],
            "they differ: no answer (in the container); 1.1.1.1 (each of 2 DNS pods)",
        ),
        (
            [view("resolver", outcome="NXDOMAIN"), view("getaddrinfo", "1.1.1.1")],
            "they differ: NXDOMAIN (in the container); 1.1.1.1 (its libc)",
        ),
        (
            [view("resolver", outcome="NOERROR"), view("resolver", outcome="NXDOMAIN", vantage="here")],
            "they differ: no record (in the container); NXDOMAIN (here)",
        ),
        (
            [view("resolver", "1.1.1.1"), view("server", *(f"2.2.2.{one}" for one in range(1, 6)))],
            "they differ: 1.1.1.1 (in the container); 2.2.2.1, 2.2.2.2, 2.2.2.3 and 2 more (server s)",
        ),
    ],
)
def test_what_views_do_not_agree_on_is_one_line(views: list[View], line: str) -> None:
    assert differ(differences(views)) == line


def test_what_the_objects_do_not_tell_is_no_difference() -> None:
    step = Step(name="db.example.", type="A", failure="passed on to 10.9.9.1: the objects do not tell its answer")
    foreseen = view("resolver", outcome=step.failure, basis="predicted", steps=(step,))
    assert differences([foreseen, view("resolver", "1.1.1.1")]) == ()
    assert "  = not known by the objects" in list(lines([foreseen], {}, (), 100))


def test_a_step_tells_its_server_its_time_and_the_servers_own_words() -> None:
    steps = (
        Step(name="a.", type="A", rcode="SERVFAIL", errors=("22 nobody",), server="10.0.0.1", ms=12.4),
        Step(name="a.", type="AAAA", rcode="NOERROR", truncated=True, server="10.0.0.2", ms=0.31),
    )
    shown = list(lines([view("resolver", steps=steps, server="10.0.0.1, 10.0.0.2")], {}, (), 100))
    assert "    A: SERVFAIL (extended error 22 nobody) by 10.0.0.1 (12 ms)" in shown
    assert "    AAAA: no record (cut) by 10.0.0.2 (0.3 ms)" in shown


def test_what_a_tool_cannot_tell_stands_below_an_empty_answer() -> None:
    shown = list(lines([view("dns-service", outcome="NOERROR", tool="busybox", untold=("truncated",))], {}, (), 100))
    assert shown[-1] == "    busybox does not tell an empty answer from one that was cut"


def test_hostile_answers_are_shown_and_do_not_act() -> None:
    step = Step(name="a.", type="TXT", rcode="NOERROR", answers=("TXT \x1b[31m\u202e",), server="s")
    shown = "\n".join(lines([view("resolver", steps=(step,))], {}, ("\x1b[2J",), 60))
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_resolver_that_is_nobodys_is_told_from_cluster_dns_beside_it() -> None:
    """Its answer is not foreseen from the objects of cluster DNS."""
    where = ("--demo=dns-nameserver-nobody", "--exec", "--port-forward")
    answer = netdoc("dns", "lookup", f"{WEB}.", *CLIENT, *where, "-o", "json")
    foreseen, measured, beside, *pods_ = answer.json["views"]
    assert "10.43.0.53 is not cluster DNS" in foreseen["outcome"]
    assert "addresses" not in foreseen
    assert (measured["server"], measured["outcome"]) == ("10.43.0.53", "no answer")
    assert (beside["role"], beside["server"], beside["addresses"]) == ("dns-service", "10.43.0.10",
                                                                      [address_of("shop", "web")])  # fmt: skip
    assert answer.json["differences"] == [
        {"outcome": "no answer", "views": ["in the container"]},
        {"outcome": address_of("shop", "web"), "views": ["cluster DNS", f"each of {len(pods_)} DNS pods"]},
    ]

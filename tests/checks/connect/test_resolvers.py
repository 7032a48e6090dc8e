"""Raw DNS beside libc: what a nameserver's answers, silence, size and time mean, and what they do not."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from netdoc.cluster import SnapshotCluster
from netdoc.model.record import Gap
from tests.checks.connect.scene import (
    API,
    CONF,
    CONTROL,
    FULL,
    SERVER,
    WEB,
    Answers,
    Fake,
    Outcome,
    Question,
    answers,
    cluster,
    dns_pods,
    lost,
    noerror,
    says,
    tried,
)

OUTSIDE = "https://db.example.com:443"
HOST = "db.example.com."


async def asked(
    answers: Answers, name: str | list[str] = "", *, target: str = "svc/web.shop:80", **given: Any
) -> Outcome:
    on: SnapshotCluster | None = given.pop("on", None)
    fake = Fake(name=name or [WEB], answers=answers, conf=given.pop("conf", CONF), libc=given.pop("libc", None))
    return await tried(fake=fake, target=target, on=on, **given)


def named(name: str, told: dict[str, Any], **others: dict[str, Any]) -> Answers:
    """One name answered otherwise; `others` by transport."""

    def answer(question: Question, at: int) -> dict[str, Any]:
        return others.get(question["transport"], told) if question["name"] == name else answers(question, at)

    return answer


def large(question: Question, at: int) -> dict[str, Any]:
    """An answer that does not fit: cut over UDP, whole over TCP and with EDNS."""
    if question["transport"] == "tcp" or question.get("edns"):
        return noerror(WEB, size=1800)
    return noerror(WEB, size=500, truncated=True)


# Size and transport


async def test_an_answer_that_is_cut_over_udp_and_whole_over_tcp() -> None:
    told = await asked(large)
    assert told.codes == ["dns.truncated"]
    found = told.of("dns.truncated")
    assert found.severity == "warning"
    assert "1800 octets" in found.title


async def test_an_answer_that_is_lost_by_its_size_as_well() -> None:
    told = await asked(lambda question, at: lost() if question.get("edns") else large(question, at))
    assert told.codes == ["dns.truncated"]
    assert "4096" in told.of("dns.truncated").title
    assert len(told.of("dns.truncated").evidence) == 3


async def test_an_answer_that_needs_tcp_where_tcp_is_shut() -> None:
    told = await asked(lambda question, at: lost() if question["transport"] == "tcp" else large(question, at))
    assert told.codes == ["dns.tcp-blocked"]
    shown = [one.field for one in told.of("dns.tcp-blocked").evidence]
    assert [one.rpartition(" ")[2] for one in shown] == ["UDP", "TCP"]  # the proof names both


@pytest.mark.parametrize(("options", "codes"), [([], []), (["use-vc"], ["dns.tcp-blocked"])])
async def test_tcp_that_nobody_needs_is_nobodys_trouble(options: list[str], codes: list[str]) -> None:
    told = await asked(named(FULL, noerror(WEB), tcp=lost()), conf={**CONF, "options": options})
    assert told.codes == codes


async def test_edns_that_gets_no_answer_beside_short_answers_is_left_alone() -> None:
    assert (await asked(lambda question, at: lost() if question.get("edns") else answers(question, at))).codes == []


# What getaddrinfo has one word for


@pytest.mark.parametrize(
    ("libc", "answer", "code"),
    [
        ("no-answer", says("SERVFAIL"), "dns.servfail"),
        ("no-answer", says("REFUSED"), "dns.refused"),
        ("no-answer", lost(), "dns.timeout"),
        ("not-found", says("NXDOMAIN"), "dns.nxdomain"),
        ("not-found", noerror(), "dns.no-address"),
        ("failed", says("SERVFAIL"), "dns.servfail"),
    ],
)
async def test_what_the_server_says_tells_more_than_libc(libc: str, answer: dict[str, Any], code: str) -> None:
    told = await asked(named(HOST, answer), libc, target=OUTSIDE)
    assert code in told.codes
    assert next(one for one in told.codes if one.startswith("dns.")) == code
    assert told.of(code).evidence[1].field.startswith(f"{HOST} A to {SERVER}")


async def test_servers_that_are_silent_are_named() -> None:
    told = await asked(lambda question, at: lost(), "no-answer")
    assert told.codes == ["dns.timeout"]
    assert told.of("dns.timeout").detail == f"no answer over UDP from {SERVER} (no answer came), nor over TCP"


async def test_an_outside_name_does_not_suffer_from_another_cluster_domain() -> None:
    text = ".:53 {\n kubernetes corp.example\n forward . 192.0.2.1\n}\n"
    on = cluster({"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns",
                            "with": {"data": {"Corefile": text}}}})  # fmt: skip
    assert (await asked(named(HOST, says("NXDOMAIN")), "not-found", target=OUTSIDE, on=on)).codes == ["dns.nxdomain"]


# Upstreams


def upstreams(name: dict[str, Any], zone: dict[str, Any]) -> Answers:
    """An outside name, and what only its upstreams know; the cluster's own names are answered."""

    def answer(question: Question, at: int) -> dict[str, Any]:
        told = {HOST: name, ".": zone, "example.com.": zone}
        return told[question["name"]] if question["name"] in told else answers(question, at)

    return answer


@pytest.mark.parametrize("how", [says("SERVFAIL"), lost()])
async def test_upstreams_that_do_not_answer_are_down_and_named(how: dict[str, Any]) -> None:
    told = await asked(upstreams(how, how), "no-answer", target=OUTSIDE)
    assert "dns.upstream-down" in told.codes
    assert [one.code for one in told.roots if one.code.startswith("dns.")] == ["dns.upstream-down"]
    found = told.of("dns.upstream-down")
    assert found.object.name == "coredns"
    assert found.evidence[-1].observed.startswith("forward . ")
    assert all(one.attempts is None or one.attempts > 1 for one in found.evidence)  # proven twice at least


async def test_a_policy_that_keeps_cluster_dns_from_its_upstreams_is_named() -> None:
    deny = {"create": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                       "metadata": {"name": "dns", "namespace": "kube-system", "uid": "dns"},
                       "spec": {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}, "policyTypes": ["Egress"],
                                "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}}}  # fmt: skip
    found = (await asked(upstreams(lost(), lost()), "no-answer", target=OUTSIDE, on=cluster(deny))).of(
        "dns.upstream-down"
    )
    assert "192.168.20.1" in found.detail
    assert [one.kind for one in found.evidence][-1] == "policy"


async def test_upstreams_that_answer_have_one_name_that_fails() -> None:
    told = await asked(upstreams(says("SERVFAIL"), noerror()), "no-answer", target=OUTSIDE)
    assert [one for one in told.codes if one.startswith("dns.")] == ["dns.servfail"]


async def test_a_server_that_fails_for_every_name_is_not_its_upstreams() -> None:
    told = await asked(lambda question, at: says("SERVFAIL"), "no-answer", target=OUTSIDE)
    assert "dns.upstream-down" in told.codes or "dns.servfail" in told.codes
    assert "dns.timeout" not in told.codes


async def test_a_stub_zone_is_asked_for_its_own() -> None:
    text = ".:53 {\n kubernetes cluster.local\n forward . 192.0.2.1\n}\nexample.com:53 {\n forward . 192.0.2.7\n}\n"
    on = cluster({"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns",
                            "with": {"data": {"Corefile": text}}}})  # fmt: skip
    told = await asked(upstreams(lost(), lost()), "no-answer", target=OUTSIDE, on=on)
    assert "(192.0.2.7)" in told.of("dns.upstream-down").title
    assert told.of("dns.upstream-down").evidence[1].field.startswith("example.com. SOA")


# Time


def timed(name: str, *times: float) -> Answers:
    def answer(question: Question, at: int) -> dict[str, Any]:
        if question["name"] != name:
            return answers(question, at)
        return noerror(WEB, ms=times[at % len(times)])

    return answer


@pytest.mark.parametrize(
    ("target", "name", "times", "codes"),
    [
        ("svc/web.shop:80", FULL, (3.0,), []),
        ("svc/web.shop:80", FULL, (800.0,), []),  # nobody complains
        ("svc/web.shop:80", FULL, (1500.0,), ["dns.slow"]),  # connections take 1 ms
        ("svc/web.shop:80", FULL, (2.0, 2.0, 1500.0), ["dns.slow"]),
        ("svc/web.shop:80", FULL, (2.0, 2.0, 2.0, 2.0, 2.0, 1500.0), []),  # once is a cache that was empty
        ("svc/web.shop:80", FULL, (400.0, 400.0, 1500.0), []),  # not far from its like
        (OUTSIDE, HOST, (120.0,), []),  # a recursion, beside 1 ms for the cluster's own
        (OUTSIDE, HOST, (1600.0,), ["dns.slow"]),
    ],
)
async def test_slow_is_far_beyond_its_like(target: str, name: str, times: tuple[float, ...], codes: list[str]) -> None:
    assert [one for one in (await asked(timed(name, *times), target=target)).codes if "dns" in one] == codes


async def test_a_dns_pod_that_is_slow_is_told_from_the_others() -> None:
    slow = next(iter((await dns_pods()).values()))

    def answer(question: Question, at: int) -> dict[str, Any]:
        late = question["server"] == slow or (question["server"] == SERVER and at % 2)
        return {**answers(question, at), "ms": 1500.0 if late else 1.0}

    told = await asked(answer)
    assert told.codes == ["dns.slow"]
    assert told.findings[0].title.startswith("the DNS pod coredns-")


async def test_a_long_recursion_is_no_loss() -> None:
    def answer(question: Question, at: int) -> dict[str, Any]:
        if question["name"] == HOST:
            return lost() if question["timeout"] < 3 else noerror("198.51.100.7", ms=3500.0 if at == 0 else 1.0)
        return answers(question, at)

    told = await asked(answer, ["198.51.100.7"], target=OUTSIDE)
    assert [one for one in told.codes if one.startswith("dns.")] == []


# Loss


def losing(every: int) -> Answers:
    return lambda question, at: lost() if at % every == 1 and "edns" not in question else answers(question, at)


async def test_questions_that_get_lost_are_stalls() -> None:
    told = await asked(losing(4))
    assert "dns.five-second-stalls" in told.codes
    found = told.of("dns.five-second-stalls")
    assert (found.evidence[0].attempts, found.evidence[0].failures) == (8, 3)


async def test_one_packet_that_got_lost_once_is_nothing() -> None:
    told = await asked(lambda question, at: lost() if question["repeat"] == 6 and at == 3 else answers(question, at))
    assert told.codes == []


async def test_a_packet_that_got_lost_once_and_again_is_a_stall() -> None:
    told = await asked(lambda q, at: lost() if q["repeat"] in (6, 12) and at == 3 else answers(q, at))
    assert (told.findings[0].evidence[0].attempts, told.findings[0].evidence[0].failures) == (20, 2)


def pairs(together: int, apart: int) -> Any:
    """libc's lookups of twenty names: how many of them lose a packet, in parallel and one after the other."""

    def measure(given: Question) -> dict[str, Any]:
        if "names" not in given:
            return {"steps": []}
        count = together if given["parallel"] else apart
        steps = [{"tries": [{"ok": at >= count}, {"ok": True}]} for at in range(10)]
        return {"steps": steps}

    return measure


@pytest.mark.parametrize(("together", "apart", "race"), [(6, 0, True), (6, 5, False), (0, 0, False), (1, 0, False)])
async def test_pairs_that_get_lost_where_single_questions_do_not_are_the_race(
    together: int, apart: int, race: bool
) -> None:
    told = await asked(answers, f"late {WEB}", libc=pairs(together, apart))
    assert told.codes == ["dns.five-second-stalls"]
    assert ("connection table" in told.findings[0].detail) is race


async def test_a_first_nameserver_that_is_dead_stalls_every_lookup() -> None:
    both = {**CONF, "nameservers": ["10.43.0.99", SERVER]}
    told = await asked(lambda q, at: lost() if q["server"] == "10.43.0.99" else answers(q, at), conf=both)
    assert told.codes == ["dns.five-second-stalls"]
    assert "10.43.0.99" in told.findings[0].title


async def test_a_name_that_loses_its_aaaa_and_not_its_a() -> None:
    told = await asked(lambda q, at: lost() if q["type"] == "AAAA" else answers(q, at), "no-answer")
    assert told.codes == ["dns.timeout"]
    assert "AAAA" in told.findings[0].detail
    assert told.findings[0].evidence[2].failures == 2


async def test_pairs_that_never_come_whole_explain_a_lookup_without_an_answer() -> None:
    told = await asked(answers, "no-answer", libc=pairs(6, 0))
    assert told.codes == ["dns.five-second-stalls", "dns.timeout"]
    assert [one.code for one in told.roots] == ["dns.five-second-stalls"]


# The pods behind the server


async def test_a_dns_pod_that_is_silent_is_told_from_those_that_answer() -> None:
    dead = next(iter((await dns_pods()).values()))
    told = await asked(lambda q, at: lost() if q["server"] == dead or (q["server"] == SERVER and at % 2) else
                       answers(q, at))  # fmt: skip
    assert told.codes == ["dns.five-second-stalls", "dns.server-partial"]
    assert [one.code for one in told.roots] == ["dns.server-partial"]
    assert told.of("dns.server-partial").object.name == "coredns"


async def test_pods_that_answer_behind_an_address_that_does_not() -> None:
    told = await asked(lambda q, at: lost() if q["server"] == SERVER else answers(q, at), "no-answer")
    assert told.codes == ["dns.timeout", "service.vip-unreachable"]
    assert [one.code for one in told.roots] == ["service.vip-unreachable"]


async def test_pods_that_a_policy_shuts_off_are_no_proof() -> None:
    """Denied, and silent: as it should be."""
    deny = {
        "create": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "shut", "namespace": "kube-system", "uid": "shut"},
            "spec": {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}, "policyTypes": ["Ingress"]},
        }
    }
    told = await asked(lambda q, at: lost(), "no-answer", on=cluster(deny))
    assert told.codes == ["dns.timeout"]
    assert [one.code for one in told.roots] == ["policy.ingress-denied"]


# Against the objects


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (noerror(WEB), []),
        (says("NXDOMAIN"), ["dns.predicted-differs"]),
        (noerror(), ["dns.predicted-differs"]),
        (noerror("10.43.9.9"), ["dns.predicted-differs"]),
        (noerror(WEB, "10.43.9.9"), []),
        (says("SERVFAIL"), []),
    ],
)
async def test_cluster_dns_against_its_objects(answer: dict[str, Any], codes: list[str]) -> None:
    assert (await asked(named(FULL, answer))).codes == codes


async def test_one_dns_pod_that_is_behind_the_others() -> None:
    told = await asked(lambda q, at: says("NXDOMAIN") if q["server"].startswith("coredns-8895898d9-ctjkx") else
                       answers(q, at))  # fmt: skip
    assert told.codes == ["dns.predicted-differs"]
    assert told.findings[0].title.startswith("1 of 2 DNS pods (coredns-8895898d9-ctjkx) answer NXDOMAIN")
    assert told.findings[0].evidence[0].vantage == "port-forward:kube-system/coredns-8895898d9-ctjkx:53"


async def test_what_may_be_answered_by_another_plugin_is_not_predicted() -> None:
    text = ".:53 {\n rewrite name web.shop.svc.cluster.local x.example\n kubernetes cluster.local\n}\n"
    on = cluster({"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns",
                            "with": {"data": {"Corefile": text}}}})  # fmt: skip
    assert (await asked(named(FULL, says("NXDOMAIN")), on=on)).codes == []


async def test_another_resolver_than_cluster_dns_owes_no_cluster_name() -> None:
    elsewhere = {**CONF, "nameservers": ["192.168.1.1"]}
    told = await asked(named(FULL, says("NXDOMAIN")), conf=elsewhere, consents=("exec",))
    assert told.codes == []


async def test_a_cluster_dns_that_cannot_be_seen_is_judged_by_what_it_answers() -> None:
    gone = cluster({"delete": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns"}})
    assert (await asked(named(FULL, says("NXDOMAIN")), on=gone)).codes == ["dns.predicted-differs"]
    assert (await asked(answers, on=gone)).codes == []


# The search list


def walks(*steps: tuple[str, str, list[str]]) -> Any:
    return lambda given: {"steps": [
        {"name": name, "rcode": rcode, "addresses": found, "tries": []} for name, rcode, found in steps
    ]}  # fmt: skip


async def test_a_search_domain_that_answers_for_everything_is_told() -> None:
    taken = f"{HOST}corp.example."
    libc = walks((f"{HOST}svc.cluster.local.", "NXDOMAIN", []), (taken, "NOERROR", ["203.0.113.9"]))
    told = await asked(named(HOST, noerror("198.51.100.7")), ["203.0.113.9"], target=OUTSIDE, libc=libc)
    assert "dns.search-hijack" in told.codes
    assert "corp.example" in told.of("dns.search-hijack").title


async def test_a_search_domain_becomes_no_command() -> None:
    """The container's own resolv.conf says what it likes, and a command is there to be pasted."""
    taken = f"{HOST}$(reboot).example."
    told = await asked(
        named(HOST, noerror("198.51.100.7")), ["203.0.113.9"], target=OUTSIDE,
        libc=walks((taken, "NOERROR", ["203.0.113.9"])),
    )  # fmt: skip
    words = shlex.split(told.of("dns.search-hijack").evidence[0].command)
    assert taken in words
    assert f"'{taken}'" in told.of("dns.search-hijack").evidence[0].command


async def test_a_search_domain_that_knows_the_name_without_an_address_stops_musl() -> None:
    libc = walks((f"{HOST}corp.example.", "NOERROR", []), (HOST, "NOERROR", ["198.51.100.7"]))
    told = await asked(named(HOST, noerror("198.51.100.7")), "not-found", target=OUTSIDE, libc=libc)
    assert [one.code for one in told.roots if one.code.startswith("dns.")] == ["dns.search-hijack"]


async def test_a_name_whose_addresses_take_turns_is_not_hijacked() -> None:
    libc = walks((f"{HOST}svc.cluster.local.", "NXDOMAIN", []), (HOST, "NOERROR", ["198.51.100.8"]))
    told = await asked(named(HOST, noerror("198.51.100.7")), ["198.51.100.8"], target=OUTSIDE, libc=libc)
    assert [one for one in told.codes if "dns" in one] == []


# Around it


async def test_questions_that_cannot_be_asked_are_said_and_judge_nothing() -> None:
    def mute(question: Question, at: int) -> dict[str, Any]:
        raise NotImplementedError

    fake = Fake(name=[WEB], answers=mute)
    inside = fake.inside

    def without(pod: Any, container: str) -> Any:
        vantage = inside(pod, container)
        measure = vantage.measure

        async def only_libc(measurement: Any) -> Any:
            if measurement.kind == "dns":
                return Gap(what="dns from there", reason="not-installed", detail="no python", blocking=False)
            return await measure(measurement)

        vantage.measure = only_libc  # type: ignore[method-assign]
        return vantage

    fake.inside = without  # type: ignore[method-assign]
    told = await tried(fake=fake, consents=("exec",))
    assert (told.codes, [one.reason for one in told.unjudged]) == ([], ["not-installed"])


async def test_a_healthy_server_is_asked_little() -> None:
    fake = Fake(name=[WEB])
    await tried(fake=fake)
    assert sum(one["repeat"] for one in fake.asked) <= 2 * 12  # two pods stand for the client
    assert {one["name"] for one in fake.asked} == {FULL}
    fake = Fake(name=[API])
    await tried(fake=fake, target=OUTSIDE)
    assert {one["name"] for one in fake.asked} == {HOST, CONTROL}

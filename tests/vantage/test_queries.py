"""DNS by dig and nslookup: each against servers on loopback beside the agent; what older ones write, by tables."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.rcode
import dns.rrset
import pytest
import pytest_asyncio

from netdoc.model.record import Gap
from netdoc.ports import Measurement
from netdoc.vantage import queries
from netdoc.vantage.agent import LocalAgent
from tests.agent.servers import Reply, answering, framed, records, silent

NAME = "web.shop.example."
TOOLS = {"dig": "dig", "nslookup": "nslookup", "busybox": "nslookup"}


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[LocalAgent]:
    running = LocalAgent()
    yield running
    await running.close()


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A tool, and a PATH that holds it and a shell alone."""
    name: str = request.param
    for program, called in ((name, TOOLS[name]), ("sh", "sh")):
        found = shutil.which(program)
        if found is None:
            pytest.skip(f"{program} is not installed here")
        (tmp_path / called).symlink_to(found)
    return name, str(tmp_path)


def question(port: int, **parameters: Any) -> Measurement:
    place = {"server": "127.0.0.1", "port": port, "name": NAME, "timeout": 1.0}
    return Measurement(kind="dns", parameters={**place, **parameters})


def run(measurement: Measurement, path: str) -> Any:
    shell = shutil.which("sh") or "/bin/sh"
    done = subprocess.run([shell, "-c", queries.script(measurement)], capture_output=True, text=True,
                          env={"PATH": path}, timeout=120, check=False)  # fmt: skip
    assert done.stderr == ""
    return queries.read(measurement, done.stdout, "dns")


def holding(*held: tuple[str, str, str], authority: str = "") -> Reply:
    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        answer = dns.message.make_response(query)
        for name, kind, data in held:
            answer.answer.append(dns.rrset.from_text(name, 5, "IN", kind, data))
        if authority:
            answer.authority.append(dns.rrset.from_text("shop.example.", 5, "IN", "SOA", authority))
        return [answer.to_wire()]

    return reply


SOA = "ns.shop.example. admin.shop.example. 7 7200 1800 86400 5"
ANSWERS = {
    "one": ("A", records("192.0.2.7")),
    "six": ("AAAA", records("fd00::7")),
    "alias": ("A", holding((NAME, "CNAME", "db.example.net."), ("db.example.net.", "A", "192.0.2.9"))),
    "srv": ("SRV", holding((NAME, "SRV", "0 100 80 web-0.shop.example."))),
    "txt": ("TXT", holding((NAME, "TXT", '"v=1 \\"x\\""'))),
    "ptr": ("PTR", holding((NAME, "PTR", "web-0.shop.example."))),
    "ns": ("NS", holding((NAME, "NS", "ns.shop.example."))),
    "mx": ("MX", holding((NAME, "MX", "10 mail.shop.example."))),
    "soa": ("SOA", holding((NAME, "SOA", SOA))),
    "none": ("A", records(rcode="NXDOMAIN")),
    "no-data": ("A", holding(authority=SOA)),
    "own-no-data": ("AAAA", records("192.0.2.7", flags=dns.flags.AA)),
    "own-one": ("A", records("192.0.2.7", flags=dns.flags.AA)),
    "refused": ("A", records(rcode="REFUSED")),
    "failed": ("A", records(rcode="SERVFAIL")),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_tool_tells_what_the_agent_tells(tool: tuple[str, str], agent: LocalAgent, answer: str) -> None:
    type_, reply = ANSWERS[answer]
    with answering(reply) as port:
        told = run(question(port, type=type_), tool[1])
        wanted = await agent.measure(question(port, type=type_))
    assert isinstance(wanted, dict), wanted
    if (tool[0], type_) == ("busybox", "TXT"):
        assert isinstance(told, Gap)
        return
    assert isinstance(told, dict), told
    assert (told["tool"], told["server"], told["failures"]) == (tool[0], "127.0.0.1", 0)
    agreed(told["rounds"][0], wanted["rounds"][0], told["untold"])


def agreed(told: dict[str, Any], wanted: dict[str, Any], untold: list[str]) -> None:
    """The same but for what the tool does not tell, which is not there at all."""
    left_out = {"ms", "total_ms", "strays", "ttl", *untold}
    held = {key: value for key, value in wanted.items() if key not in left_out}
    for section in ("answer", "authority", "additional"):
        for one in (*held.get(section, ()), *told.get(section, ())):
            if "ttl" in untold:
                one.pop("ttl", None)
    assert {key: value for key, value in told.items() if key not in left_out} == held


FAILURES: dict[str, tuple[Reply, set[str]]] = {
    "silent": (silent, {"timeout"}),
    "wrong-id": (lambda query, octets: [bytes([octets[0] ^ 0xFF]) + records("192.0.2.7")(query, octets)[0][1:]],
                 {"wrong-id", "timeout"}),
    "short": (lambda query, octets: [b"\x00"], {"garbage", "timeout"}),
}  # fmt: skip


@pytest.mark.parametrize("failing", FAILURES)
def test_no_answer_is_a_failure_by_its_kind(tool: tuple[str, str], failing: str) -> None:
    """busybox's nslookup says of each that it timed out."""
    reply, kinds = FAILURES[failing]
    with answering(reply) as port:
        told = run(question(port), tool[1])
    assert (told["attempts"], told["failures"], told["rounds"][0]["ok"]) == (1, 1, False)
    assert told["rounds"][0]["failure"]["kind"] in kinds
    assert told["rounds"][0]["failure"]["kind"] == failing or tool[0] == "busybox" or failing in ("silent", "short")


def test_nobody_listening_is_refused(tool: tuple[str, str]) -> None:
    with answering(silent) as port:
        pass
    assert run(question(port), tool[1])["rounds"][0]["failure"]["kind"] == "refused"


def test_dig_tells_a_cut_answer_an_extended_error_and_tcp(agent: LocalAgent, tmp_path: Path) -> None:
    def failing(query: dns.message.Message, octets: bytes) -> list[bytes]:
        answer = dns.message.make_response(query)
        answer.set_rcode(dns.rcode.SERVFAIL)
        why = dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "no upstream answers")
        answer.use_edns(0, 0, 1232, options=[why])
        return [answer.to_wire()]

    with_dig(tmp_path)
    with answering(failing) as port:
        told = run(question(port, edns=1232), str(tmp_path))["rounds"][0]
    assert (told["rcode"], told["edns"]) == ("SERVFAIL", 1232)
    assert told["ede"] == [{"code": 22, "text": "no upstream answers"}]
    with answering(records(flags=dns.flags.TC), framed(records("192.0.2.7"))) as port:
        cut, whole = (run(question(port, transport=one), str(tmp_path))["rounds"][0] for one in ("udp", "tcp"))
    assert (cut["truncated"], cut["answer"], whole["transport"], len(whole["answer"])) == (True, [], "tcp", 1)


def with_dig(folder: Path) -> None:
    for program in ("dig", "sh"):
        found = shutil.which(program)
        if found is None:
            pytest.skip(f"{program} is not installed here")
        (folder / program).symlink_to(found)


def test_repetitions_and_retries_are_counted(tmp_path: Path) -> None:
    seen: list[int] = []

    def every_second(query: dns.message.Message, octets: bytes) -> list[bytes]:
        seen.append(query.id)
        return records("192.0.2.7")(query, octets) if len(seen) % 2 == 0 else []

    with_dig(tmp_path)
    with answering(every_second) as port:
        repeated = run(question(port, repeat=2), str(tmp_path))
        retried = run(question(port, retries=1), str(tmp_path))
    assert (repeated["attempts"], repeated["failures"]) == (2, 1)
    assert (retried["failures"], [one["kind"] for one in retried["rounds"][0]["lost"]]) == (0, ["timeout"])


@pytest.mark.parametrize("parameters", [{"transport": "tcp"}, {"edns": 1232}, {"recursion": False}, {"type": "CAA"}])
def test_what_busyboxs_nslookup_cannot_ask_is_said_and_not_asked(parameters: dict[str, Any]) -> None:
    """A question that it would ask in another form is no measurement of this one."""
    asked = question(53, **parameters)
    assert "busybox) round echo cannot;;" in queries.script(asked)
    told = queries.read(asked, "round busybox 0\ncannot\n", "dns")
    assert isinstance(told, Gap)
    assert (told.reason, told.blocking) == ("not-supported", False)
    assert "busybox's nslookup cannot ask for" in told.detail


@pytest.mark.parametrize(("said", "words"), [("none", "python3, dig, nslookup"), ("getent", "getent"), ("", "dig")])
def test_without_a_tool_that_is_said(said: str, words: str) -> None:
    told = queries.read(question(53), said, "dns")
    assert isinstance(told, Gap)
    assert (told.reason, told.blocking) == ("not-installed", False)
    assert words in told.detail


@pytest.mark.parametrize("parameters", [{"name": "a; reboot"}, {"name": "$(id)"}, {"name": "-x"}, {"name": "a b"},
                                        {"name": "`id`"}, {"name": ""}, {"name": "a'b"}, {"name": "a\nb"},
                                        {"name": "a..b"}, {"server": "$(id)"}, {"server": ""}, {"type": "A;id"},
                                        {"server": "fe80::1%$(id)"}, {"server": "fe80::1%eth0;id"},
                                        {"type": "NONSENSE"}, {"port": "53;id"}, {"timeout": "1;id"},
                                        {"edns": "1;id"}])  # fmt: skip
def test_no_part_of_a_question_becomes_a_command(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        queries.script(question(53, **parameters) if "port" not in parameters else question(**parameters))


# What others write.

DIG_911 = """\
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 41234
;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
;; WARNING: recursion requested but not available

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 4096
;; ANSWER SECTION:
web.shop.svc.cluster.local. 5	IN	A	10.43.7.9

;; Query time: 1 msec
;; SERVER: 10.43.0.10#53(10.43.0.10)
;; WHEN: Mon Nov 23 08:40:25 UTC 2026
;; MSG SIZE  rcvd: 85
"""
DIG_911_SILENT = "\n;; connection timed out; no servers could be reached\n"
BUSYBOX_SMALL = """\
Server:    10.43.0.10
Address 1: 10.43.0.10 kube-dns.kube-system.svc.cluster.local

Name:      web.shop.svc.cluster.local
Address 1: 10.43.7.9 web.shop.svc.cluster.local
"""
USAGE = "BusyBox v1.28.4 (2018-05-22 17:00:17 UTC) multi-call binary.\n\nUsage: nslookup [HOST] [SERVER]\n"


def test_an_older_dig_is_read() -> None:
    told = queries.read(question(53, edns=1232), f"round dig 0\n{DIG_911}", "dns")
    assert isinstance(told, dict)
    one = told["rounds"][0]
    assert (one["flags"], one["edns"], one["ms"], one["size"], one["from"]) == (["QR", "AA", "RD"], 4096, 1, 85,
                                                                               "10.43.0.10")  # fmt: skip
    assert one["answer"] == [{"name": "web.shop.svc.cluster.local.", "type": "A", "ttl": 5, "data": "10.43.7.9"}]
    silent_ = queries.read(question(53), f"round dig 9\n{DIG_911_SILENT}", "dns")
    assert isinstance(silent_, dict)
    assert silent_["rounds"][0]["failure"]["kind"] == "timeout"


def test_an_older_nslookup_is_read() -> None:
    told = queries.read(question(53), f"round busybox 0\n{BUSYBOX_SMALL}", "dns")
    assert isinstance(told, dict)
    assert [one["data"] for one in told["rounds"][0]["answer"]] == ["10.43.7.9"]
    assert told["rounds"][0]["from"] == "10.43.0.10"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1, USAGE),
        (1, "nslookup: bad address 'x'\n"),
        (1, ""),
        (9, ""),
        (126, "sh: dig: Permission denied\n"),
        (127, "sh: dig: not found\n"),
    ],
)
@pytest.mark.parametrize("name", ["dig", "busybox", "nslookup"])
def test_words_that_are_not_known_are_no_failure_of_dns(name: str, code: int, said: str) -> None:
    told = queries.read(question(53), f"round {name} {code}\n{said}", "dns")
    assert isinstance(told, Gap)
    assert (told.reason, told.blocking) == ("not-supported", False)
    assert said.strip().partition("\n")[0] in told.detail

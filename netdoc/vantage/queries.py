"""DNS questions by what a shell finds in a container: dig, else nslookup; the agent's result, as far as they tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.vantage import dig, nslookup
from netdoc.vantage.asked import Asked, asked

SCRIPT = r"""
tool=none
if command -v dig >/dev/null 2>&1; then tool=dig
elif command -v nslookup >/dev/null 2>&1; then
  case "$(nslookup --help 2>&1 </dev/null)" in *[Bb]usy[Bb]ox*) tool=busybox;; *) tool=nslookup;; esac
elif command -v getent >/dev/null 2>&1; then tool=getent
fi
round() {
  m=$("$@" 2>&1 </dev/null); c=$?
  echo "round $tool $c"; printf '%s\n' "$m"
}
"""
LOOP = """\
i=0
while [ $i -lt %d ]; do
case $tool in
%s
  *) echo $tool;;
esac
i=$((i+1))
done
"""
"""How often, and for each tool each question as a command."""
CANNOT = "cannot"
NOT_RUN = (126, 127)  # a shell's codes for a program that it could not start


def script(measurement: Measurement) -> str:
    """Raises ValueError for what no tool can be asked."""
    return script_of([asked(measurement.parameters)], _repeat(measurement))


def shown(measurement: Measurement) -> str:
    return shown_of([asked(measurement.parameters)], _repeat(measurement))


def _repeat(measurement: Measurement) -> int:
    return int(measurement.parameters.get("repeat", 1))


def script_of(questions: Sequence[Asked], repeat: int) -> str:
    """Each question `repeat` times, one after the other."""
    ways = {
        "dig": [dig.command(one) for one in questions],
        "nslookup": [_by_nslookup(one, "nslookup") for one in questions],
        "busybox": [_by_nslookup(one, "busybox") for one in questions],
    }
    cases = "\n".join(f"  {tool}) {'; '.join(f'round {one}' for one in ways[tool])};;" for tool in ways)
    return SCRIPT + LOOP % (repeat, cases)


def _by_nslookup(one: Asked, tool: str) -> str:
    if nslookup.beyond(one, tool):
        return f"echo {CANNOT}"
    return nslookup.command(one) if tool == "nslookup" else nslookup.busybox(one)


def shown_of(questions: Sequence[Asked], repeat: int, tool: str = "") -> str:
    """The commands, as they are told beforehand: of each tool, as long as the one that is there is not known."""
    ways = {"dig": dig.command, "nslookup": nslookup.command, "busybox": nslookup.busybox}
    some = [ways[tool]] if tool in ways else list(ways.values())
    times = f" ({repeat} times)" if repeat > 1 else ""
    lead = "" if tool in ways else ", by what is there"
    return f"sh{lead}{times}: " + " | ".join("; ".join(way(one) for one in questions) for way in some)


def read(measurement: Measurement, text: str, what: str) -> dict[str, Any] | Gap:
    """What `dns` is answered with; `untold` names what the tool does not tell."""
    question = asked(measurement.parameters)
    found = rounds([question], text, what)
    if isinstance(found, Gap):
        return found
    tool, told = found
    failures = sum(1 for one in told if not one["ok"])
    server = question.server or next((one["from"] for one in told if one.get("from")), "")
    told_of = {"server": server, "port": question.port, "attempts": len(told), "failures": failures, "rounds": told}
    return {**told_of, "tool": tool, "untold": list(untold(tool))}


def untold(tool: str) -> tuple[str, ...]:
    """What of the agent's result the tool leaves out."""
    if tool == "dig":
        return ("offender",)
    return (*nslookup.UNTOLD, "offender", *(("truncated",) if tool == "busybox" else ()))


def rounds(questions: Sequence[Asked], text: str, what: str) -> tuple[str, list[dict[str, Any]]] | Gap:
    """The tool, and what each round told, in the order asked. What no tool could ask, or said in words that are not
    known, is no failure of DNS: a gap."""
    tool, blocks = _blocks(text)
    if tool in ("none", "getent", ""):
        return _without(tool, what)
    told = []
    for at, (code, block) in enumerate(blocks):
        question = questions[at % len(questions)]
        if block[:1] == [CANNOT]:
            return _unasked(what, nslookup.beyond(question, tool))
        told.append(dig.read(question, block) if tool == "dig" else nslookup.read(question, block, tool, code))
        if code in NOT_RUN or told[-1].get("failure", {}).get("kind") == "error":
            return _unasked(what, f"{tool} ended with {code}: {' '.join(' '.join(block).split())[:200] or 'no words'}")
    return tool, told


def _blocks(text: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The tool's name, and the exit code and the lines of each round."""
    tool, blocks = "", list[tuple[int, list[str]]]()
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) == 3 and fields[0] == "round" and fields[2].isdecimal():
            tool = fields[1]
            blocks.append((int(fields[2]), []))
        elif blocks:
            blocks[-1][1].append(line)
        else:
            tool = line.strip()
    return tool, blocks


def _unasked(what: str, detail: str) -> Gap:
    return Gap(what=what, reason="not-supported", detail=detail, blocking=False)


def _without(tool: str, what: str) -> Gap:
    detail = "the container holds none of python3, dig, nslookup"
    if tool == "getent":
        detail += "; its getent asks what its libc asks, and can choose neither server nor type"
    return Gap(what=what, reason="not-installed", detail=detail, blocking=False)

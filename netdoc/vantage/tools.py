"""Measuring with what a shell finds: nc, bash, curl or wget for connections, getent for names as libc has them.

The script writes one line for each try, which is read back here. It holds no text of the cluster's but addresses,
ports and names that are checked first, so that nothing of theirs becomes a command.
"""

from __future__ import annotations

from typing import Any

from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.vantage.asked import address, host
from netdoc.vantage.nslookup import is_address

MOST_PLACES = 100  # endpoints of one script: it travels in the request's URL

TCP = r"""
T=$1; N=$2; shift 2
tool=none
for t in bash nc curl wget; do if command -v $t >/dev/null 2>&1; then tool=$t; break; fi; done
plain=; [ $tool = nc ] && case "$(nc --help 2>&1 </dev/null)" in *-z*) ;; *BusyBox*) plain=yes;; esac
limit() { if command -v timeout >/dev/null 2>&1; then timeout $T "$@"; else "$@"; fi; }
try() {
  case $1 in *:*) place="[$1]:$2";; *) place="$1:$2";; esac
  case $tool in
    bash) limit bash -c "exec 3<>/dev/tcp/$1/$2" 2>&1;;
    nc) if [ $plain ]; then limit nc -w $T $1 $2 -e sh -c : </dev/null 2>&1
        else limit nc -z -v -w $T $1 $2 </dev/null 2>&1; fi;;
    curl) curl -sSv -m $T "telnet://$place" </dev/null 2>&1;;
    wget) wget -t 1 -T $T -O /dev/null "http://$place/" 2>&1;;
  esac
}
row() {
  i=0
  while [ $i -lt $N ]; do
    m=$(try $1 $2); c=$?
    echo "try $tool $1 $2 $c $(echo "$m" | tr '\n' ' ' | cut -c1-200)"
    i=$((i+1))
  done
}
[ $tool = none ] && { echo "none"; exit 0; }
while [ $# -gt 1 ]; do row $1 $2 & shift 2; done
wait
"""

NAME = r"""
command -v getent >/dev/null 2>&1 || { echo "none"; exit 0; }
m=$(getent ahosts $1 2>&1 || getent hosts $1 2>&1)
echo "name getent $?"; printf '%s\n' "$m" | head -40; echo "conf"; cat /etc/resolv.conf 2>/dev/null
"""


def script(measurement: Measurement) -> str:
    """The script with its arguments. Raises ValueError for an address or name that is none."""
    given = measurement.parameters
    if measurement.kind == "getaddrinfo":
        return f"set -- {host(str(given['name']))}{NAME}"
    places = [(address(str(one["address"])), int(one["port"])) for one in given["endpoints"]]
    if len(places) > MOST_PLACES:
        raise ValueError(f"{len(places)} endpoints are more than the {MOST_PLACES} that a shell is asked for at once")
    words = " ".join(f"{host} {port}" for host, port in places)
    seconds = max(1, round(float(given.get("timeout", 2.0))))
    return f"set -- {seconds} {int(given.get('repeat', 1))} {words}{TCP}"


def shown(measurement: Measurement) -> str:
    """What the script does, as it is told beforehand."""
    given = measurement.parameters
    if measurement.kind == "getaddrinfo":
        return f"sh: getent ahosts {given['name']}; cat /etc/resolv.conf"
    places = ", ".join(f"{one['address']} {one['port']}" for one in given["endpoints"])
    return f"sh: connect {given.get('repeat', 1)} times to each of {places}, by bash, nc, curl or wget"


def read(measurement: Measurement, text: str, what: str) -> dict[str, Any] | Gap:
    """The result in the agent's form."""
    lines = text.splitlines()
    if not lines or lines[0] == "none":
        wanted = "getent" if measurement.kind == "getaddrinfo" else "nc, bash, curl, wget"
        detail = f"the container holds none of python3, {wanted}"
        return Gap(what=what, reason="not-installed", detail=detail, blocking=False)
    return _read_name(lines) if measurement.kind == "getaddrinfo" else _known(_read_tries(measurement, lines), what)


def _known(result: dict[str, Any], what: str) -> dict[str, Any] | Gap:
    """The result; a gap where the tool said nothing that is understood, for that is no failed connection."""
    tries = [one for row in result["endpoints"] for one in row["tries"]]
    told = [one.get("failure", {}) for one in tries]
    if not tries or any(one.get("kind") != "error" for one in told):
        return result
    detail = f"{result['tool']} says: {told[0]['detail']}"
    return Gap(what=what, reason="not-supported", detail=detail, blocking=False)


def _read_tries(measurement: Measurement, lines: list[str]) -> dict[str, Any]:
    asked = [(str(one["address"]), int(one["port"])) for one in measurement.parameters["endpoints"]]
    rows = dict[tuple[str, int], list[dict[str, Any]]]()
    tool = ""
    for fields in (line.split(" ", 5) for line in lines if line.startswith("try ")):
        if len(fields) >= 5 and fields[3].isdecimal() and fields[4].isdecimal():
            tool = fields[1]
            told = _verdict(tool, int(fields[4]), fields[5] if len(fields) > 5 else "")
            rows.setdefault((fields[2], int(fields[3])), []).append(told)
    table = [
        {
            "address": place,
            "port": port,
            "attempts": len(tries),
            "failures": sum(1 for one in tries if not one["ok"]),
            "tries": tries,
        }
        for place, port in asked
        for tries in [rows.get((address(place), port), [])]
    ]
    return {"endpoints": table, "tool": tool}


def _verdict(tool: str, code: int, said: str) -> dict[str, Any]:
    """What a tool's exit code and words mean. 124 and 143 are `timeout`'s; a peer that answers anything was reached."""
    lower = said.lower()
    refused = "refused" in lower
    reached = code == 0 or (tool == "curl" and "connected to" in lower) or (tool == "wget" and _talked(lower))
    if reached and not refused:
        return {"ok": True}
    if refused:
        kind = "refused"
    elif "no route" in lower or "unreachable" in lower:
        kind = "unreachable"
    elif tool == "wget" and "download timed out" in lower:
        kind = "error"  # busybox: connected or not, it says no more of a server that stays silent
    elif code in (124, 137, 143) or "timed out" in lower or "timeout" in lower or (tool == "curl" and code == 28):
        kind = "timeout"
    else:
        kind = "error"
    return {"ok": False, "failure": {"kind": kind, "detail": said.strip() or f"{tool} ended with {code}"}}


def _talked(said: str) -> bool:
    """wget got an answer that it did not like: it was an answer."""
    signs = ("server returned", "http/", "bad header", "error getting response", "saving", "... connected.")
    return any(sign in said for sign in signs)


def _read_name(lines: list[str]) -> dict[str, Any]:
    code = lines[0].rpartition(" ")[2]
    end = lines.index("conf") if "conf" in lines else len(lines)
    said, conf = lines[1:end], lines[end + 1 :]
    words = (line.split()[0] for line in said if line.split())
    addresses = list(dict.fromkeys(word for word in words if is_address(word)))
    told: dict[str, Any] = {"ok": True, "addresses": addresses}
    if not addresses:
        detail = " ".join(said)[:200] or f"getent ended with {code} and says no more"
        told = {"ok": False, "failure": {"kind": "failed", "detail": detail}}
    return {
        "attempts": 1,
        "failures": int(not addresses),
        "tries": [told],
        "conf": _conf(conf),
        "tool": "getent",
        "code": int(code) if code.isdecimal() else None,
    }


def _conf(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"nameservers": [], "search": [], "options": []}
    for fields in (line.split() for line in lines):
        if fields[:1] == ["nameserver"] and len(fields) > 1:
            found["nameservers"].append(fields[1])
        elif fields[:1] == ["search"]:
            found["search"] = fields[1:]
        elif fields[:1] == ["options"]:
            found["options"] += fields[1:]
    return found

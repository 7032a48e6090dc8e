"""The source container as a vantage, by whatever tools it holds: Python best of all, else what a shell finds.

With Python (3.9 or newer) the agent's own measurements run there, handed over on standard input: nothing is written to
the container, and the request's URL stays short (proxies before API servers refuse long ones).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from netdoc.cluster.streams import Output, Streams
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.vantage import queries, resolving, showing, tools
from netdoc.vantage.agent import PROGRAM
from netdoc.vantage.asked import Asked
from netdoc.vantage.showing import Show

MODULES = (
    "__init__", "serve", "parameters", "failures", "connect", "names", "resolvconf",
    "rdata", "message", "wire", "exchange", "pair", "lookup",
)  # fmt: skip
"""The parts of the agent that need the standard library alone: all but those by which it starts and reads dnspython."""
KINDS = ("tcp", "getaddrinfo", "dns", "libc")
OVERHEAD = 15.0  # seconds for the stream and the tools to start
RESOLVING = 40.0  # seconds that libc takes for a name whose servers are all silent
SLOWEST = 15.0  # busybox's nslookup asks a silent server three times, five seconds each
LONGEST = 120.0

BOOTSTRAP = """\
import base64,importlib.abc,importlib.machinery,json,sys,zlib
print('ready',flush=True)
S=json.loads(zlib.decompress(base64.b64decode(sys.stdin.readline())))
class F(importlib.abc.MetaPathFinder,importlib.abc.Loader):
    def find_spec(self,n,p=None,t=None):
        k=n[13:] or '__init__'
        if n.startswith('netdoc_agent') and k in S:
            return importlib.machinery.ModuleSpec(n,self,is_package=k=='__init__')
    def create_module(self,s):
        return None
    def exec_module(self,m):
        exec(compile(S[m.__name__[13:] or '__init__'],m.__name__,'exec'),m.__dict__)
sys.meta_path.insert(0,F())
import netdoc_agent.serve as serve
print(json.dumps(serve.answer(sys.argv[1])))
"""
"""Says that it is there, and reads one line, the program: a stream's end does not reach every container."""


class Inside:
    """One container. Which tools it holds is found out by the first measurement."""

    def __init__(self, streams: Streams, pod: ObjectRef, container: str, show: Show) -> None:
        self.name = f"exec:{pod.namespace}/{pod.name}"
        self._streams = streams
        self._pod = pod
        self._container = container
        self._show = show
        self._python: str | None = None
        self._tool = ""  # that answers for DNS, once one has

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        what = f"{measurement.kind} from {self._pod.namespace}/{self._pod.name}"
        if measurement.kind not in KINDS:
            detail = f"measured in a container are {' and '.join(KINDS)} alone"
            return Gap(what=what, reason="not-supported", detail=detail, blocking=False)
        seconds = min(LONGEST, OVERHEAD + _longest(measurement))
        if self._python != "":
            answer = await self._by_python(measurement, seconds, what)
            if answer is not None:
                return answer
        return await self._by_shell(measurement, seconds, what)

    async def _by_python(self, measurement: Measurement, seconds: float, what: str) -> dict[str, Any] | Gap | None:
        """None where there is no Python that can: then the shell is asked."""
        question = msgspec.json.encode(
            {"id": 1, "kind": measurement.kind, "parameters": measurement.parameters}, order="deterministic"
        ).decode()
        await self._tell(f"python3 -c '(netdoc/agent: {', '.join(MODULES[1:])})' '{question}'")
        done = await self._streams.run(
            self._pod, self._container, ["python3", "-c", BOOTSTRAP, question], seconds, _payload()
        )
        if isinstance(done, Gap):
            return None if done.reason == "not-installed" else done
        answer = _answer(done)
        self._python = "" if answer is None else "python3"
        if answer is not None and "error" in answer:
            return Gap(what=what, reason="not-supported", detail=str(answer["error"]))
        return None if answer is None else {**answer["result"], "tool": "python3"}

    async def _by_shell(self, measurement: Measurement, seconds: float, what: str) -> dict[str, Any] | Gap:
        self._python = ""
        try:
            if measurement.kind == "libc":
                return (await self._replayed(measurement, what))[0]
            if measurement.kind == "getaddrinfo":
                return await self._named(measurement, what)
            reader = queries if measurement.kind == "dns" else tools
            script, shown = reader.script(measurement), reader.shown(measurement)
        except (ValueError, KeyError, TypeError) as wrong:
            return Gap(what=what, reason="not-supported", detail=str(wrong), blocking=False)
        said = await self._sh(script, shown, max(seconds, _patience(measurement)), what)
        return said if isinstance(said, Gap) else reader.read(measurement, said, what)

    async def _named(self, measurement: Measurement, what: str) -> dict[str, Any] | Gap:
        """By getent, which asks the container's libc, but does not say why it fails; by the sequence replayed."""
        said = await self._sh(tools.script(measurement), tools.shown(measurement), OVERHEAD + RESOLVING, what)
        if isinstance(said, Gap):
            return said
        told = tools.read(measurement, said, what)
        if isinstance(told, dict) and not told["failures"]:
            return told
        replayed, text = await self._replayed(measurement, what)
        found = resolving.named(str(measurement.parameters["name"]), text, replayed)
        if isinstance(told, Gap) or (isinstance(found, dict) and found["failures"]):
            return found
        return told

    async def _replayed(self, measurement: Measurement, what: str) -> tuple[dict[str, Any] | Gap, str]:
        """libc's sequence by dig or nslookup, one command for each name and server; and what the files say."""
        text = await self._sh(resolving.SCRIPT, resolving.SHOWN, OVERHEAD, what)
        if isinstance(text, Gap):
            return text, ""

        async def ask(questions: Sequence[Asked]) -> resolving.Rounds | Gap:
            script, shown = queries.script_of(questions, 1), queries.shown_of(questions, 1, self._tool)
            said = await self._sh(script, shown, OVERHEAD + len(questions) * SLOWEST, what)
            found = said if isinstance(said, Gap) else queries.rounds(questions, said, what)
            self._tool = self._tool if isinstance(found, Gap) else found[0]
            return found

        return await resolving.replay(measurement.parameters, text, ask), text

    async def _sh(self, script: str, shown: str, seconds: float, what: str) -> str | Gap:
        """What a script writes."""
        await self._tell(shown)
        done = await self._streams.run(self._pod, self._container, ["sh", "-c", script], seconds)
        if isinstance(done, Output):
            return done.stdout
        if done.reason != "not-installed":
            return done
        detail = "the container holds neither Python nor a shell: a test pod can measure in its place (--probe)"
        return Gap(what=what, reason="not-installed", detail=detail, blocking=False)

    async def _tell(self, command: str) -> None:
        place = f"{self._pod.namespace}/{self._pod.name} ({self._container or 'first container'})"
        await showing.shown(self._show, f"in {place}: {command}")


def _longest(measurement: Measurement) -> float:
    """Seconds that the measurement takes at worst: every try times out. Endpoints are tried beside each other."""
    given = measurement.parameters
    tries = int(given.get("repeat", 1)) * (int(given.get("retries", 0)) + 1)
    usual = 2.0 if measurement.kind in ("tcp", "dns") else RESOLVING
    each = RESOLVING if measurement.kind == "libc" else float(given.get("timeout", usual))  # libc's is each server's
    return tries * each


def _patience(measurement: Measurement) -> float:
    """Seconds for a tool that has no option for its patience."""
    slowest = SLOWEST if measurement.kind == "dns" else 0.0
    return min(LONGEST, OVERHEAD + slowest * int(measurement.parameters.get("repeat", 1)))


def _payload() -> str:
    sources = {name: (PROGRAM / f"{name}.py").read_text() for name in MODULES}
    return base64.b64encode(zlib.compress(json.dumps(sources).encode(), 9)).decode() + "\n"


def _answer(done: Output) -> dict[str, Any] | None:
    """The agent's line; None where Python is too old, or none at all, and wrote something else."""
    lines = done.stdout.strip().splitlines()
    try:
        answer = msgspec.json.decode(lines[-1], type=dict[str, Any]) if lines else None
    except (msgspec.DecodeError, UnicodeError):
        return None
    told = answer is not None and ("error" in answer or isinstance(answer.get("result"), dict))
    return answer if told else None

"""Where somebody stands in the embedded network, and measures from there by the agent's own measurements."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from netdoc.demo.delivery import Caller
from netdoc.demo.loopback import Loopback, Result
from netdoc.model import kube
from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.predict.dns import ResolvConf

LOCALHOST = "127.0.0.1"  # whom libc asks where resolv.conf names nobody (resolv.conf(5))
PORT = 53

# What getaddrinfo says for the outcome of a lookup (glibc, nss/getaddrinfo.c; words of gai_strerror).
_KINDS = {
    "NXDOMAIN": ("not-found", "Name or service not known"),
    "NOERROR": ("no-address", "No address associated with hostname"),
    "refused by libc": ("not-found", "Name or service not known"),
}
_AGAIN = ("no-answer", "Temporary failure in name resolution")


class Standing:
    """A pod, or somebody outside, with the resolv.conf that they have."""

    def __init__(self, name: str, caller: Caller, conf: ResolvConf, loopback: Loopback) -> None:
        self.name = name
        self._caller = caller
        self._conf = conf
        self._loopback = loopback

    async def measure(self, measurement: Measurement) -> Result | Gap:
        given = measurement.parameters
        try:
            match measurement.kind:
                case "tcp":
                    return await self._loopback.connect(self.name, self._caller, given)
                case "dns":
                    servers, port = (str(ip_address(given["server"])),), int(given.get("port", PORT))
                    return await self._loopback.resolve(self.name, "dns", self._caller, servers, port, given)
                case "libc":
                    return await self._libc(given)
                case "getaddrinfo":
                    return await self._getaddrinfo(str(given["name"]), int(given.get("repeat", 1)))
        except (KeyError, ValueError, TypeError) as wrong:
            return self._gap(measurement, f"the question is wrong: {wrong}")
        except OSError as error:  # no port, or a system whose loopback has no second address
            return self._gap(measurement, f"this machine's loopback cannot stand in: {error}")
        return self._gap(measurement, f"the demo measures no {measurement.kind}")

    def _gap(self, measurement: Measurement, detail: str) -> Gap:
        what = f"{measurement.kind} from {self.name}"
        return Gap(what=what, reason="not-supported", detail=detail, blocking=False)

    async def _libc(self, given: dict[str, Any]) -> Result | Gap:
        own = {"search": list(self._conf.searches), "options": list(self._conf.options)}
        named = [str(ip_address(one)) for one in given.get("nameservers", ())]
        servers = tuple(named) or self._conf.nameservers or (LOCALHOST,)
        asked = {**({} if named else own), **given}
        port = int(given.get("port", PORT))
        return await self._loopback.resolve(self.name, "libc", self._caller, servers, port, asked)

    async def _getaddrinfo(self, name: str, repeat: int) -> Result | Gap:
        """As the container's libc tells it: the end of its lookup alone."""
        tries: list[Result] = []
        for _ in range(repeat):
            told = {"ok": True, "ms": 0.0, "addresses": [name]} if _is_address(name) else await self._tried(name)
            if isinstance(told, Gap):
                return told
            tries.append(told)
        failures = sum(1 for one in tries if not one["ok"])
        conf = {
            "nameservers": list(self._conf.nameservers),
            "search": list(self._conf.searches),
            "options": list(self._conf.options),
        }
        return {"attempts": repeat, "failures": failures, "tries": tries, "conf": conf, "tool": "libc"}

    async def _tried(self, name: str) -> Result | Gap:
        result = await self._libc({"name": name})
        if isinstance(result, Gap):
            return result
        if result["addresses"]:
            return {"ok": True, "ms": result["ms"], "addresses": list(dict.fromkeys(result["addresses"]))}
        kind, detail = _KINDS.get(result["outcome"], _AGAIN)
        return {"ok": False, "ms": result["ms"], "failure": {"kind": kind, "detail": detail}}


class Tunnel:
    """A tunnel to a port inside a pod; `server` is None where nobody listens there."""

    def __init__(self, name: str, port: int, server: kube.Pod | None, loopback: Loopback) -> None:
        self.name = name
        self._port = port
        self._server = server
        self._loopback = loopback

    async def measure(self, measurement: Measurement) -> Result | Gap:
        if measurement.kind != "dns":
            what = f"{measurement.kind} through {self.name}"
            detail = "through a tunnel DNS over TCP is measured alone"
            return Gap(what=what, reason="not-supported", detail=detail, blocking=False)
        result = await self._loopback.tunnel(self.name, self._server, measurement.parameters)
        return result if isinstance(result, Gap) else {**result, "server": self.name, "port": self._port}


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

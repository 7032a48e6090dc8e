"""This machine as a vantage. What may bend its packets is named: a VPN's interface, proxy settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.vantage.agent import LocalAgent

_TUNNELS = ("tun", "tap", "wg", "utun", "ppp", "tailscale", "nebula", "zt")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_INTERFACES = Path("/sys/class/net")  # Linux, sysfs(5)


class Here:
    name = "here"

    def __init__(self, agent: LocalAgent) -> None:
        self._agent = agent

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        return await self._agent.measure(measurement)


def surroundings(environ: Mapping[str, str] = os.environ, interfaces: Path = _INTERFACES) -> tuple[str, ...]:
    """What may make this machine see other than others do. Proxies are named without their credentials."""
    found = [f"{name} is set" for name in _PROXIES if environ.get(name) or environ.get(name.upper())]
    try:
        names = sorted(one.name for one in interfaces.iterdir())
    except OSError:
        names = []
    found += [f"interface {one} looks like a VPN" for one in names if one.startswith(_TUNNELS)]
    return tuple(found)

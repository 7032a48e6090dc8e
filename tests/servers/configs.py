"""The configurations: each function writes one into the server's folder and returns the arguments to start it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.servers.daemons import Server

ZONE = "shop.example"
ZONES = Path(__file__).parent / "zones"
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
"""Where the views of one server are asked: BIND itself, and a resolver whose questions leave from an inside address."""
MANY = 90  # addresses of one name; BIND takes no more than 100
Write = Callable[[Server], list[str]]


def _zone_file(server: Server) -> Path:
    """The zone, with a name of many addresses and texts of many kilobytes."""
    lines = (ZONES / ZONE).read_text().splitlines()
    lines += [f"many A 192.0.2.{one}" for one in range(1, MANY + 1)]
    lines.append("large TXT " + " ".join(f'"{"x" * 250}"' for _ in range(16)))
    lines.append("huge TXT " + " ".join(f'"{"y" * 250}"' for _ in range(240)))
    path = server.folder / ZONE
    path.write_text("\n".join(lines) + "\n")
    return path


_OPTIONS = """
options {{
  directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no; minimal-responses yes; max-udp-size 4096;
}};
controls {{ }};
"""


def bind(server: Server) -> list[str]:
    """One view for all."""
    zone = f'zone "{ZONE}" {{ type primary; file "{_zone_file(server)}"; }};'
    return _bind(server, zone)


def split(views: Mapping[str, Mapping[str, str]]) -> Write:
    """BIND with two views, told by who asks: the records of each zone in each."""

    def write(server: Server) -> list[str]:
        text = ""
        for view, zones in views.items():
            text += f'view "{view}" {{ match-clients {{ {INSIDE if view == "inside" else "any"}; }};\n'
            for zone, records in zones.items():
                path = server.folder / f"{view}.{zone}"
                path.write_text(
                    f"$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n{records}\n"
                )
                text += f'zone "{zone}" {{ type primary; file "{path}"; check-integrity no; }};\n'
            text += "};\n"
        return _bind(server, text)

    return write


def _bind(server: Server, zones: str) -> list[str]:
    config = server.folder / "named.conf"
    config.write_text(_OPTIONS.format(folder=server.folder, port=server.port) + zones)
    return ["-g", "-4", "-n", "1", "-c", str(config)]


def inside(outer: Server) -> Write:
    """A resolver on INSIDE, at the port of the server whose inside view it asks for."""
    return unbound(
        f"server:\n interface: {INSIDE}@{outer.port}\n outgoing-interface: {INSIDE}\n module-config: iterator",
        f"forward-zone:\n name: .\n forward-addr: 127.0.0.1@{outer.port}",
    )


def nsd(server: Server) -> list[str]:
    config = server.folder / "nsd.conf"
    config.write_text(
        f"server:\n ip-address: 127.0.0.1\n port: {server.port}\n username: \"\"\n chroot: \"\"\n"
        f" zonesdir: \"{server.folder}\"\n database: \"\"\n pidfile: \"{server.folder}/nsd.pid\"\n"
        f" xfrdfile: \"{server.folder}/xfrd.state\"\n zonelistfile: \"{server.folder}/zone.list\"\n"
        f" xfrdir: \"{server.folder}\"\n server-count: 1\n rrl-ratelimit: 0\n"
        f"remote-control:\n control-enable: no\n"
        f"zone:\n name: {ZONE}\n zonefile: \"{_zone_file(server)}\"\n"
    )  # fmt: skip
    return ["-d", "-c", str(config)]


def knot(server: Server) -> list[str]:
    config, run = server.folder / "knot.conf", server.folder
    config.write_text(
        f"server:\n  rundir: {run}\n  listen: 127.0.0.1@{server.port}\n  udp-workers: 1\n  tcp-workers: 1\n"
        f"  background-workers: 1\n"
        f"database:\n  storage: {run}/db\n"
        f"control:\n  listen: {run}/knot.sock\n"
        f"zone:\n  - domain: {ZONE}\n    file: {_zone_file(server)}\n"
    )
    return ["-c", str(config)]


def unbound(*lines: str) -> Write:
    """A resolver that forwards as the lines say; it follows nothing by itself, and so asks loopback alone."""

    def write(server: Server) -> list[str]:
        config = server.folder / "unbound.conf"
        shutil.rmtree(server.folder / "state", ignore_errors=True)
        config.write_text(
            f"server:\n interface: 127.0.0.1\n port: {server.port}\n username: \"\"\n chroot: \"\"\n"
            f" directory: \"{server.folder}\"\n pidfile: \"\"\n use-syslog: no\n logfile: \"\"\n do-ip6: no\n"
            f" do-not-query-localhost: no\n ede: yes\n num-threads: 1\n access-control: 127.0.0.0/8 allow\n"
            f" local-zone: ready.example static\n prefetch: no\n edns-buffer-size: 1232\n"
            f"remote-control:\n control-enable: no\n" + "\n".join(lines) + "\n"
        )  # fmt: skip
        return ["-d", "-p", "-c", str(config)]

    return write

"""What the lab changes in this machine's network, and how it takes all of that back.

Nothing that pods or tests send leaves the machine: addresses of the lab's ranges that nobody holds go nowhere
(routes), and what a pod sends to anything but the lab and the node is dropped and counted (the rules).
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.lab import processes
from tests.lab.parts import API_PORT, OUTER_DNS, POD_RANGE, SERVICE_RANGE, LabError, Places
from tests.lab.tools import call

TABLE = "netdoc_lab"
# The prefix of interfaces, and of the network namespaces at their far end, that faults make to stand for an outside.
OUTSIDE_PREFIX = "labout"
_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.route_localnet": None,
    "net.ipv4.conf.all.rp_filter": None,
    "net.ipv4.conf.default.rp_filter": None,
    "net.netfilter.nf_conntrack_max": None,
    "net.netfilter.nf_conntrack_tcp_be_liberal": None,
    "net.bridge.bridge-nf-call-iptables": None,
    "vm.overcommit_memory": None,
    "vm.panic_on_oom": None,
    "kernel.panic": None,
    "kernel.panic_on_oops": None,
    "kernel.keys.root_maxkeys": None,
    "kernel.keys.root_maxbytes": None,
    "fs.inotify.max_user_instances": "8192",
}
_CHAINS = re.compile(r"(cali-|KUBE-|CNI-)")
# Rules in others' chains: Felix marks each of its own with a comment.
_HOOKS = re.compile(r"-[jg] (cali-|KUBE-|CNI-)|--comment \"?cali:")


def uplink() -> tuple[str, str]:
    """Interface and address of the default route, which the node takes as its own.

    Raises LabError without one: pods' proxy ARP for 169.254.1.1 (Calico) depends on it.
    """
    routes = json.loads(call(["ip", "-j", "-4", "route", "show", "default"]) or "[]")
    if not routes:
        raise LabError(
            "this machine has no IPv4 default route; the lab's pods need one to exist (nothing is sent on it)"
        )
    device = routes[0]["dev"]
    links = json.loads(call(["ip", "-j", "-4", "address", "show", "dev", device]))
    address = routes[0].get("prefsrc") or links[0]["addr_info"][0]["local"]
    return device, address


def remember(places: Places) -> None:
    """Writes down what will be changed, before it is; an earlier record (of a crashed start) stands."""
    record = places.run / "before.json"
    if record.exists():
        return
    places.run.mkdir(parents=True, exist_ok=True)
    before = {"sysctls": {name: _read(name) for name in _SYSCTLS}, "tables": _tables()}
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps(before, indent=1))
    fresh.rename(record)


def prepare(device: str) -> None:
    """Forwarding, the route to nowhere, the resolver's address and the rules.

    No such route for Services: a connection of the node's own is looked up before kube-proxy's rules turn it to a pod
    or refuse it; what they leave is dropped on its way out.
    """
    for name, value in _SYSCTLS.items():
        if value is not None:
            _write(name, value)
    call(["ip", "route", "replace", "blackhole", POD_RANGE])
    # Scope host: or the kernel would take it as the source of the node's own connections to pods.
    call(["ip", "address", "replace", f"{OUTER_DNS}/32", "dev", "lo", "scope", "host"])
    call(["nft", "-f", "-"], given=_rules(device))


def _rules(device: str) -> str:
    """After everyone else's filters (priority 0), so that what kube-proxy refuses is refused and not dropped.

    Programs of the lab, and pods of the host's network with them, are told by their control group. What they send to a
    Service has its endpoint's address by then, and still the interface of the route to the Service's: it is judged on
    its way out.
    """
    ports = f"80, 443, {API_PORT}, 10250, 30000-32767"
    out = f'oifname != "lo" oifname != "cali*" oifname != "{OUTSIDE_PREFIX}*"'
    group = processes.unified_group()
    outside = f"{out} ip daddr != {{ {POD_RANGE}, {SERVICE_RANGE} }} fib daddr type != local"
    programs = f'{outside} socket cgroupv2 level 1 "{group}" counter name from_programs drop' if group else ""
    return f"""
add table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
  counter from_pods {{ comment "dropped: sent by pods to an outside" }}
  counter from_programs {{ comment "dropped: sent to an outside by the lab's programs and pods of the host's network" }}
  counter from_node {{ comment "dropped: sent by others to the lab's ranges, on the way out" }}
  counter from_outside {{ comment "dropped: sent to the lab from outside" }}
  chain forward {{
    type filter hook forward priority 100; policy accept;
    iifname "cali*" {out} counter name from_pods drop
    iifname "{OUTSIDE_PREFIX}*" {out} counter name from_pods drop
    iifname "{device}" oifname "cali*" ct state new counter name from_outside drop
  }}
  chain output {{
    type filter hook output priority 100; policy accept;
    {programs}
  }}
  chain postrouting {{
    type filter hook postrouting priority 200; policy accept;
    {out} ip daddr {{ {POD_RANGE}, {SERVICE_RANGE} }} counter name from_node drop
  }}
  chain prerouting {{
    type filter hook prerouting priority -150; policy accept;
    iifname "{device}" ct state new tcp dport {{ {ports} }} counter name from_outside drop
  }}
}}
"""


def counters() -> dict[str, int]:
    """Packets dropped so far, by counter."""
    told = json.loads(call(["nft", "-j", "list", "counters", "table", "inet", TABLE]))["nftables"]
    return {item["counter"]["name"]: item["counter"]["packets"] for item in told if "counter" in item}


def restore(places: Places) -> None:
    """Takes everything back; harmless where there is nothing to take back."""
    call(["nft", "delete", "table", "inet", TABLE], check=False)
    for family in ("ip", "ip6"):
        call(["nft", "delete", "table", family, "kube-proxy"], check=False)
    for option, block in itertools.product(("--orig-src", "--orig-dst"), (POD_RANGE, SERVICE_RANGE)):
        call(["conntrack", "-D", option, block], check=False)  # fails where there is none
    before = _recorded(places)
    for program in ("iptables-nft", "ip6tables-nft"):
        _remove_chains(program, before.tables[program] if before.tables else None)
    _remove_sets()
    _remove_links()
    call(["ip", "route", "delete", "blackhole", POD_RANGE], check=False)
    call(["ip", "address", "delete", f"{OUTER_DNS}/32", "dev", "lo"], check=False)
    for name, value in before.sysctls.items():
        if value is not None and _read(name) != value:
            _write(name, value)


@dataclass(frozen=True)
class _Before:
    """What `remember` wrote; without a record (None) nothing was changed."""

    sysctls: dict[str, str | None]
    tables: dict[str, list[str]] | None


def _recorded(places: Places) -> _Before:
    try:
        record = json.loads((places.run / "before.json").read_text())
    except FileNotFoundError:
        return _Before({}, None)
    return _Before(record["sysctls"], record["tables"])


def _tables() -> dict[str, list[str]]:
    """iptables' tables that exist now: those that come later are the lab's."""
    listed = call(["nft", "list", "tables"]).split("\n")
    there = {tuple(line.split()[1:]) for line in listed if line}
    families = (("iptables-nft", "ip"), ("ip6tables-nft", "ip6"))
    return {program: [table for family, table in sorted(there) if family == short] for program, short in families}


def _remove_chains(program: str, kept_tables: list[str] | None) -> None:
    """Removes the chains of Calico, the kubelet and CNI with every rule that leads to them; then emptied tables."""
    for table in ("raw", "mangle", "nat", "filter"):
        saved = call([f"{program}-save", "-t", table], check=False).splitlines()
        chains = [line.split()[0][1:] for line in saved if line.startswith(":")]
        ours = [chain for chain in chains if _CHAINS.match(chain)]
        if ours:
            rules = [line for line in saved if line.startswith("-A ")]
            call([f"{program}-restore", "--noflush"], given=removal(table, ours, rules))
        if kept_tables is not None and table not in kept_tables:
            _remove_empty_table("ip6" if program.startswith("ip6") else "ip", table)


def traces(places: Places) -> list[str]:
    """What of the lab is still in the machine's network: empty after `restore`."""
    rules = [line for line in call(["nft", "list", "ruleset"]).splitlines() if _trace_of_rules(line)]
    sets = [name for name in call(["ipset", "list", "-n"], check=False).split() if name.startswith("cali")]
    routes = [line for line in call(["ip", "route"]).splitlines() if "10.42." in line or "10.43." in line]
    links = [link for link in _link_names() if link.startswith(("cali", OUTSIDE_PREFIX))]
    sysctls = _recorded(places).sysctls
    changed = [name for name, value in sysctls.items() if value is not None and _read(name) != value]
    return [*rules, *sets, *routes, *links, *changed]


def _trace_of_rules(line: str) -> bool:
    return bool(_CHAINS.search(line) or "cali:" in line or re.search(f"table .*({TABLE}|kube-proxy)", line))


def removal(table: str, ours: list[str], rules: list[str]) -> str:
    """iptables-restore's input that empties our chains, unhooks them and deletes them."""
    jumps = [rule for rule in rules if not _CHAINS.match(rule.split()[1]) and _HOOKS.search(rule)]
    lines = [
        f"*{table}",
        *(f":{chain} - [0:0]" for chain in ours),
        *(f"-D {rule[3:]}" for rule in jumps),
        *(f"-X {chain}" for chain in ours),
        "COMMIT",
    ]
    return "\n".join(lines) + "\n"


def _remove_empty_table(family: str, table: str) -> None:
    """A table that was not there before goes, unless another program's rules are in it now."""
    told = call(["nft", "-j", "list", "table", family, table], check=False)
    if told and not any("rule" in item for item in json.loads(told)["nftables"]):
        call(["nft", "delete", "table", family, table])


def _remove_sets() -> None:
    """Felix's address sets; its own prefix is cali."""
    for name in call(["ipset", "list", "-n"], check=False).split():
        if name.startswith("cali"):
            call(["ipset", "destroy", name])


def _remove_links() -> None:
    """Pods' veths that outlived their network namespace, and the outsides that tests made, with their namespaces."""
    for line in call(["ip", "netns", "list"]).splitlines():
        if line.startswith(OUTSIDE_PREFIX):
            call(["ip", "netns", "delete", line.split()[0]], check=False)
    for name in _link_names():
        if name.startswith(("cali", OUTSIDE_PREFIX)):
            call(["ip", "link", "delete", name], check=False)  # the kernel may be deleting it as well


def _link_names() -> list[str]:
    return [link["ifname"] for link in json.loads(call(["ip", "-j", "link"]))]


def _read(name: str) -> str | None:
    try:
        return (Path("/proc/sys") / name.replace(".", "/")).read_text().strip()
    except OSError:
        return None


def _write(name: str, value: str) -> None:
    (Path("/proc/sys") / name.replace(".", "/")).write_text(value)

"""Prediction against a real CoreDNS: hundreds of names of every kind, asked of the cluster's own DNS from a pod, and of
CoreDNS processes with other options (where the binary is here) over the same objects.

Needs a cluster: NETDOC_E2E_KUBECONFIG, or the lab's. The namespaces are the test's own and go away with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import TypeVar

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import msgspec
import pytest

from netdoc.model.kube import EndpointSlice, Namespace, Pod, Service
from netdoc.predict import corefile
from netdoc.predict.dns import Answer, names
from netdoc.predict.dns.resolver import parse, resolv_conf_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

LAB = Path(os.environ.get("NETDOC_LAB_STATE", "/var/lib/netdoc-lab"))
KUBECONFIG = Path(os.environ.get("NETDOC_E2E_KUBECONFIG", LAB / "kubeconfig"))
KUBECTL = shutil.which("kubectl") or str(LAB / "bin" / "kubectl")
COREDNS = shutil.which("coredns") or str(LAB / "bin" / "coredns")
TYPES = ("A", "AAAA", "SRV", "TXT", "CNAME", "PTR", "MX", "NS", "ANY", "HTTPS", "SOA")
PATIENCE = 90.0  # seconds until pods are ready, or a server listens

T = TypeVar("T")
Question = tuple[str, str]
Reply = tuple[str, tuple[str, ...]]

VARIANTS = {
    "kubeadm": "kubernetes cluster.local in-addr.arpa ip6.arpa {\n"
    " pods insecure\n fallthrough in-addr.arpa ip6.arpa\nKC}",
    "default": "kubernetes cluster.local {\nKC}",
    "verified": "kubernetes cluster.local in-addr.arpa ip6.arpa {\n pods verified\n endpoint_pod_names\nKC}",
    "one-namespace": "kubernetes in-addr.arpa cluster.local {\n pods insecure\n namespaces ONE\nKC}",
    "labels": "kubernetes cluster.local in-addr.arpa {\n"
    " labels tier in (front), !absent\n namespace_labels shown=yes\nKC}",
    "noendpoints": "kubernetes cluster.local in-addr.arpa ip6.arpa {\n noendpoints\nKC}",
    "ignoring": "kubernetes cluster.local in-addr.arpa {\n ignore empty_service\n fallthrough\nKC}",
    "zonal": "kubernetes cluster.local in-addr.arpa {\n zonal\nKC}",
    "other-domain": "kubernetes Corp.Example 10.43.0.0/16 198.51.100.0/24 {\n pods insecure\nKC}",
}


def kubectl(*args: str, text: str | None = None) -> str:
    command = [KUBECTL, "--kubeconfig", str(KUBECONFIG), "--request-timeout=60s", *args]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)
    assert not done.returncode, done.stderr
    return done.stdout


def without(reason: str) -> None:
    """Skips, or fails where a cluster is required."""
    if os.environ.get("NETDOC_E2E_REQUIRED") == "1":
        pytest.fail(f"NETDOC_E2E_REQUIRED=1, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[str, str]]:
    """Two namespaces with all that names.yaml has, once its pods are as they will stay."""
    if not KUBECONFIG.exists():
        without(f"there is no cluster: {KUBECONFIG} is not there (make lab, or set NETDOC_E2E_KUBECONFIG)")
    one, two = (f"netdoc-{part}-{uuid.uuid4().hex[:6]}" for part in ("one", "two"))
    text = (Path(__file__).parent / "names.yaml").read_text().replace("ONE", one).replace("TWO", two)
    try:
        kubectl("apply", "-f", "-", text=text)
        for number in range(13):
            kubectl("apply", "-f", "-", text=json.dumps(_link(one, number)))
        patience = f"--timeout={PATIENCE:.0f}s"
        kubectl("wait", "-n", one, "pod", "-l", "settles=yes", "--for=condition=Ready", patience)
        kubectl("wait", "-n", one, "pod/never", "--for=jsonpath={.status.podIP}", patience)
        kubectl("wait", "-n", one, "pod/never", "--for=jsonpath={.status.phase}=Running", patience)
        yield one, two
    finally:
        kubectl("delete", "namespace", one, two, "--wait=false", "--ignore-not-found")


def _link(namespace: str, number: int) -> dict[str, object]:
    """One of a chain of CNAMEs that is longer than CoreDNS follows; the last leads to a Service."""
    aim = f"link-{number + 1}" if number < 12 else "web"
    spec = {"type": "ExternalName", "externalName": f"{aim}.{namespace}.svc.cluster.local"}
    metadata = {"name": f"link-{number}", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


class Objects(msgspec.Struct, frozen=True):
    services: list[Service]
    slices: list[EndpointSlice]
    pods: list[Pod]
    namespaces: list[Namespace]


def read() -> Objects:
    return Objects(
        _list("services", Service), _list("endpointslices", EndpointSlice), _list("pods", Pod), _list("ns", Namespace)
    )


def _list(kind: str, of: type[T]) -> list[T]:
    return msgspec.convert(json.loads(kubectl("get", kind, "-A", "-o", "json"))["items"], list[of], strict=False)


def asked_names(objects: Objects, one: str, two: str, domain: str = "cluster.local") -> list[str]:
    """Names that are and names that are not, of every shape."""
    own = [service for service in objects.services if service.namespace in (one, two)]
    found = [
        f"{part}{domain}" for part in ("", "svc.", "pod.", "x.", "ns.", "dns-version.", "a.b.c.d.e.", "*.", "any.")
    ]
    for namespace in (one, two, "missing", "kube-system", "*"):
        found += [f"{namespace}.{branch}.{domain}" for branch in ("svc", "pod", "other")]
        found += [f"missing.{namespace}.svc.{domain}", f"*.{namespace}.svc.{domain}"]
    for service in own:
        base = f"{service.name}.{service.namespace}.svc.{domain}"
        found += [base, f"missing.{base}", f"_http._tcp.{base}", f"a.b.c.{base}"]
        found += [f"_{port.name}._{port.protocol.lower()}.{base}" for port in service.spec.ports]
    web, db = f"web.{one}.svc.{domain}", f"db.{one}.svc.{domain}"
    found += [web.upper(), f"http.tcp.{web}", f"_http._udp.{web}", f"_dns._udp.{web}", f"_HTTP._TCP.{web}"]
    found += [f"db-0.{db}", f"DB-0.{db}", f"second.{db}", f"_pg._tcp.db-0.{db}", f"_._tcp.{web}", f"_http.{web}"]
    found += [f"_ldap._tcp.manual.{one}.svc.{domain}", f"_gc._tcp.manual.{one}.svc.{domain}"]
    found += [f"seven.manual.{one}.svc.{domain}", f"named-pod.orphan.{one}.svc.{domain}"]
    found += [f"zone-a.pin._zone.manual.{one}.svc.{domain}", f"zone-b.example.prefer._zone.manual.{one}.svc.{domain}"]
    for slice_ in objects.slices:
        if slice_.namespace in (one, two):
            found += [_dashed(host, slice_, domain) for point in slice_.endpoints or () for host in point.addresses]
    return found + _pod_names(objects, one, two, domain) + _reverse_names(objects, one, two)


def _dashed(host: str, slice_: EndpointSlice, domain: str) -> str:
    label = host.replace(".", "-").replace(":", "-")
    return f"{label + '0' if label.endswith('-') else label}.{slice_.service}.{slice_.namespace}.svc.{domain}"


def _pod_names(objects: Objects, one: str, two: str, domain: str) -> list[str]:
    addresses = [host.replace(".", "-") for pod in objects.pods if pod.namespace == one for host in pod.addresses]
    known = [f"{host}.{namespace}.pod.{domain}" for host in addresses for namespace in (one, two, "missing")]
    shapes = ("1-2-3-4", "1-2-3", "1-2-3-400", "01-2-3-4", "2001-db8--1", "--1", "--ffff-102-304", "1-2-3-4-5", "x")
    return known + [f"{shape}.{one}.pod.{domain}" for shape in shapes] + [f"x.1-2-3-4.{one}.pod.{domain}"]


def _reverse_names(objects: Objects, one: str, two: str) -> list[str]:
    own = [service for service in objects.services if service.namespace in (one, two, "kube-system", "default")]
    addresses = {address for service in own for address in service.cluster_addresses}
    slices = [slice_ for slice_ in objects.slices if slice_.namespace in (one, two)]
    addresses |= {host for slice_ in slices for point in slice_.endpoints or () for host in point.addresses}
    addresses |= {"192.0.2.99", "2001:db8::99"}
    odd = ["in-addr.arpa", "ip6.arpa", "43.10.in-addr.arpa", "x.43.10.in-addr.arpa", "svc.in-addr.arpa"]
    return [names.reverse_name(address) for address in sorted(addresses)] + odd


def ask_from_pod(namespace: str, questions: list[Question]) -> list[Reply]:
    """All questions in one go, by the pod's own dig and over TCP, of the cluster's DNS Service."""
    server = json.loads(kubectl("get", "service", "-n", "kube-system", "kube-dns", "-o", "json"))["spec"]["clusterIP"]
    script = f"dig @{server} +tcp +noedns +noidnin +noall +comments +answer +nottlid -f -"
    lines = "".join(f"-q {name} -t {kind}\n" for name, kind in questions)
    said = kubectl("exec", "-i", "-n", namespace, "client", "--", "sh", "-c", script, text=lines)
    return [_reply(part) for part in said.split(";; Got answer:")[1:]]


def _reply(text: str) -> Reply:
    rcode = re.search(r"status: (\w+)", text)
    assert rcode, text
    _, _, section = text.partition(";; ANSWER SECTION:\n")
    records = [line.split(None, 3)[2:] for line in section.split("\n\n")[0].splitlines() if line]
    return rcode[1], tuple(sorted(f"{kind} {data}".lower() for kind, data in records))


def ask_here(port: int, questions: list[Question]) -> list[Reply]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.setblocking(False)
        return [_ask_one(connection, *question) for question in questions]


def _ask_one(connection: socket.socket, name: str, kind: str) -> Reply:
    query = dns.message.make_query(name, kind, flags=dns.flags.RD)
    answer = dns.query.tcp(query, "127.0.0.1", sock=connection, timeout=PATIENCE)
    records = [
        f"{dns.rdatatype.to_text(rrset.rdtype)} {data.to_text()}".lower() for rrset in answer.answer for data in rrset
    ]
    return dns.rcode.to_text(answer.rcode()), tuple(sorted(records))


def disagreement(predicted: Answer, real: Reply, fallen: tuple[str, ...]) -> bool:
    """`fallen`: the rcodes that the plugins behind `kubernetes` give to what falls through."""
    rcode, records = real
    if predicted.falls_through:
        return rcode not in fallen or bool(records)
    if "none of the zones" in predicted.error:
        return rcode not in fallen
    if predicted.error:
        return "serial in the SOA" not in predicted.error
    said = {record.lower() for record in predicted.answers}
    if predicted.continues:
        return rcode != predicted.rcode or not said <= set(records)
    return rcode != predicted.rcode or sorted(said) != sorted(records)


def settled(one: str, two: str) -> Objects:
    """The objects, once two readings agree about all that has names here."""
    before = read()
    deadline = monotonic() + PATIENCE
    while (after := read()) and _versions(after, one, two) != _versions(before, one, two):
        assert monotonic() < deadline, "the objects do not come to rest"
        before = after
    return after


def _versions(objects: Objects, one: str, two: str) -> set[tuple[str, str, str]]:
    kept = [*objects.services, *objects.slices]
    return {(x.namespace, x.name, x.metadata.resource_version) for x in kept if x.namespace in (one, two)}


def test_cluster_dns_answers_as_predicted(shop: tuple[str, str]) -> None:
    one, two = shop
    objects = settled(one, two)
    text = json.loads(kubectl("get", "configmap", "-n", "kube-system", "coredns", "-o", "json"))["data"]["Corefile"]
    kept = (objects.services, objects.slices, objects.pods, objects.namespaces)
    server = corefile.Server.build(corefile.parse(text), *kept)
    questions = [(name, kind) for name in asked_names(objects, one, two) for kind in TYPES]
    replies = ask_from_pod(one, questions)
    assert len(replies) == len(questions) > 1000
    wrong = [
        (question, predicted, real)
        for question, real in zip(questions, replies, strict=True)
        if disagreement(predicted := server.answer(*question).answer, real, ("NXDOMAIN", "SERVFAIL", "REFUSED"))
    ]
    assert not wrong, "\n".join(map(str, wrong[:20]))


@pytest.mark.parametrize("variant", VARIANTS)
def test_coredns_with_other_options_answers_as_predicted(variant: str, shop: tuple[str, str], tmp_path: Path) -> None:
    if not Path(COREDNS).exists():
        without(f"there is no CoreDNS here: {COREDNS} is not there")
    one, two = shop
    port = _free_port()
    plugin = VARIANTS[variant].replace("KC", f" kubeconfig {KUBECONFIG}\n").replace("ONE", one)
    text = f".:{port} {{\n bind 127.0.0.1\n errors\n {plugin}\n}}\n"
    objects = settled(one, two)
    kept = (objects.services, objects.slices, objects.pods, objects.namespaces)
    server = corefile.Server.build(corefile.parse(text), *kept)
    domain = "corp.example" if variant == "other-domain" else "cluster.local"
    # Which Service stands before a CoreDNS that is no pod is nothing to predict: no NS records
    kinds = [kind for kind in TYPES if kind != "NS"]
    questions = [(name, kind) for name in asked_names(objects, one, two, domain) for kind in kinds]
    (tmp_path / "Corefile").write_text(text)
    with running(tmp_path / "Corefile"):
        replies = ask_here(port, questions)
    wrong = [
        (question, predicted, real)
        for question, real in zip(questions, replies, strict=True)
        if disagreement(predicted := server.answer(*question).answer, real, ("SERVFAIL", "REFUSED"))
    ]
    assert not wrong, "\n".join(map(str, wrong[:20]))


POLICIES = ("client", "as-node", "none", "host", "host-cluster", "more")


def test_resolv_conf_is_as_predicted(shop: tuple[str, str]) -> None:
    one, _ = shop
    pods = {pod.name: pod for pod in _list("pods", Pod) if pod.namespace == one}
    real = {name: parse(kubectl("exec", "-n", one, name, "--", "cat", "/etc/resolv.conf")) for name in POLICIES}
    dns = json.loads(kubectl("get", "service", "-n", "kube-system", "kube-dns", "-o", "json"))["spec"]["clusterIPs"]
    for name in POLICIES:
        predicted = resolv_conf_of(pods[name], dns[:1], "cluster.local", real["as-node"])
        assert sorted(predicted.options) == sorted(real[name].options), name
        assert msgspec.structs.replace(predicted, options=()) == msgspec.structs.replace(real[name], options=()), name


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(path: Path) -> Iterator[None]:
    """A CoreDNS of this test's own, from when it says that it serves until the block ends."""
    command = [COREDNS, "-conf", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("CoreDNS-"):
                break
        else:
            pytest.fail("".join(said))
        drain = Thread(target=process.stdout.read)
        drain.start()
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
            drain.join()


# Corefiles that CoreDNS refuses: its first complaint is one of ours, word for word
REFUSED = {
    "unknown directive": ". {\n errors\n proxyx . 1.1.1.1\n}\n",
    "unknown property": ". {\n kubernetes cluster.local {\n  upstream\n }\n}\n",
    "pods mode": ". {\n kubernetes cluster.local {\n  pods maybe\n }\n}\n",
    "pods without a value": ". {\n kubernetes cluster.local {\n  pods\n }\n}\n",
    "ttl out of range": ". {\n kubernetes cluster.local {\n  ttl 4000\n }\n}\n",
    "ttl of letters": ". {\n kubernetes cluster.local {\n  ttl 5s\n }\n}\n",
    "block on one line": ". {\n kubernetes cluster.local { pods insecure }\n}\n",
    "reverse zones only": ". {\n kubernetes 10.in-addr.arpa\n}\n",
    "namespaces and labels": ". {\n kubernetes a.b {\n  namespaces x\n  namespace_labels a=b\n }\n}\n",
    "kubernetes twice": ". {\n kubernetes a.b\n kubernetes c.d\n}\n",
    "zone twice": ".:5399 {\n errors\n}\n.:5399 {\n errors\n}\n",
    "forward without upstream": ". {\n forward .\n}\n",
    "forward policy": ". {\n forward . 192.0.2.1 {\n  policy nearest\n }\n}\n",
    "forward transport": ". {\n forward . grpc://192.0.2.1\n}\n",
    "forward to too many": ". {\n forward . " + " ".join(f"192.0.2.{at}" for at in range(1, 18)) + "\n}\n",
    "no closing brace": ". {\n errors\n",
    "closing brace too many": ". {\n errors }\n}\n",
    "comma before brace": "a.b, {\n errors\n}\n",
    "file to import": ". {\n import nothing.conf\n}\n",
    "colon at the end": "a.b: {\n errors\n}\n",
    "snippet twice": "(a) {\n errors\n}\n(a) {\n errors\n}\n. {\n import a\n}\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_coredns_refuses_what_the_parser_or_the_judge_refuses(case: str, tmp_path: Path) -> None:
    if not Path(COREDNS).exists():
        without(f"there is no CoreDNS here: {COREDNS} is not there")
    path = tmp_path / "Corefile"
    path.write_text(REFUSED[case])
    done = subprocess.run(
        [COREDNS, "-conf", str(path), "-dns.port", str(_free_port())], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode, "CoreDNS took it"
    try:
        parsed = corefile.parse(REFUSED[case], files={}, file=str(path))
        ours = [one.message for one in corefile.judge(parsed) if one.flaw == corefile.Flaw.INVALID]
    except corefile.CorefileError as wrong:
        ours = [str(wrong)]
    said = done.stdout + done.stderr
    assert any(message in said for message in ours), (ours, said)

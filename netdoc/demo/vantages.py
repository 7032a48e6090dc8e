"""The vantages of the embedded network, each where there is consent to it."""

from __future__ import annotations

from netdoc.cluster.holdings import Holdings
from netdoc.demo import assemble
from netdoc.demo.answers import Answers
from netdoc.demo.delivery import Caller, caller_of
from netdoc.demo.loopback import Loopback
from netdoc.demo.standing import Standing, Tunnel
from netdoc.demo.world import DOMAIN, World, listens, running
from netdoc.model import kube
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.vantage import Consent, NoVantages, Nowhere, Vantage
from netdoc.predict.dns import ResolvConf, resolv_conf_of
from netdoc.vantage.showing import Show


class DemoVantages:
    """Nothing is opened before the first measurement."""

    def __init__(self, holdings: Holdings, consents: frozenset[Consent], show: Show) -> None:
        self._consents = consents
        self._world = World(holdings, assemble.meta().outside)
        answers = Answers(self._world, assemble.internet_zone())
        self._loopback = Loopback(self._world, answers.octets, show)

    def allowed(self, consent: Consent) -> bool:
        return consent in self._consents

    def here(self) -> Vantage:
        """Somebody on the Internet, with a resolver there."""
        internet = self._world.outside.internet
        conf = ResolvConf(nameservers=(internet.resolver,))
        return Standing("here", Caller(internet.address), conf, self._loopback)

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        if "exec" not in self._consents:
            return NoVantages().inside(pod, container)
        name = f"exec:{pod.namespace}/{pod.name}"
        found = self._reached(pod, container, f"run a command in {pod.namespace}/{pod.name}")
        if isinstance(found, Gap):
            return Nowhere(name, found)
        node = ResolvConf(nameservers=(self._world.outside.resolver,))
        conf = resolv_conf_of(found, self._world.dns_addresses, DOMAIN, node)
        return Standing(name, caller_of(found), conf, self._loopback)

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        if "port-forward" not in self._consents:
            return NoVantages().through(pod, port)
        name = f"port-forward:{pod.namespace}/{pod.name}:{port}"
        found = self._reached(pod, "", f"open a tunnel to {pod.namespace}/{pod.name}:{port}")
        if isinstance(found, Gap):
            return Nowhere(name, found)
        return Tunnel(name, port, found if listens(found, port, "TCP") else None, self._loopback)

    async def close(self) -> None:
        await self._loopback.close()

    def _reached(self, ref: ObjectRef, container: str, what: str) -> kube.Pod | Gap:
        """The pod, or why its kubelet opens no stream into it."""
        pod = self._world.pod(ref.namespace, ref.name)
        if pod is None:
            return Gap(what=what, reason="unreachable", detail=f'pods "{ref.name}" not found')
        if self._world.dead(pod.spec.node_name):
            return Gap(what=what, reason="unreachable", detail=f"the kubelet of {pod.spec.node_name} does not answer")
        if pod.status.phase != "Running" or (container and container not in running(pod)):
            return Gap(what=what, reason="unreachable", detail=f'container "{container}" is not running')
        return pod

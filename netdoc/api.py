"""All that the author of a check or a playbook imports. Names load when they are first used.

    from netdoc.api import Check, Finding, Read, Subject, kube

A check is one `Check` value: what it is called, what it reads, which codes it reports, and its two halves:
`async observe(ports, subject) -> seen` asks the world, `judge(seen) -> findings` is pure.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdoc.diagnosis.templates import probe_text, template_difference
    from netdoc.engine.check import Check, Kubectl, NoParameters, Read, Subject
    from netdoc.model import kube
    from netdoc.model.change import Change
    from netdoc.model.explanations import Confusion, Explanation
    from netdoc.model.finding import CausalRule, Code, Evidence, Finding, Fix, Judgement, Mitigation, Reason, Unjudged
    from netdoc.model.kube.meta import Object, ObjectRef
    from netdoc.model.path import Hop, Path, Source
    from netdoc.model.record import Gap
    from netdoc.model.target import Port, Target
    from netdoc.path import parse_target, resolve
    from netdoc.path.kinds import nearest
    from netdoc.ports import Cluster, Listing, Measurement, Ports, Vantage
    from netdoc.predict import corefile, dns, policy
    from netdoc.predict.selectors import matches, plain_matches

_HOMES = {
    "netdoc.diagnosis.templates": ("probe_text", "template_difference"),
    "netdoc.engine.check": ("Check", "Kubectl", "NoParameters", "Read", "Subject"),
    "netdoc.model.change": ("Change",),
    "netdoc.model.explanations": ("Confusion", "Explanation"),
    "netdoc.model.finding": (
        "CausalRule",
        "Code",
        "Evidence",
        "Finding",
        "Fix",
        "Judgement",
        "Mitigation",
        "Reason",
        "Unjudged",
    ),
    "netdoc.model.kube.meta": ("Object", "ObjectRef"),
    "netdoc.model.path": ("Hop", "Path", "Source"),
    "netdoc.model.record": ("Gap",),
    "netdoc.model.target": ("Port", "Target"),
    "netdoc.path": ("parse_target", "resolve"),
    "netdoc.path.kinds": ("nearest",),
    "netdoc.predict.selectors": ("matches", "plain_matches"),
    "netdoc.ports": ("Cluster", "Listing", "Measurement", "Ports", "Vantage"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = {
    "corefile": "netdoc.predict.corefile",
    "dns": "netdoc.predict.dns",
    "kube": "netdoc.model.kube",
    "policy": "netdoc.predict.policy",
}

__all__ = [
    "CausalRule",
    "Change",
    "Check",
    "Cluster",
    "Code",
    "Confusion",
    "Evidence",
    "Explanation",
    "Finding",
    "Fix",
    "Gap",
    "Hop",
    "Judgement",
    "Kubectl",
    "Listing",
    "Measurement",
    "Mitigation",
    "NoParameters",
    "Object",
    "ObjectRef",
    "Path",
    "Port",
    "Ports",
    "Read",
    "Reason",
    "Source",
    "Subject",
    "Target",
    "Unjudged",
    "Vantage",
    "corefile",
    "dns",
    "kube",
    "matches",
    "nearest",
    "parse_target",
    "plain_matches",
    "policy",
    "probe_text",
    "resolve",
    "template_difference",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name not in _HOME_OF:
        raise AttributeError(f"netdoc.api has no {name}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__

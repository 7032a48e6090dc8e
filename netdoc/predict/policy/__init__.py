"""What a set of network policies allows, and why.

    policies = PolicySet.build(pods, namespaces, network_policies, admin_policies, nodes=nodes)
    verdict = evaluate(policies, policies.pod("shop", "web-0"), policies.address("192.0.2.1"), 443)

`PolicySet.allowed` answers the same question with a bare True, False or None (cannot be known), in microseconds.
"""

from netdoc.predict.policy.batch import answer, batch, between
from netdoc.predict.policy.change import Edit, Proposal, applied, smallest_change
from netdoc.predict.policy.cni import FOREIGN_KINDS, PLUGINS, Plugin, plugin, read_foreign
from netdoc.predict.policy.diff import Diff, Difference, diff
from netdoc.predict.policy.explain import evaluate, port_allows
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.lint import Lint, dns_pods, lint
from netdoc.predict.policy.matrix import Connection, Matrix, document, matrix
from netdoc.predict.policy.model import (
    Decision,
    DirectionVerdict,
    End,
    FamilyVerdict,
    ForeignPolicy,
    IPBlockMode,
    Miss,
    Problem,
    Refused,
    UnknownEnd,
    Verdict,
)
from netdoc.predict.policy.peers import Directory, Owners, Peer, anybody, has_blocks, outside, peers_of, workload_of
from netdoc.predict.policy.rules import Policy, Rule
from netdoc.predict.policy.validate import validate
from netdoc.predict.selectors import matches

__all__ = [
    "FOREIGN_KINDS",
    "PLUGINS",
    "Connection",
    "Decision",
    "Diff",
    "Difference",
    "DirectionVerdict",
    "Directory",
    "Edit",
    "End",
    "FamilyVerdict",
    "ForeignPolicy",
    "IPBlockMode",
    "Lint",
    "Matrix",
    "Miss",
    "Owners",
    "Peer",
    "Plugin",
    "Policy",
    "PolicySet",
    "Problem",
    "Proposal",
    "Refused",
    "Rule",
    "UnknownEnd",
    "Verdict",
    "answer",
    "anybody",
    "applied",
    "batch",
    "between",
    "diff",
    "dns_pods",
    "document",
    "evaluate",
    "has_blocks",
    "lint",
    "matches",
    "matrix",
    "outside",
    "peers_of",
    "plugin",
    "port_allows",
    "read_foreign",
    "smallest_change",
    "validate",
    "workload_of",
]

"""Where a cache on the node listens for its pods (NodeLocal DNSCache), beside the address of cluster DNS."""

from __future__ import annotations

NODE_LOCAL = frozenset(
    (
        "169.254.20.10",  # kubernetes/enhancements, KEP-1024
        "169.254.25.10",  # kubespray, docs/advanced/dns-stack.md: nodelocaldns_ip
    )
)

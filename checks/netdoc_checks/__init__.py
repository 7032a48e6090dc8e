"""netdoc's own checks: plugins like anyone else's, importing netdoc.api only."""

CHECKS = {
    "policy": "netdoc_checks.policy:CHECK",
    "dns": "netdoc_checks.dns:CHECK",
    "connect": "netdoc_checks.connect:CHECK",
    "endpoints": "netdoc_checks.endpoints:CHECK",
}

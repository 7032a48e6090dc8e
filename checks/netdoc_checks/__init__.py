"""netdoc's own checks: plugins like anyone else's, importing netdoc.api only."""

CHECKS = {
    "endpoints": "netdoc_checks.endpoints:CHECK",
}

"""A stranger's package: what it brings, by name."""

CHECKS = {"almanac": "almanac.check:CHECK"}
PLAYBOOKS = {"almanac": "almanac:almanac.yaml"}
COMMANDS = {"moon": "almanac.command:moon"}

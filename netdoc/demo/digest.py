"""The digest of the embedded network as it ships: another netdoc may tell another story under the same name."""

from __future__ import annotations

import hashlib
from importlib import resources


def of_scenario(scenario: str) -> str:
    """SHA-256 of the network's files and the scenario's. Raises OSError where there is no such scenario."""
    digest = hashlib.sha256()
    home = resources.files("netdoc.demo")
    files = sorted(home.joinpath("network").iterdir(), key=lambda one: one.name)
    for one in (*files, home.joinpath("scenarios", f"{scenario}.yaml")):
        digest.update(one.read_bytes())
    return digest.hexdigest()

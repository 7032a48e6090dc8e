"""Which finding explains the others, and what changed before it."""

from netdoc.diagnosis.explain import cycle_in, direct_causes
from netdoc.diagnosis.rank import Diagnosis, diagnose, without_hygiene

__all__ = ["Diagnosis", "cycle_in", "diagnose", "direct_causes", "without_hygiene"]

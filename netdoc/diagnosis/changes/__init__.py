"""What changed around the path before it broke, and which change fits the cause."""

from netdoc.diagnosis.changes.judge import changes_of
from netdoc.diagnosis.changes.observe import Around, observe_changes
from netdoc.diagnosis.changes.suspect import suspected

__all__ = ["Around", "changes_of", "observe_changes", "suspected"]

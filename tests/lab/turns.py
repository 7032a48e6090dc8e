"""Who uses the lab at this moment: many side by side, or one alone, who breaks what all the others stand on.

Turns hold between the threads of a process, between the workers of one run, and between runs.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = Path(tempfile.gettempdir()) / "netdoc-e2e.lock"


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Waits until nobody is alone; to be alone, until nobody else is there. Side by side it may be taken twice."""
    with _FILE.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield

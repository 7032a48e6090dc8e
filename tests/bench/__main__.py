"""`python -m tests.bench [NAME ...]`: every bench, or those named, each in a process of its own.

A bench is a file beside this one with a `main`. Nothing here passes or fails: figures are for the eye and for the
notes of a release. Quote ratios, since machines are noisy.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benches() -> dict[str, Path]:
    files = (one for one in sorted(HERE.glob("*.py")) if not one.name.startswith("_"))
    return {one.stem: one for one in files if "\ndef main(" in one.read_text(encoding="utf-8")}


def main(names: list[str]) -> int:
    known = benches()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"there is no bench {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    codes = [_run(name, known[name]) for name in names or known]
    return max(codes, default=0)


def _run(name: str, path: Path) -> int:
    print(f"\n# {name}", flush=True)
    return subprocess.run([sys.executable, str(path)], check=False, cwd=HERE.parent.parent).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

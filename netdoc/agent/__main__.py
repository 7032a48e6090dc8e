# SPDX-License-Identifier: GPL-2.0-or-later
"""Started by path: gives the folder a package name, so that its modules import each other relatively.

Python puts the folder first on sys.path; that is undone, or its modules would be found in place of others' ones.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "netdoc_agent"


def _load() -> None:
    folder = Path(__file__).resolve().parent
    sys.path[:] = [one for one in sys.path if not one or Path(one).resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _load()
    sys.exit(importlib.import_module(f"{PACKAGE}.serve").main())

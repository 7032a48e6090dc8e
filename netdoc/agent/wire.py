# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions and answers on the wire: by dnspython, which knows every type, or without it by `message`."""

from __future__ import annotations

from .parameters import NotAnAnswer

try:
    from .library import question, read
except ImportError:  # a container's Python: nothing but its standard library came along
    from .message import question, read

__all__ = ["NotAnAnswer", "question", "read"]

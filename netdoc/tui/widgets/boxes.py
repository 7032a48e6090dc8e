"""What the next run may do beside reading: a box for each consent, none ticked by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Checkbox

if TYPE_CHECKING:
    from netdoc.ports.vantage import Consent
    from netdoc.tui.start import Limits

OFFERED: tuple[tuple[Consent, str], ...] = (
    ("exec", "measure from the caller (--exec)"),
    ("port-forward", "ask DNS pods (--port-forward)"),
)


class ConsentBoxes(Horizontal):
    """Each command is asked for once more when it comes to it."""

    DEFAULT_CSS = """
    ConsentBoxes { height: 1; }
    ConsentBoxes Checkbox { margin: 0 2 0 0; padding: 0; background: transparent; border: none; }
    """

    def compose(self) -> ComposeResult:
        for consent, text in OFFERED:
            yield Checkbox(text, id=f"may-{consent}", compact=True)

    def tick(self, limits: Limits) -> None:
        for consent, _ in OFFERED:
            self.query_one(f"#may-{consent}", Checkbox).value = consent in limits.consents

    def limits(self, limits: Limits) -> Limits:
        """The limits with what is ticked now."""
        ticked = tuple(one for one, _ in OFFERED if self.query_one(f"#may-{one}", Checkbox).value)
        return msgspec.structs.replace(limits, consents=ticked)

"""What the next run may do beside reading: a box for each consent, none ticked by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal

from netdoc.tui.widgets.tick import Tick

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
    ConsentBoxes { height: 1; padding: 0 1; }
    ConsentBoxes Tick { margin: 0 2 0 0; }
    """

    def compose(self) -> ComposeResult:
        for consent, text in OFFERED:
            yield Tick(text, id=f"may-{consent}")

    def tick(self, limits: Limits) -> None:
        for consent, _ in OFFERED:
            self.query_one(f"#may-{consent}", Tick).value = consent in limits.consents

    def limits(self, limits: Limits) -> Limits:
        """The limits with what is ticked now."""
        ticked = tuple(one for one, _ in OFFERED if self.query_one(f"#may-{one}", Tick).value)
        return msgspec.structs.replace(limits, consents=ticked)

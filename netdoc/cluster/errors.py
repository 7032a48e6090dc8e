"""What keeps a source from being opened: errors with the mend, for one line on a screen."""

from __future__ import annotations


class ClusterError(Exception):
    """The configuration or the snapshot is wrong: nothing was asked (exit 2).

    `message` says what and where, `hint` the mend.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class Unreachable(ClusterError):
    """The configuration is right, and no cluster answers, or it does not accept the credential (exit 3)."""

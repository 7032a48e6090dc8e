"""What a Corefile says, as plain data."""

from __future__ import annotations

import msgspec


class CorefileError(ValueError):
    """CoreDNS would not start with this Corefile. The text is CoreDNS's own, with file and line."""

    def __init__(self, message: str, line: int = 0, file: str = "Corefile") -> None:
        super().__init__(f"{file}:{line} - Error during parsing: {message}" if line else message)
        self.message = message
        self.line = line
        self.file = file


class Token(msgspec.Struct, frozen=True):
    """A word, where it stands, and how many line breaks it holds (quoted text may)."""

    text: str
    line: int
    file: str = ""
    breaks: int = 0


class Property(msgspec.Struct, frozen=True):
    """A line inside a plugin's braces."""

    name: str
    args: tuple[str, ...]
    line: int
    properties: tuple[Property, ...] = ()


class Plugin(msgspec.Struct, frozen=True):
    """One use of a plugin in a server block. `end` is the line of its last word, which may be a brace."""

    name: str
    args: tuple[str, ...]
    line: int
    properties: tuple[Property, ...] = ()
    end: int = 0

    def values(self, name: str) -> tuple[str, ...]:
        """The arguments of all properties of that name, one after the other."""
        return tuple(arg for one in self.properties if one.name == name for arg in one.args)

    def has(self, name: str) -> bool:
        return any(one.name == name for one in self.properties)


class Origin(msgspec.Struct, frozen=True):
    """What a server block answers for: a zone (absolute, lower case) over a transport on a port."""

    zone: str
    port: str = "53"
    transport: str = "dns"

    def __str__(self) -> str:
        return f"{self.transport}://{self.zone}:{self.port}"


class ServerBlock(msgspec.Struct, frozen=True):
    keys: tuple[str, ...]
    origins: tuple[Origin, ...]
    plugins: tuple[Plugin, ...]
    line: int

    def all(self, name: str) -> tuple[Plugin, ...]:
        return tuple(one for one in self.plugins if one.name == name)

    def first(self, name: str) -> Plugin | None:
        return next(iter(self.all(name)), None)

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(one.zone for one in self.origins)


class Unread(msgspec.Struct, frozen=True):
    """What the Corefile refers to and the reader was not given: a file to import, or an environment variable."""

    kind: str  # file or variable
    name: str
    line: int


class Corefile(msgspec.Struct, frozen=True):
    """Server blocks in the order of the file. Where `unread` is not empty there may be more than is seen here."""

    blocks: tuple[ServerBlock, ...] = ()
    unread: tuple[Unread, ...] = ()
    file: str = "Corefile"

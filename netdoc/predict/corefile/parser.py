"""Server blocks of a Corefile (github.com/coredns/caddy, caddyfile/parse.go), with CoreDNS's own error texts.

The parser knows plugins by their shape alone. Which exist, and which arguments they take, is judged later.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import PurePosixPath

from netdoc.predict.corefile import lexer
from netdoc.predict.corefile.model import Corefile, CorefileError, Plugin, Property, ServerBlock, Token, Unread
from netdoc.predict.corefile.origins import origins_of

MAX_IMPORTS = 10_000  # CoreDNS's own limit for snippets
MAX_TOKENS = 500_000  # ours: a snippet that imports snippets grows without end
MAX_NESTING = 100  # ours, of braces


def parse(
    text: str,
    environment: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    file: str = "/etc/coredns/Corefile",
) -> Corefile:
    """Parse a Corefile; raises CorefileError where CoreDNS would refuse it.

    `environment` and `files` (absolute path to text) are CoreDNS's; None says that they were not read: then what
    refers to them is listed under `unread`, and the variable stays as it is written.
    """
    return _Parser(environment, files, file).run(text)


Words = dict[str, list[Token]]
"""The words of a server block by plugin, each with the plugin's own name first."""


def words(text: str, file: str = "/etc/coredns/Corefile") -> tuple[tuple[tuple[str, ...], Words], ...] | None:
    """Keys and words of each server block, as CoreDNS holds them; None where variables or files decide of them.

    Raises CorefileError.
    """
    parser = _Parser(None, None, file)
    parsed = parser.run(text)
    if parsed.unread:
        return None
    return tuple((block.keys, found) for block, found in zip(parsed.blocks, parser.words, strict=True))


class _Parser:
    def __init__(self, environment: Mapping[str, str] | None, files: Mapping[str, str] | None, file: str) -> None:
        self.environment = environment
        self.files = files
        self.file = file
        self.pending: list[Token] = []  # what is still to come, the next one last
        self.last: Token | None = None
        self.snippets: dict[str, list[Token]] = {}
        self.imports = 0
        self.taken = 0
        self.unread: dict[Unread, None] = {}
        self.words: list[Words] = []  # of the blocks that stand, and last of the one that is read

    def run(self, text: str) -> Corefile:
        self.pending = list(lexer.tokens(text))[::-1]
        blocks: list[ServerBlock] = []
        while self.pending:
            block = self._block()
            if block is not None:
                blocks.append(block)
        return Corefile(tuple(blocks), tuple(self.unread), self.file)

    def _peek(self) -> Token | None:
        return self.pending[-1] if self.pending else None

    def _take(self) -> Token:
        self.taken += 1
        if self.taken > MAX_TOKENS:
            raise self._error("more words than any Corefile has")
        self.last = self.pending.pop()
        return self.last

    def _error(self, message: str, at: Token | None = None) -> CorefileError:
        where = at or self.last
        return CorefileError(message, where.line if where else 1, (where.file if where else "") or self.file)

    def _unexpected(self, expected: str) -> CorefileError:
        where = self.last
        line, text = (where.line, where.text) if where else (0, "")
        error = self._error(f"Unexpected token '{text}', expecting '{expected}'")
        error.args = (f"{error.file}:{line} - Syntax error: {error.message}",)
        return error

    def _starts_line(self, token: Token) -> bool:
        """Whether the token stands on another line than the one before it."""
        return self.last is None or not _same_line(self.last, token, below=True)

    def _block(self) -> ServerBlock | None:
        first = self.pending[-1]
        keys = self._keys()
        if len(keys) == 1 and keys[0].startswith("(") and keys[0].endswith(")") and self.pending:
            self._snippet(keys[0][1:-1])
            return None
        self.words.append({})
        plugins = self._plugins() if self.pending else []
        if not keys:
            self.words.pop()
            return None
        return ServerBlock(tuple(keys), origins_of(keys), tuple(plugins), first.line)

    def _keys(self) -> list[str]:
        """The zones before the block: up to the brace, or to the end of the line without a trailing comma."""
        keys: list[str] = []
        more = False
        while (token := self._peek()) is not None:
            text = self._expanded(token)
            if text == "import" and self._starts_line(token):
                self._import()
                continue
            if text == "{":
                if more:
                    raise self._error(f"Expected another address but had '{text}' - check for extra comma", token)
                return keys
            self._take()
            if text:
                more = text.endswith(",")
                keys.append(text.removesuffix(","))
            following = self._peek()
            if following is not None and not more and self._starts_line(following):
                return keys
        if more:
            raise self._error("Unexpected EOF")
        return keys

    def _snippet(self, name: str) -> None:
        if name in self.snippets:
            raise self._error(f"redeclaration of previously declared snippet {name}")
        opening = self._take()
        if opening.text != "{":
            raise self._unexpected("{")
        body: list[Token] = []
        depth = 1
        while self.pending:
            token = self._take()
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if not depth:
                break
            body.append(token)
        if depth:
            raise self._unexpected("}")
        self.snippets[name] = body

    def _plugins(self) -> list[Plugin]:
        braces = self.pending[-1].text == "{"
        if braces:
            self._take()
        plugins: list[Plugin] = []
        while (token := self._peek()) is not None:
            if token.text == "}":
                self._take()
                return plugins
            if token.text == "import":
                self._import()
                continue
            plugins.append(self._plugin())
        if braces and (self.last is None or self.last.text != "}"):
            raise self._unexpected("}")  # a plugin's brace at the very end passes for the block's, in CoreDNS too
        return plugins

    def _plugin(self) -> Plugin:
        """A plugin's words go to the end of the line, and through the braces that are open there."""
        first = self._take()
        words: list[Token] = []
        nesting = 0
        while (token := self._peek()) is not None:
            if token.text == "{":
                nesting += 1
            elif not nesting and self._starts_line(token):
                break
            elif token.text == "}":
                if not nesting:
                    raise self._error("Unexpected '}' because no matching opening brace", token)
                nesting -= 1
            elif token.text == "import" and self._starts_line(token):
                self._import()
                continue
            text = self._expanded(self._take())
            words.append(Token(text, token.line, token.file, text.count("\n")))
            self.last = words[-1]  # lines are counted in the expanded text
        if nesting:
            raise self._error("Unexpected EOF")
        name = self._expanded(first)
        self.words[-1].setdefault(name, []).extend([first, *words])
        return _plugin_of(name, first, words, self)

    def _import(self) -> None:
        """Replace `import NAME` by the snippet's words, or the files'."""
        before = self.last
        directive = self._take()
        argument = self._peek()
        if argument is None or not _same_line(directive, argument):
            raise self._error("Wrong argument count or unexpected line ending after 'import'")
        name = self._expanded(self._take())
        if not name:
            raise self._error("Import requires a non-empty filepath")
        following = self._peek()
        if following is not None and _same_line(argument, following):
            raise self._error("Import takes only one argument (glob pattern or file)", following)
        self.imports += 1
        if self.imports > MAX_IMPORTS or len(self.pending) > MAX_TOKENS:
            raise self._error(f"maximum snippet import depth ({MAX_IMPORTS}) exceeded")
        body = self.snippets.get(name)
        self.pending += reversed(self._files(name, argument) if body is None else body)
        self.last = before

    def _files(self, name: str, at: Token) -> list[Token]:
        pattern = posixpath.join(posixpath.dirname(at.file or self.file), name)
        if pattern.count("*") > 1 or pattern.count("?") > 1 or ("[" in pattern and "]" in pattern):
            said = f"Glob pattern may only contain one wildcard (*), but has others: {pattern}"
            raise self._error(said, at)
        if self.files is None:
            self.unread[Unread("file", pattern, at.line)] = None
            return []
        matching = sorted(path for path in self.files if _matches(path, pattern))
        if not matching and not any(one in pattern for one in "*?[]"):
            raise self._error(f"File to import not found: {name}", at)
        return [token for path in matching for token in lexer.tokens(self.files[path], path)]

    def _expanded(self, token: Token) -> str:
        """With environment variables in place, {%NAME%} first and {$NAME} after."""
        return self._replaced(self._replaced(token.text, "{%", "%}", token.line), "{$", "}", token.line)

    def _replaced(self, text: str, opening: str, closing: str, line: int) -> str:
        """As CoreDNS does it: at a reference without a name or an end it stops, and leaves the rest as it is."""
        at = 0
        while (start := text.find(opening, at)) != -1:
            name_at = start + len(opening)
            end = text.find(closing, start)
            if end <= name_at:
                break
            reference, name = text[start : end + len(closing)], text[name_at:end]
            if self.environment is None:
                self.unread[Unread("variable", name, line)] = None
                at = start + len(reference)
                continue
            value = self.environment.get(name, "")
            text = text.replace(reference, value)
            at = start + len(value)
        return text


def _matches(path: str, pattern: str) -> bool:
    return path == pattern or (
        path.count("/") == pattern.count("/") and PurePosixPath(path).match(posixpath.normpath(pattern))
    )


def _same_line(one: Token, other: Token, below: bool = False) -> bool:
    """`below`: a token further up counts as on the same line, as it does where a snippet was put in."""
    if one.file != other.file:
        return False
    end = one.line + one.breaks
    return end >= other.line if below else end == other.line


def _plugin_of(name: str, first: Token, words: list[Token], parser: _Parser) -> Plugin:
    """Split a plugin's words into arguments and properties, as CoreDNS's dispenser hands them out."""
    reader = _Reader([first, *words], parser)
    args = reader.arguments()
    return Plugin(name, args, first.line, reader.properties(), words[-1].line if words else first.line)


class _Reader:
    """Hands out words line by line. Like CoreDNS's it takes a closing brace behind other words for one of them."""

    def __init__(self, words: list[Token], parser: _Parser) -> None:
        self.words = words
        self.parser = parser
        self.at = 0

    def arguments(self) -> tuple[str, ...]:
        """The words after the current one on its line, up to an opening brace."""
        found: list[str] = []
        while self._next_is_on_line() and self.words[self.at + 1].text != "{":
            self.at += 1
            found.append(self.words[self.at].text)
        return tuple(found)

    def properties(self, depth: int = 0) -> tuple[Property, ...]:
        if depth > MAX_NESTING:
            raise self.parser._error("braces too deep", self.words[self.at])
        if not self._next_is_on_line() or self.words[self.at + 1].text != "{":
            return ()
        self.at += 1
        found: list[Property] = []
        while self.at + 1 < len(self.words):
            self.at += 1
            word = self.words[self.at]
            if word.text == "}":
                break
            found.append(Property(word.text, self.arguments(), word.line, self.properties(depth + 1)))
        return tuple(found)

    def _next_is_on_line(self) -> bool:
        return self.at + 1 < len(self.words) and _same_line(self.words[self.at], self.words[self.at + 1])

"""From argv to an exit code. Every way out is one line on stderr and a code of the contract, never a traceback."""

from __future__ import annotations

import io
import os
import sys
from itertools import pairwise

import click

from netdoc.cli.exits import Exit, Failure
from netdoc.cli.group import root

_BROKEN_PIPE = 141  # 128 + SIGPIPE


def run(argv: list[str]) -> int:
    name = _called_as(argv[0])
    _speak_utf8()
    try:
        result = root.main(_arguments(argv[1:]), prog_name=name, standalone_mode=False)
        return int(result) if isinstance(result, int) else Exit.OK
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return Exit.USAGE
    except click.ClickException as error:
        return _said(name, _one_line(error), Exit.USAGE)
    except Failure as failure:
        return _said(name, str(failure), failure.code)
    except (BrokenPipeError, SystemExit):  # click makes an exit of a broken pipe
        return _unheard()
    except Exception as error:  # a mistake of ours: said in one line, and in full to who asks for it
        if os.environ.get("NETDOC_DEBUG"):
            raise
        return _said(name, f"internal error, NETDOC_DEBUG=1 tells where: {type(error).__name__}: {error}", Exit.UNKNOWN)


def _unheard() -> int:
    """The reader went away (`| head`). As the shell has it of kubectl, whom SIGPIPE ends: never a quiet 0.

    Nobody is left to tell, and Python must not try when it flushes.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _BROKEN_PIPE


def _speak_utf8() -> None:
    """Reports hold signs that not every locale has; a terminal that cannot show one shows another in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _called_as(path: str) -> str:
    """As kubectl calls its plugins, so do its users: `kubectl netdoc`."""
    return "kubectl netdoc" if os.path.basename(path).startswith("kubectl-") else "netdoc"


def _arguments(arguments: list[str]) -> list[str]:
    """`--demo` takes its value only behind `=`; alone it means the healthy network.

    Raises Failure for a scenario that stands behind a space: it would be taken for the target.
    """
    ends = arguments.index("--") if "--" in arguments else len(arguments)
    for before, word in pairwise(arguments[:ends]):
        if before == "--demo" and not word.startswith("-") and _is_scenario(word):
            raise Failure(f"{word} is a scenario of the demo, and would be the target here", f"write --demo={word}")
    return ["--demo=healthy" if one == "--demo" and at < ends else one for at, one in enumerate(arguments)]


def _is_scenario(word: str) -> bool:
    from netdoc.demo import assemble

    return word in assemble.scenario_ids()


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split()).rstrip(".")
    context: click.Context | None = getattr(error, "ctx", None)
    if context is None:
        return message
    if message.startswith("No such command") and isinstance(context.command, click.Group):
        return _no_command(message.partition("'")[2].partition("'")[0], context, context.command)
    joint = " See" if message.endswith("?") else "; see"
    return f"{message}{joint} {context.command_path} --help"


def _no_command(typed: str, context: click.Context, group: click.Group) -> str:
    import difflib

    names = group.list_commands(context)
    near = difflib.get_close_matches(typed, names, n=1)
    mend = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(names)}"
    return f'{context.command_path} has no command "{typed}"; {mend}'


def _said(name: str, message: str, code: Exit) -> int:
    from netdoc.journal.redaction import text
    from netdoc.report.inert import line

    sys.stdout.flush()
    print(f"{name}: {line(text(message))}", file=sys.stderr)
    return code

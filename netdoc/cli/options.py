"""The options that commands share, and what they say as data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from netdoc.cli.durations import Duration
from netdoc.cli.exits import Failure

if TYPE_CHECKING:  # every word of help loads the options: they must not bring the ports along
    from netdoc.ports.vantage import Consent

F = TypeVar("F", bound=Callable[..., Any])
Options = Callable[[F], F]


class WhereOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cluster is, as kubectl's flags say it, or a snapshot, or the demo."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    all_namespaces: bool = False
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    request_timeout: timedelta = timedelta(seconds=10)
    snapshot: str = ""
    demo: str = ""


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run goes, and what ends it badly."""

    timeout: timedelta = timedelta(seconds=30)
    since: timedelta = timedelta(hours=2)
    repeat: int = 3
    fail_on: str = "error"
    require_measured: bool = False
    no_journal: bool = False
    consents: tuple[Consent, ...] = ()


class QuestionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a question is asked that has an answer and no report: how long, and what is said beside it."""

    timeout: timedelta = timedelta(seconds=30)
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False


class OutputOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the report goes, in which formats."""

    outputs: tuple[tuple[str, str], ...] = (("table", ""),)
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    redact: str = "secrets"


def _stack(*options: Options[Any]) -> Options[Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _option(*names: str, **settings: Any) -> Options[Any]:
    """An option that `NETDOC_NAME` in the environment sets too."""
    long = next(name for name in names if name.startswith("--")).split("/")[0]
    variable = "NETDOC_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=variable, show_envvar=False, **settings)


def completed(name: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """What a shell offers for a value: one of netdoc.cli.completing, which is imported on a Tab alone."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[Any]:
        from netdoc.cli import completing

        offered: list[Any] = getattr(completing, name)(context, parameter, typed)
        return offered

    return complete


target_argument = click.argument("target", required=False, default=None, shell_complete=completed("target"))
from_option = click.option(
    "--from", "sources", metavar="SOURCE", multiple=True, help="Who calls; may repeat.",
    shell_complete=completed("source"),
)  # fmt: skip
run_argument = click.argument("run", shell_complete=completed("run"))

playbooks_option = _option("--playbooks", metavar="DIR", default="", help="A folder with playbooks of your own.")

where_options = _stack(
    _option(
        "--context",
        metavar="NAME",
        default="",
        help="Context of the kubeconfig.",
        shell_complete=completed("kube_context"),
    ),
    _option("--kubeconfig", metavar="FILE", default="", help="Kubeconfig file (default: KUBECONFIG, ~/.kube/config)."),
    _option(
        "-n",
        "--namespace",
        metavar="NAME",
        default="",
        help="Namespace of names that carry none.",
        shell_complete=completed("namespace"),
    ),
    _option("-A", "--all-namespaces", is_flag=True, help="All namespaces, where a command reads many objects."),
    _option("--as", "as_user", metavar="USER", default="", help="Impersonate a user."),
    _option("--as-group", "as_groups", metavar="GROUP", multiple=True, help="Impersonate a group; may repeat."),
    _option("--request-timeout", type=Duration(), default="10s", show_default=True, help="Limit of one API request."),
    _option("--snapshot", metavar="PATH", default="", help="Read a snapshot instead of a cluster."),
    _option("--demo", metavar="[=SCENARIO]", default="", help="Use the embedded network, healthy or broken."),
)  # fmt: skip

fail_on_option = _option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="What makes the exit code 1.",
)

verdict_options = _stack(
    fail_on_option,
    _option("--require-measured", is_flag=True, help="Exit 3 where no packet was sent."),
)

_timeout_option = _option(
    "--timeout", type=Duration(), default="30s", show_default=True, help="Limit of the whole run; 0 for none."
)


def _message_options(**settings: Any) -> Options[Any]:
    choice = click.Choice(["auto", "always", "never"])
    return _stack(
        _option("--color", type=choice, default="auto", help="Colour on a terminal.", **settings),
        _option("-q", "--quiet", is_flag=True, help="No progress and no notes on stderr.", **settings),
        _option("-v", "--verbose", is_flag=True, help="Say on stderr what is asked of the cluster.", **settings),
    )


question_options = _stack(_timeout_option, _message_options())
"""For a command that asks a cluster and makes no report: see `question`."""

message_options = _message_options()
"""For the app, which says nothing beside its screen: of these its colour is its own."""

list_options = _message_options(expose_value=False)
"""For a command that asks no cluster and says nothing beside its list: taken, so that a script may always give them."""

run_options = _stack(
    _timeout_option,
    _option("--since", type=Duration(), default="2h", show_default=True, help="How far back changes count."),
    _option("--repeat", type=click.IntRange(1, 1000), default=3, show_default=True, help="Tries of a measurement."),
    fail_on_option,
    _option("--require-measured", is_flag=True, help="Exit 3 where no packet was sent."),
    _option("--no-journal", is_flag=True, help="Keep no record of the run on disk."),
    _option("--exec", "exec_", is_flag=True, help="Measure in the source's containers, by their own tools."),
    _option("--port-forward", is_flag=True, help="Ask pods through tunnels, each by itself."),
    _option("--probe", is_flag=True, help="Create test pods (later version)."),
)

output_options = _stack(
    _option("-o", "--output", "outputs", metavar="FORMAT[=FILE]", multiple=True,
            help="table, short, json, jsonl, yaml, markdown ...; may repeat.", shell_complete=completed("output")),
    _option("--redact", type=click.Choice(["secrets", "addresses", "all"]), default="secrets",
            help="What is taken out of reports."),
    _message_options(),
)  # fmt: skip

_CONSENTS: dict[str, Consent] = {"exec_": "exec", "port_forward": "port-forward"}


def where(given: dict[str, Any], *, many: bool = False) -> WhereOptions:
    """Takes the where options out of a command's arguments; `many` where it reads all that is in a namespace.

    Raises Failure for -A where names are asked for, as kubectl does; where it means something it wins over -n.
    """
    options = WhereOptions(**{name: given.pop(name) for name in WhereOptions.__struct_fields__ if name in given})
    if options.all_namespaces:
        if not many:
            raise Failure(
                "-A has no meaning here: names are looked for in one namespace", "name another as in svc/web.shop"
            )
        options = msgspec.structs.replace(options, namespace="")
    chosen = [name for name in ("snapshot", "demo", "context") if getattr(options, name)]
    if len(chosen) > 1:
        raise Failure(f"--{chosen[0]} and --{chosen[1]} name different clusters", "give one of them")
    return options


def question(given: dict[str, Any]) -> QuestionOptions:
    """Takes the question options out."""
    return QuestionOptions(**{name: given.pop(name) for name in QuestionOptions.__struct_fields__})


def consents(given: dict[str, Any]) -> tuple[Consent, ...]:
    """Takes the consents out."""
    return tuple(consent for name, consent in _CONSENTS.items() if given.pop(name, False))


def run(given: dict[str, Any]) -> RunOptions:
    if given.pop("probe", False):
        raise Failure("--probe is not in this version: test pods come with a later one")
    agreed = consents(given)
    chosen = {name: given.pop(name) for name in RunOptions.__struct_fields__ if name in given}
    return RunOptions(**chosen, consents=agreed)


def output(given: dict[str, Any], formats: tuple[str, ...]) -> OutputOptions:
    """Takes the output options out; `formats` are those that the command can write."""
    outputs = tuple(_output(text, formats) for text in given.pop("outputs", ())) or (("table", ""),)
    if sum(1 for _, file in outputs if not file) > 1:
        raise Failure("two formats cannot share stdout", "send one to a file: -o json=report.json")
    options = OutputOptions(outputs=outputs, **{n: given.pop(n) for n in ("color", "quiet", "verbose", "redact")})
    if options.redact != "secrets":
        raise Failure(f"--redact {options.redact} is not in this version", "secrets are taken out always")
    return options


def _output(text: str, formats: tuple[str, ...]) -> tuple[str, str]:
    format_, equals, file = text.partition("=")
    if format_ not in formats:
        raise Failure(f'-o {text}: there is no format "{format_}"', f"formats are {', '.join(formats)}")
    if equals and not file:
        raise Failure(f"-o {text}: no file is named behind =")
    return format_, file

"""What may stand at a place of the command line. Asked on every Tab: quick, silent, and never an error."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from netdoc.cli.options import WhereOptions

DEADLINE = 2.0
"""Seconds that a Tab may take to ask a cluster. Later the shell has nothing to offer."""

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_OTHER_SOURCES = ("internet", "here")


def target(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """`svc/`, then the names of that kind in the namespace typed so far, then `.NAMESPACE`."""
    return _items(_targets(context, typed), typed)


def source(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return _items([*_targets(context, typed), *_OTHER_SOURCES], typed)


def namespace(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return _items(_names(context, "ns", ""), typed)


def kube_context(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return _items(_contexts(context.params.get("kubeconfig") or ""), typed)


def explained(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Codes, checks and playbooks."""
    from netdoc.engine.plugins import listed
    from netdoc.model.codes import known_codes

    plugins = [entry.id for group in ("netdoc.checks", "netdoc.playbooks") for entry in listed(group)]
    return _items([*known_codes(), *plugins], typed)


def playbook(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from netdoc.engine.playbooks.find import sources

    return _items(sources(context.params.get("playbooks") or ""), typed)


def run(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from netdoc.journal.place import runs

    return _items(["latest", *runs()], typed)


def scenario(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from netdoc.demo import assemble

    return _items(assemble.scenario_ids(), typed)


def output(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    from netdoc.report import FORMATS

    return _items(FORMATS, typed)


def for_kubectl(words: list[str]) -> list[str]:
    """The words that may stand in the place of the last one, and kubectl's directive: no files (cobra's 4)."""
    from click.shell_completion import ShellComplete

    from netdoc.cli.exits import Failure
    from netdoc.cli.group import root

    *before, typed = words or [""]
    try:
        offered = ShellComplete(root, {}, "netdoc", "").get_completions(before, typed)
    except (Failure, click.ClickException):
        offered = []
    return [one.value for one in offered if one.type == "plain"] + [":4"]


def _items(values: Iterable[str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(value) for value in sorted(set(values)) if value.startswith(typed)]


def _targets(context: click.Context, typed: str) -> list[str]:
    from netdoc.path.kinds import NAMED

    kind, slash, name = typed.partition("/")
    if not slash:
        return [f"{one.aliases[0]}/" for one in NAMED if one.projection is not None]
    place = context.params.get("namespace") or ""
    first, dot, _ = name.rpartition(".")
    if dot:
        return [f"{kind}/{first}.{one}" for one in _names(context, "ns", "")]
    return [f"{kind}/{one}" for one in _names(context, kind, place)]


def _names(context: click.Context, kind: str, place: str) -> list[str]:
    """Names from the cluster; none where it does not answer in time, or may not be asked."""
    try:
        return asyncio.run(asyncio.wait_for(_asked(context.params, kind, place), DEADLINE))
    except Exception:  # whatever is wrong, a Tab is not the place to say it
        return []


async def _asked(given: dict[str, Any], kind: str, place: str) -> list[str]:
    from netdoc.path.kinds import BY_ALIAS

    named = BY_ALIAS.get(kind)
    if named is None or named.projection is None:
        return []
    cluster = await _opened(given)
    try:
        within = (place or cluster.where.namespace) if named.projection.KIND.namespaced else ""
        return [one.name for one in (await cluster.list(named.projection, within)).items]
    finally:
        await cluster.close()


async def _opened(given: dict[str, Any]) -> Any:
    """The cluster that is typed so far; of a live one the metadata alone are asked for."""
    from netdoc.cli.sources import open_cluster

    fields = WhereOptions.__struct_fields__
    where = WhereOptions(**{name: value for name, value in given.items() if name in fields and value})
    return await open_cluster(where, "completion", metadata_only=True)


def _contexts(kubeconfig: str) -> list[str]:
    import yaml

    names: list[str] = []
    paths = [kubeconfig] if kubeconfig else os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)
    for path in paths:
        try:
            loaded = yaml.load(
                Path(path).expanduser().read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            )
            names += [str(one["name"]) for one in loaded["contexts"]]
        except (OSError, yaml.YAMLError, TypeError, KeyError):
            continue
    return names

"""netdoc rbac: the least that netdoc must be allowed to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli.exits import Failure
from netdoc.engine.check import Check
from netdoc.engine.plugins import all_checks
from netdoc.engine.reads import Rule, rules_for
from netdoc.path.kinds import nearest


@click.command()
@click.option("--check", "chosen", metavar="ID", multiple=True, help="Only this check; may repeat. Default: all.")
@click.option("-n", "--namespace", metavar="NAME", default="", help="A Role there for what stands in namespaces.")
@click.option("--name", default="netdoc", show_default=True, help="Name of the roles.")
@click.option("-o", "--output", "format_", type=click.Choice(["yaml", "json"]), default="yaml", help="How to print it.")
def rbac(chosen: tuple[str, ...], namespace: str, name: str, format_: str) -> None:
    """Prints the least ClusterRole that the checks need; no Secret is in it.

    \b
    netdoc rbac | kubectl apply -f -
    netdoc rbac -n shop        # a Role in shop, and a ClusterRole for nodes and other things outside namespaces
    """
    documents = list(_documents(rules_for(_checks(chosen)), namespace, name))
    if format_ == "json":
        listed = {"apiVersion": "v1", "kind": "List", "items": documents}
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2))
        return
    click.echo("---\n".join(msgspec.yaml.encode(one).decode() for one in documents), nl=False)


def _checks(chosen: tuple[str, ...]) -> list[Check]:
    installed = {one.id: one for one in all_checks() if isinstance(one, Check)}
    for id_ in chosen:
        if id_ not in installed:
            near = nearest(id_, installed, most=1)
            raise Failure(f'there is no check "{id_}"', f'did you mean "{near[0]}"?' if near else "see netdoc checks")
    return [check for id_, check in installed.items() if not chosen or id_ in chosen]


def _documents(rules: tuple[Rule, ...], namespace: str, name: str) -> Iterable[dict[str, Any]]:
    if not namespace:
        yield _role("ClusterRole", {"name": name}, rules)
        return
    yield _role("Role", {"name": name, "namespace": namespace}, [one for one in rules if one.namespaced])
    yield _role("ClusterRole", {"name": name}, [one for one in rules if not one.namespaced])


def _role(kind: str, metadata: dict[str, str], rules: Iterable[Rule]) -> dict[str, Any]:
    """One rule for each set of verbs within a group, as people write roles."""
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for rule in rules:
        together.setdefault((rule.group, rule.verbs), []).append(rule.resource)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata,
        "rules": [
            {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
            for (group, verbs), resources in together.items()
        ],
    }

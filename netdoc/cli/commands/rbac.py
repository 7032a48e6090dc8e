"""netdoc rbac: the least that netdoc must be allowed to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.consents import RULES
from netdoc.cli.exits import Failure
from netdoc.cli.reading import ask
from netdoc.engine.check import Check
from netdoc.engine.plugins import all_checks
from netdoc.engine.reads import Rule, readers_of_secrets, rules_for, secrets_for
from netdoc.model.target import SourceSpec, Target
from netdoc.path import TargetError, parse_source, parse_target
from netdoc.path.kinds import nearest
from netdoc.report.inert import line


@click.command()
@click.option("--check", "chosen", metavar="ID", multiple=True, help="Only this check; may repeat. Default: all.")
@click.option("--target", metavar="TARGET", default="", help="With the Secrets that are read for this target, by name.")
@options.from_option
@click.option("--exec", "exec_", is_flag=True, help="With what --exec needs: to run tools in containers.")
@click.option("--port-forward", is_flag=True, help="With what --port-forward needs: to open tunnels to pods.")
@click.option("--name", default="netdoc", show_default=True, help="Name of the roles.")
@click.option("-o", "--output", "format_", type=click.Choice(["yaml", "json"]), default="yaml", help="How to print it.")
@options.where_options
@options.question_options
def rbac(chosen: tuple[str, ...], target: str, sources: tuple[str, ...], name: str, format_: str, **given: Any) -> None:
    """Prints the least ClusterRole that the checks need; it only reads, and no Secret is in it.

    \b
    netdoc rbac | kubectl apply -f -
    netdoc rbac -n shop                   # a Role in shop, and a ClusterRole for what is outside namespaces
    netdoc rbac --target svc/web.shop     # and a Role with the names of the Secrets that the checks read for it
    netdoc rbac --exec --port-forward     # for those who may consent to measuring
    """
    where, how = options.where(given, many=True), options.question(given)
    checks = _checks(chosen)
    rules = (*rules_for(checks), *(RULES[one] for one in options.consents(given)))
    documents = list(_documents(rules, where.namespace, name))
    asked = _asked(target, sources) if target else None
    readers = readers_of_secrets(checks)
    if asked and readers:
        secrets = ask(where, how, "rbac", lambda cluster: secrets_for(cluster, *asked, readers))
        documents += [_secret_role(namespace, names, name) for namespace, names in secrets.items()]
    if format_ == "json":
        listed = {"apiVersion": "v1", "kind": "List", "items": documents}
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2))
        return
    if target and not readers:
        click.echo(f"# No installed check reads Secrets: {line(target)} needs no more than this.")
    click.echo("---\n".join(msgspec.yaml.encode(one).decode() for one in documents), nl=False)


def _asked(target: str, sources: tuple[str, ...]) -> tuple[Target, tuple[SourceSpec, ...]]:
    """Raises Failure for what does not parse."""
    try:
        return parse_target(target), tuple(parse_source(one) for one in sources)
    except TargetError as error:
        raise Failure(str(error), error.mend) from error


def _secret_role(namespace: str, names: list[str], name: str) -> dict[str, Any]:
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": names, "verbs": ["get"]}
    return _manifest("Role", {"name": f"{name}-secrets", "namespace": namespace}, [rule])


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
    rules_ = [
        {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
        for (group, verbs), resources in together.items()
    ]
    return _manifest(kind, metadata, rules_)


def _manifest(kind: str, metadata: dict[str, str], rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": rules}

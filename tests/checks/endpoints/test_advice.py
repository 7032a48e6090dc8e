"""Who owns an object is read from marks that only the owner sets, and is said where a live change would be undone."""

from __future__ import annotations

import pytest

from netdoc.api import kube
from netdoc_checks.endpoints.advice import managed_by
from tests.checks.endpoints.build import (
    Manifest,
    ago,
    behind,
    container,
    crashing,
    diagnose,
    replica_set,
    service,
    typed,
    workload,
)

TRACKED = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}
KUSTOMIZED = {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux"}}
RELEASED = {"annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}}


def wrote(manager: str, subresource: str = "") -> Manifest:
    return {"managedFields": [{"manager": manager, "subresource": subresource, "fieldsV1": {}}]}


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({}, None),
        (TRACKED, "argocd"),
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "argocd"),
        (wrote("argocd-controller"), "argocd"),
        (wrote("argocd-controller", "status"), None),
        ({"labels": {"app.kubernetes.io/instance": "shop"}}, None),  # Helm charts and people set it as well
        (KUSTOMIZED, "flux"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "web"}, **RELEASED}, "flux"),  # Helm by Flux's hand
        ({"labels": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}, None),
        (RELEASED, "helm"),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "helm"),
        ({"labels": {"app.kubernetes.io/managed-by": "kustomize"}}, None),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}, **TRACKED}, "argocd"),  # Argo CD renders charts
        (wrote("kubectl-client-side-apply"), None),
    ],
)
def test_the_owner_is_proven(metadata: Manifest, owner: str | None) -> None:
    assert managed_by(typed(workload(metadata=metadata), kube.Deployment)) == owner
    assert managed_by(typed(service(metadata=metadata), kube.Service)) == owner


@pytest.mark.parametrize(
    ("metadata", "owner", "words"),
    [
        ({}, None, ""),
        (TRACKED, "argocd", "Argo CD puts the new revision back unless automated sync is off"),
        (KUSTOMIZED, "flux", "Flux puts the new revision back unless it is suspended"),
        (RELEASED, "helm", "the next helm upgrade puts the new revision back"),
    ],
)
async def test_a_roll_back_names_the_owner_in_words_and_command(
    metadata: Manifest, owner: str | None, words: str
) -> None:
    deployment = workload(metadata=metadata)
    sets = [replica_set(deployment, at, container(image=f"web:{at}"), made=ago(hours=9 - at)) for at in (3, 7)]
    told = await diagnose(*behind(service(), crashing(owner=sets[1])), deployment, *sets)
    root = told.roots[0]
    assert (root.code, root.fix.managed_by if root.fix else None) == ("workload.new-revision-failing", owner)
    assert root.mitigation is not None
    (command,) = root.mitigation.commands
    undo, _, comment = command.partition("  # ")
    assert undo == "kubectl --context test -n shop rollout undo deployment/web --to-revision=3"
    assert comment == words
    assert root.mitigation.summary == "go back to revision 3" + (f"; {owner} owns it: {words}" if owner else "")

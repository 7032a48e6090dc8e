"""Who wrote a pasted line: the pod that a log's prefix or a field of it names. A guess, and handed on as one."""

from __future__ import annotations

import re

from netdoc.model.target import SourceSpec, Target

_POD = r"(?P<pod>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
_SPACE = r"(?P<namespace>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"  # what names are generated from (k8s.io/apimachinery/pkg/util/rand)

_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\[pod/{_POD}/[a-z0-9-]{{1,63}}\]",  # kubectl logs --prefix
        rf"/var/log/containers/{_POD}_{_SPACE}_[a-z0-9-]{{1,63}}-[0-9a-f]",  # kubelet's files
        rf"/var/log/pods/{_SPACE}_{_POD}_[0-9a-f-]{{1,64}}/",
        rf"\bpod[\"']?\s?[=:]\s?[\"']?{_SPACE}/{_POD}",  # klog.KObj
        rf"\b(?:pod|pod_?name|podName|k8s[._]pod[._]name)[\"']?\s?[=:]\s?[\"']?{_POD}(?![a-z0-9./_(-])",
        rf"\bpod/{_POD}",
        # stern, which with -A tells the namespace first
        rf"^(?:{_SPACE} )?(?:› )?(?P<pod>[a-z0-9-]{{1,250}}-{_SAFE}{{5}}) [a-z0-9-]{{1,63}} ",
        rf"(?<![\w./:-])(?P<pod>[a-z0-9](?:[a-z0-9-]{{0,240}}[a-z0-9])?-{_SAFE}{{6,10}}-{_SAFE}{{5}})(?![\w./:-])",
    )
)
_NAMESPACE = re.compile(
    rf"\b(?:namespace|namespace_?name|k8s[._]namespace[._]name|pod_?namespace|ns)[\"']?\s?[=:]\s?[\"']?{_SPACE}(?![\w-])"
)
# The kubelet's and the scheduler's lines name the pod that they speak of.
_ABOUT = re.compile(r"\b(?:probe failed|probe errored|failed to sync|back-off|failedscheduling)\b", re.IGNORECASE)


def caller_of(text: str) -> tuple[str, str]:
    """(pod, namespace) of the writer of a line, each "" where the line does not tell."""
    if _ABOUT.search(text):
        return "", ""
    for form in _FORMS:
        if (match := form.search(text)) is not None:
            part = match.groupdict()
            return part["pod"] or "", part.get("namespace") or _namespace(text)
    return "", ""


def _namespace(text: str) -> str:
    match = _NAMESPACE.search(text)
    return match["namespace"] if match else ""


def guessed_source(target: Target) -> SourceSpec | None:
    """The source that a pasted line lets guess; its `input` says that it is a guess."""
    error = target.error
    if error is None or not error.pod:
        return None
    where = f".{error.namespace}" if error.namespace else ""
    return SourceSpec(
        input=f"pod/{error.pod}{where} (guessed from the pasted line)",
        kind="Pod",
        name=error.pod,
        namespace=error.namespace,
        exact=bool(error.namespace),
        guessed=True,
    )

"""Every finding code is explained, in words that fit on a line, with commands that only read."""

from __future__ import annotations

import builtins
import io
import re
import shlex
from importlib import resources
from typing import Any

import msgspec
import pytest

from netdoc.model import explanations
from netdoc.model.codes import known_codes
from netdoc.model.explanations import Explanation, explanation

CODES = sorted(known_codes())

# What may begin a command, or stand behind a pipe, `--`, `sudo`, `ssh NODE`. All of it only reads.
KUBECTL = {"get", "describe", "logs", "events", "auth", "top", "rollout", "exec", "version", "api-resources", "config"}
QUESTIONS = {
    "auth": {"can-i", "whoami"},
    "rollout": {"history", "status"},
    "config": {"view", "current-context", "get-contexts"},
}
KUBERNETES = {"kubectl", "cmctl", "linkerd", "istioctl", "calicoctl", "crictl"}
NETWORK = {"dig", "curl", "openssl", "nc", "ip", "ss", "nstat", "ping", "arping", "tracepath", "traceroute", "mtr"}
NODE = {"conntrack", "nft", "iptables-save", "bridge", "ethtool", "tc", "sysctl", "journalctl", "chronyc", "date"}
CAPTURE = {"tcpdump", "tshark", "capinfos"}
TEXT = {"cat", "ls", "env", "grep", "wc", "base64", "sha256sum"}
READERS = KUBERNETES | NETWORK | NODE | CAPTURE | TEXT
# Words that would change something wherever they stand, and options that would in one program.
WRITES = re.compile(
    r"\b(delete|apply|patch|edit|scale|create|replace|annotate|label|drain|cordon|uncordon|taint|restart|undo|rm|kill|"
    r"flush|renew|approve|deny|install|upgrade|uninstall|rollback|autoscale|debug|run|attach|cp|add|del|set)\b|>"
)
WRITING_OPTIONS = {
    "conntrack": {"-D", "-F", "-I", "-U", "--delete", "--flush"},
    "curl": {"-X", "--request", "-d", "--data", "-T", "--upload-file", "-F", "-O"},
    "nft": {"-f"},
    "sysctl": {"-w", "-p"},
    "tcpdump": {"-w"},
    "tshark": {"-w"},
}
# A sentence may begin with the name of a field, a program or a project, which is written as it is.
NAME = re.compile(r"(netdoc|kubectl|curl|dig|ndots|selector|status|spec|policy)\b|[a-z]+([A-Z]|[-.][a-z])")
KUBECTL_VALUED = {"-n", "--namespace", "--context", "--as", "--as-group"}


def entry(code: str) -> Explanation:
    found = explanation(code)
    assert found is not None, f"{code} has no explanation"
    return found


def texts(of: Explanation) -> list[str]:
    return [of.meaning, of.proof, of.mend, *(c.tell for c in of.confused), *(c.with_ for c in of.confused)]


def segments(command: str) -> list[list[str]]:
    """The programs that a line starts: `a | ssh NODE sudo b` is a and b."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[list[str]] = [[]]
    for token in lexer:
        if set(token) <= set("|;&"):
            words.append([])
        else:
            words[-1].append(token)
    return [inner for part in words for inner in unwrap(part)]


def unwrap(words: list[str]) -> list[list[str]]:
    if words[:1] == ["ssh"]:
        return unwrap(words[2:])
    if words[:1] == ["sudo"]:
        return unwrap(words[1:])
    if words[:1] == ["kubectl"] and "exec" in words and "--" in words:
        cut = words.index("--")
        return [words[:cut], *unwrap(words[cut + 1 :])]
    return [words]


def kubectl_verb(words: list[str]) -> tuple[str, str]:
    rest = iter(words[1:])
    plain: list[str] = []
    for word in rest:
        if word in KUBECTL_VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            plain.append(word)
    return plain[0], plain[1] if len(plain) > 1 else ""


def complaint(command: str) -> str:
    """Why a command may not stand here, empty where it may."""
    if found := WRITES.search(re.sub(r"'[^']*'|can-i [a-z]+", "''", command)):
        return f"writes: {found.group().strip()}"
    for words in segments(command):
        if not words or words[0] not in READERS:
            return f"not a program that only reads: {' '.join(words)}"
        if options := WRITING_OPTIONS.get(words[0], set()) & set(words):
            return f"writes: {words[0]} {options}"
        if words[0] == "kubectl":
            verb, second = kubectl_verb(words)
            if verb not in KUBECTL or (verb in QUESTIONS and second not in QUESTIONS[verb]):
                return f"not a verb that only reads: {verb} {second}"
    return ""


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    found = entry(code)
    assert min(len(found.meaning), len(found.proof), len(found.mend)) > 20
    assert found.commands


def test_no_explanation_is_for_an_unknown_code() -> None:
    folder = resources.files("netdoc.model").joinpath("explanations")
    named: list[str] = []
    for file in folder.iterdir():
        area = file.name.removesuffix(".yaml")
        here = msgspec.yaml.decode(file.read_bytes(), type=dict[str, Any])
        assert {code.partition(".")[0] for code in here} == {area}, "an explanation lives in the file of its area"
        named += here
    assert sorted(named) == CODES


@pytest.mark.parametrize("code", CODES)
def test_what_it_is_confused_with_is_a_code_or_says_other(code: str) -> None:
    for confusion in entry(code).confused:
        assert confusion.with_ in known_codes() or re.match(r"other: \S", confusion.with_), confusion.with_
        assert confusion.with_ != code
        assert confusion.tell


@pytest.mark.parametrize("code", CODES)
def test_texts_are_one_plain_paragraph(code: str) -> None:
    for text in [*texts(entry(code)), *entry(code).commands, *entry(code).sources]:
        assert text.isprintable(), f"a line break or a control character: {text!r}"
        assert text == text.strip()
        assert "  " not in text
    for text in texts(entry(code)):
        assert not re.search(r"[`*]{2}|`|</?[a-z]+>|\]\(|^#", text), f"markup: {text}"


@pytest.mark.parametrize("code", CODES)
def test_sentences_are_whole(code: str) -> None:
    found = entry(code)
    for text in (found.meaning, found.proof, found.mend, *(c.tell for c in found.confused)):
        assert text[0].isupper() or text[0].isdigit() or NAME.match(text), text
        assert text[-1] in ".)", text


@pytest.mark.parametrize("code", CODES)
def test_commands_only_read(code: str) -> None:
    for command in entry(code).commands:
        assert complaint(command) == "", command


@pytest.mark.parametrize("code", CODES)
def test_commands_mean_the_same_in_every_shell(code: str) -> None:
    """An unquoted `[*]` or `?` is a pattern: bash lets it pass where no file fits, zsh refuses the line."""
    for command in entry(code).commands:
        assert not re.search(r"[][?*{}()$#!]", re.sub(r"'[^']*'", "", command)), command


@pytest.mark.parametrize("code", CODES)
def test_commands_show_no_private_key_or_secret_value(code: str) -> None:
    for command in entry(code).commands:
        if "get secret" in command and re.search(r"-o (yaml|json)\b|annotations|\{\.data\}", command):
            pytest.fail(f"prints a Secret, or the copy of it that kubectl apply keeps in an annotation: {command}")
        if "tls\\.key" in command:
            assert command.endswith("sha256sum"), f"prints a key: {command}"


@pytest.mark.parametrize(
    "command",
    [
        "kubectl -n NAMESPACE delete pod NAME",
        "kubectl delete pod -n get NAME",
        "kubectl -n get delete pod NAME",
        "kubectl rollout undo deploy/NAME",
        "kubectl rollout restart deploy/NAME",
        "kubectl -n NAMESPACE exec POD -- rm -r /tmp/x",
        "kubectl -n NAMESPACE exec POD -- sh",
        "kubectl get pods | xargs kubectl describe",
        "kubectl get pods && kubectl drain NODE",
        "kubectl get pods > /etc/hosts",
        "ssh NODE sudo conntrack -D -p udp",
        "ssh NODE sudo sysctl -w net.ipv4.ip_forward=1",
        "ssh NODE sudo reboot",
        "curl -X POST https://HOST/",
    ],
)
def test_a_command_that_writes_is_seen(command: str) -> None:
    assert complaint(command)


@pytest.mark.parametrize(
    "command",
    [
        "kubectl -n NAMESPACE get svc NAME -o jsonpath='{.spec.selector}'",
        "kubectl -n NAMESPACE exec POD -- cat /etc/resolv.conf",
        "kubectl auth can-i list pods --as USER",
        "kubectl -n NAMESPACE rollout history deploy/NAME",
        "ssh NODE sudo conntrack -L -p udp --dport 53 | wc -l",
    ],
)
def test_a_command_that_reads_passes(command: str) -> None:
    assert complaint(command) == ""


@pytest.mark.parametrize("code", ["", ".", "service", "service.", "nowhere.at-all", "../codes.yaml", "service.nothing"])
def test_what_is_no_code_has_no_explanation(code: str) -> None:
    assert explanation(code) is None


def test_one_explanation_reads_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    explanations._area.cache_clear()
    opened: list[str] = []
    real = io.open

    def watched(file: Any, *args: Any, **kwargs: Any) -> Any:
        opened.append(str(file))
        return real(file, *args, **kwargs)

    monkeypatch.setattr(io, "open", watched)
    monkeypatch.setattr(builtins, "open", watched)
    assert explanation("service.selector-no-match") is not None
    assert [path.rpartition("/")[2] for path in opened if path.endswith(".yaml")] == ["service.yaml"]

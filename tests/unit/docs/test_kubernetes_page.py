"""The commands of the page on Kubernetes: they name files, releases, Secrets and pods that are there."""

import shlex

import pytest
import yaml

from blocks.settings import PROJECT_ROOT
from tests.kubernetes import FOLDER, SECRETS
from tests.readme import ENGLISH, blocks, statements, text_of

PAGE = text_of(ENGLISH.folder / "kubernetes.md")


def commands() -> list[list[str]]:
    return [
        words
        for block in blocks(PAGE)
        if block.language == "sh"
        for statement in statements(block.text)
        if (words := shlex.split(statement.replace("\\\n", " ")))[0] in ("helm", "kubectl")
    ]


@pytest.mark.parametrize("words", commands(), ids=shlex.join)
def test_commands_name_what_exists(words: list[str]) -> None:
    for word in words:
        if "deployments/kubernetes" in word:
            assert (PROJECT_ROOT / word.rpartition("=")[2]).exists(), word
    match words[1:]:
        case ["install" | "upgrade", release, chart, "-n", "contraponto", "-f", file]:
            values = yaml.safe_load((PROJECT_ROOT / file).read_text(encoding="utf-8"))
            assert release == values.get("fullnameOverride", "prefect-server")
            assert chart == ("prefect/prefect-worker" if "worker" in release else "prefect/prefect-server")
        case ["-n", "contraponto", "create", "secret", "generic", name, given]:
            assert name in ("contraponto", "contraponto-server")
            assert f"`{given.removeprefix('--from-env-file=')}`" in PAGE
        case ["-n", "contraponto", "create" | "delete", "configmap", name, *_]:
            prepare = (FOLDER / "once" / "prepare.yaml").read_text(encoding="utf-8")
            assert f"configMap: {{ name: {name} }}" in prepare
        case ["-n", "contraponto", "port-forward", "service/prefect-server", "4200:4200"]:
            pass
        case ["-n", "contraponto", "get", *_] | ["create" | "label", "namespace", "contraponto", *_]:
            pass
        case ["repo", "add", "prefect", _] | ["repo", "update"] | ["apply" | "create", "-f", _]:
            pass
        case _:
            pytest.fail(f"unknown: {words}")


def test_the_secret_of_the_servers_has_the_entries_that_are_asked_for() -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.language == "text")
    assert {line.partition("=")[0] for line in text.splitlines()} == SECRETS["contraponto-server"]

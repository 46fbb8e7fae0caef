"""What the READMEs and the manual say is so: commands, options, parameters, settings, error codes exist."""

import ast
import inspect
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.core
import typer.main
import yaml
from prefect.server.schemas.actions import DeploymentFlowRunCreate, DeploymentScheduleCreate
from prefect.server.schemas.filters import ArtifactFilter
from prefect.utilities.importtools import import_object
from prefect.utilities.schema_tools.validation import validate

from blocks.settings import OLD_NAMES, PROJECT_ROOT, Settings
from deployments.cli.app import app
from deployments.client.parameters import parse_parameters
from deployments.docker.pools import docker_pools
from deployments.kubernetes.pools import kubernetes_pools
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pipelines import schema_of as stored_schema
from deployments.server.pools import POOL_NAMES, Priority
from tasks import errors
from tasks.speech.document import TranscriptionDocument
from tasks.webhooks.message import WebhookMessage
from tests.readme import (
    ENGLISH,
    LANGUAGES,
    PAGES,
    PORTUGUESE,
    Language,
    blocks,
    by_language,
    commands,
    manual,
    mentioned,
    text_of,
)

FLOWS = listed_flows(PROJECT_ROOT)
POOLS_OF_KIND = {
    "process": POOL_NAMES,
    "docker": tuple(pool.name for pool in docker_pools(1)),
    "kubernetes": tuple(pool.name for pool in kubernetes_pools(1)),
}
SHELL_WORDS = {
    "source",
    "mkdir",
    "helm",
    "kubectl",
    "cp",
    "make",
    "contraponto",
    "prefect",
    "curl",
    "pip",
    "docker",
    "node",
    "python",
    "redis-cli",  # of the page on messages: whose tests run them
}
"""What the shell commands of the pages consist of."""
JOB_ID = "6f4c1c1e-2b0d-4f43-9d29-2f2f0c1c3c0a"


def schema_of(flow: str) -> dict[str, Any]:
    """The parameter schema as the server stores it."""
    return stored_schema(FLOWS[flow])


def check_parameters(flow: str, parameters: dict[str, Any]) -> None:
    # The server's own check.
    given = {**FLOWS[flow].parameters, **parameters}
    problems = [error.message for error in validate(given, schema_of(flow))]
    assert not problems, f"{flow} refuses {parameters}: {problems}"


def shown_file(name: str) -> str:
    """The content of a file that a page shows below its name."""
    pages = "\n".join(text_of(page) for page in PAGES)
    found = re.search(rf"`{re.escape(name)}`:\n\n```yaml\n(.*?)```", pages, re.S)
    assert found, f"no page shows {name}"
    return found[1]


def table(text: str, first_column: str) -> list[list[str]]:
    """The rows of the tables whose first column has this title, markup included."""
    rows: list[list[str]] = []
    for found in re.finditer(rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M):
        rows += [
            [cell.strip() for cell in line.strip().strip("|").split("|")] for line in found[1].splitlines()
        ]
    assert rows, f"no table with the first column {first_column}"
    return rows


def column(rows: list[list[str]], number: int = 0) -> list[str]:
    return [row[number].strip("`") for row in rows]


@dataclass(frozen=True)
class Titles:
    """First column of each table."""

    code: str
    field: str
    parameter: str
    name: str


TITLES = {
    ENGLISH: Titles("code", "field", "parameter", "name"),
    PORTUGUESE: Titles("código", "campo", "parâmetro", "nome"),
}


def test_every_command_is_one_that_these_tests_understand() -> None:
    found = list(commands())
    assert len(found) > 20
    assert {words[0] for words in found} == SHELL_WORDS


def test_make_knows_the_verbs() -> None:
    for verb in {words[1] for words in (*commands(), *mentioned()) if words[0] == "make"}:
        subprocess.run(
            ["make", "--dry-run", verb], cwd=PROJECT_ROOT, check=True, capture_output=True, timeout=60
        )
    verbs = set(re.findall(r"^([a-z-]+):.*##", (PROJECT_ROOT / "Makefile").read_text(), re.M))
    for language in LANGUAGES:
        known = set(re.findall(r"(?:`|\bmake )([a-z-]+)\b", text_of(language.readme)))
        assert verbs - {"help"} <= known, language


def test_the_command_line_has_the_commands_and_options() -> None:
    for words in (words for words in commands() if words[0] == "contraponto"):
        context = _parsed(words)
        if words[1] in ("run", "submit"):
            flow = context.params.get("deployment") or context.params["flow"]
            file = context.params["params"]
            given = yaml.safe_load(shown_file(file.name)) if file else {}
            check_parameters(flow, given | parse_parameters(context.params["param"] or []))


def _parsed(words: list[str]) -> Any:
    """The command line's own reading of a command."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while isinstance(command, typer.core.TyperGroup) and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, shlex.join(words)
        command = command.commands[rest.pop(0)]
    values = [word if word not in ("JOB_ID", "ID") else JOB_ID for word in rest]
    return command.make_context(words[-1], values, resilient_parsing=not values)


def test_commands_that_sentences_name_exist() -> None:
    found = [words for words in mentioned() if words[0] == "contraponto"]
    assert len(found) > 20
    for words in found:
        match words[1:]:
            case ["--install-completion"] | ["submit", "measure" | "escavador-tabela", *_]:
                pass  # the one would change the shell, the others are the examples of jobs
            case ["run", "…", *rest]:
                _parsed(["contraponto", "run", "transcribe", *rest])
            case _:
                _parsed(words)


@by_language
def test_the_commands_are_explained_everywhere(language: Language) -> None:
    group: Any = typer.main.get_command(app)
    for command in group.commands:
        assert re.search(rf"contraponto {command}\b|make {command}\b", manual(language)), command


@by_language
def test_every_deployment_is_named(language: Language) -> None:
    (page,) = (page for page in language.pages if page.name == "jobs.md")
    rows = table(text_of(page), TITLES[language].name)
    named = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", " ".join(row))}
    sections = {
        name
        for page in ENGLISH.folder.glob("*.md")
        for name in re.findall(r"(?m)^## ([a-z0-9-]+)$", text_of(page))
    }
    # A job that has a section of a page needs no row here.
    assert set(FLOWS) <= named | sections


def test_prefect_commands_name_what_exists() -> None:
    for words in (words for words in commands() if words[0] == "prefect"):
        match words[1:]:
            case ["deployment", "run", name, *rest]:
                flow = name.partition("/")[0]
                assert name == FLOWS[flow].full_name
                check_parameters(
                    flow, parse_parameters(rest[i + 1] for i, word in enumerate(rest) if word == "-p")
                )
            case ["deployment", "schedule", "ls", name]:
                assert name == FLOWS[name.partition("/")[0]].full_name
            case ["worker", "start", "--pool", pool, "--type", kind, *_]:
                assert pool in POOLS_OF_KIND[kind]
            case ["work-pool", "pause" | "resume", pool]:
                assert pool in POOL_NAMES
            case _:
                pytest.fail(f"unknown: {words}")


def test_prefect_commands_that_sentences_name_exist() -> None:
    program = str(Path(sys.executable).with_name("prefect"))
    found = {tuple(words[1:]) for words in mentioned() if words[0] == "prefect"}
    assert found
    for words in found:
        match words:
            case ("work-pool", "set-concurrency-limit", pool, limit):
                assert any(pool in names for names in POOLS_OF_KIND.values())
                assert int(limit) > 0
            case _:
                result = subprocess.run(
                    [program, *words, "--help"], capture_output=True, text=True, timeout=60, check=True
                )
                assert [word for word in words if not word.isdigit()][-1] in result.stdout


def test_pip_commands_name_extras_of_the_project() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [words for words in (*commands(), *mentioned()) if words[0] == "pip"]
    assert found
    for words in found:
        assert words[1:3] == ["install", "-e"], words
        extra = re.fullmatch(r"\.\[([a-z-]+)\]", words[3])
        assert extra, words
        assert extra[1] in project["optional-dependencies"], words


def test_docker_commands_name_what_exists() -> None:
    image = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = [words[1:] for words in commands() if words[0] == "docker"]
    assert {words[0] for words in found} == {"build", "run", "compose"}
    for words in found:
        match words:
            case ["build", "-t", "contraponto", "."]:
                pass
            case ["compose", "-f", path, *rest]:
                services = yaml.safe_load((PROJECT_ROOT / path).read_text(encoding="utf-8"))["services"]
                assert {word.partition("=")[0] for word in rest if "=" in word} <= set(services)
                plain = [word for word in rest if word != "--scale" and "=" not in word]
                assert plain in (["build"], ["up", "-d"]) or plain[-1] in services, rest
            case ["run", *rest]:
                for option, value in itertools.pairwise(rest):
                    if option == "-v":
                        assert f'"{value.split(":")[1]}"' in image
                    if option == "-e":
                        name, _, pool = value.partition("=")
                        assert re.search(rf"^ENV {name}=", image, re.M)
                        assert pool in POOL_NAMES
                assert any(word.partition(":")[0] == "contraponto" for word in rest)
            case _:
                pytest.fail(f"unknown: {words}")


def test_requests_have_bodies_that_the_server_takes() -> None:
    seen = set()
    for words in (words for words in commands() if words[0] == "curl"):
        path = next(word for word in words if word.startswith("$API")).removeprefix("$API")
        raw = words[words.index("-d") + 1] if "-d" in words else "null"
        body = json.loads(raw)
        match path.strip("/").split("/"):
            case ["deployments", "name", flow, name]:
                assert FLOWS[flow].full_name == f"{flow}/{name}"
            case ["deployments", "$DEPLOYMENT", "create_flow_run"]:
                DeploymentFlowRunCreate.model_validate(body)
                assert body["work_queue_name"] in [str(priority) for priority in Priority]
                check_parameters("transcribe", body["parameters"])
            case ["deployments", "$BATCH", "schedules"]:
                for schedule in body:
                    DeploymentScheduleCreate.model_validate(schedule)
                    check_parameters("transcribe-batch", schedule["parameters"])
            case ["artifacts", "filter"]:
                body["artifacts"]["flow_run_id"]["any_"] = [JOB_ID]
                ArtifactFilter.model_validate(body["artifacts"])
            case ["flow_runs", "$JOB", *_]:
                assert body is None or body["state"]["type"] == "CANCELLING"
            case _:
                pytest.fail(f"unknown: {path}")
        seen.add(path)
    assert len(seen) == 7


@by_language
def test_the_tables_of_parameters_are_those_of_the_flows(language: Language) -> None:
    (page,) = (page for page in language.pages if page.name == "jobs.md")
    rows = table(text_of(page), TITLES[language].parameter)
    names = column(rows)
    of_flows = [list(schema_of(flow)["properties"]) for flow in ("transcribe", "transcribe-batch")]
    assert names == [name for properties in of_flows for name in properties]
    single = schema_of("transcribe")
    for row in rows[: len(of_flows[0])]:
        name, default = row[0].strip("`"), row[1]
        if default.startswith("`"):
            value = default.strip("`")
            expected = single["properties"][name]["default"]
            if isinstance(expected, dict):  # what is not said of an object is left out
                expected = {key: default for key, default in expected.items() if default is not None}
            assert parse_parameters([f"{name}={value}"])[name] == expected, name
        else:
            assert single["properties"][name].get("default") is None, name
    assert [row[0].strip("`") for row in rows if row[1] in ("required", "obrigatório")] == single[
        "required"
    ] + schema_of("transcribe-batch")["required"]


@pytest.fixture
def defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    known = {name for names in OLD_NAMES.values() for name in names}
    for name in list(os.environ):
        if name.startswith("CONTRAPONTO_") or name in known:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Settings()


@by_language
def test_the_error_codes_are_those_of_the_product(language: Language) -> None:
    codes = [
        kind.code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.ContrapontoError) and kind is not errors.ContrapontoError
    ]
    told = column(table(manual(language), TITLES[language].code))
    assert sorted(told) == sorted(set(codes))
    for code in ("internal", "crashed"):
        assert f"`{code}`" in manual(language)


@by_language
def test_the_fields_are_those_of_the_job_document(language: Language) -> None:
    assert column(table(manual(language), TITLES[language].field)) == list(TranscriptionDocument.model_fields)


def test_settings_in_the_examples_exist(monkeypatch: pytest.MonkeyPatch, defaults: Settings) -> None:
    lines = [
        line
        for page in PAGES
        for block in blocks(text_of(page))
        if block.language == "ini"
        for line in block.text.splitlines()
    ]
    assert len(lines) > 8
    for line in lines:
        name, _, value = line.partition("=")
        assert name.removeprefix("CONTRAPONTO_").lower() in Settings.model_fields, name
        monkeypatch.setenv(name, value)
    loaded = Settings.load()
    assert loaded.store.startswith("s3://")
    assert loaded != defaults


def test_the_worked_example_is_a_pipeline(tmp_path: Path) -> None:
    code = next(
        block.text for block in blocks(text_of(ENGLISH.folder / "pipelines.md")) if block.language == "python"
    )
    ast.parse(code)
    path = tmp_path / "measurement.py"
    path.write_text(code, encoding="utf-8")
    flow = import_object(f"{path}:measure_recording")
    assert flow.name == "measure"
    assert list(flow.parameters.properties) == ["key", "webhook_url", "priority", "id_roteiro", "metadata"]
    entry = next(
        block.text for block in blocks(text_of(ENGLISH.folder / "pipelines.md")) if block.language == "yaml"
    )
    (listed,) = yaml.safe_load(entry.replace("*cpu", "{name: cpu}"))
    assert listed["name"] == flow.name
    assert listed["entrypoint"].endswith(":measure_recording")


def test_the_message_of_the_example_is_one_that_jobs_send() -> None:
    block = next(
        block for block in blocks(text_of(ENGLISH.folder / "webhooks.md")) if block.language == "json"
    )
    shown = json.loads(block.text)
    schema = WebhookMessage.model_json_schema(by_alias=True)
    assert list(shown) == list(schema["properties"])
    assert list(shown["execution"]) == list(schema["$defs"]["Execution"]["properties"])

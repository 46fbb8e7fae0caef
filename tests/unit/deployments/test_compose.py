"""The compose file: every service watched, restarted and without rights; no secret written down."""

import re
import shlex
from typing import Any

import pytest
import typer.core
import typer.main
import yaml

from blocks.settings import PROJECT_ROOT, Settings
from deployments.cli.app import app

FOLDER = PROJECT_ROOT / "deployments" / "docker"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if "${" in service["image"]}
RUN_ONCE = {"migrate", "prepare", "models"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == {"migrate": "on-failure", "prepare": "on-failure", "models": "no"}.get(
        name, "unless-stopped"
    )
    assert "no-new-privileges:true" in service["security_opt"]
    # The image brings a check of its own; those that are not workers replace it or do without.
    watched = "healthcheck" in service or name.startswith("worker-")
    assert watched, name
    if name in OURS:
        assert service["cap_drop"] == ["ALL"]


def test_every_service_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in RUN_ONCE else "service_healthy"
            assert how == {"condition": expected}, name
            assert needed not in RUN_ONCE or "restart" in SERVICES[needed]


def test_secrets_have_no_default_and_every_variable_is_explained() -> None:
    example = (FOLDER / "env.example").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    explained = set(re.findall(r"^(?:# )?([A-Z_0-9]+)=", example, re.M))
    assert used <= explained
    assert explained - used == {"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}
    for secret in ("API_AUTH", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert re.search(rf"\$\{{{secret}:\?", TEXT)
        assert not re.search(rf"\$\{{{secret}(:-[^}}]+)?\}}", TEXT)


def test_settings_and_commands_of_the_services_exist() -> None:
    for service in OURS.values():
        for name in service.get("environment", {}):
            if name.startswith("CONTRAPONTO_"):
                assert name.removeprefix("CONTRAPONTO_").lower() in Settings.model_fields
        if service.get("command", [""])[0] == "contraponto":
            command: Any = typer.main.get_command(app)
            rest = list(service["command"][1:])
            while isinstance(command, typer.core.TyperGroup):
                command = command.commands[rest.pop(0)]
            command.make_context("", rest)


def test_only_the_gpu_worker_asks_for_gpus_and_only_a_proxy_is_seen_from_outside() -> None:
    with_gpu = {name for name, service in SERVICES.items() if "deploy" in service}
    assert with_gpu == {"worker-gpu"}
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {
        "server": ["${PUBLISH:-127.0.0.1:4200}:4200"],
        "metrics": ["${PUBLISH_METRICS:-127.0.0.1:9464}:9464"],
        "proxy": ["${PUBLISH_HTTP:-80}:80", "${PUBLISH_HTTPS:-443}:443"],
    }


def test_the_image_copies_what_the_build_context_lets_through() -> None:
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
    let_through = set(
        re.findall(r"^!(\S+)", (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8"), re.M)
    )
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.*)", dockerfile, re.M):
        copied |= {source.partition("/")[0].rstrip("*") for source in shlex.split(line)[:-1]}
    assert copied == let_through
    assert re.search(r"^USER 10001", dockerfile, re.M)

"""The texts of the alert rules: complete, and naming what there is."""

import re
from typing import Any

import pytest
import yaml

from blocks.settings import PROJECT_ROOT, Settings
from blocks.settings_sources import variable_name
from deployments.cli.app import COMMANDS
from tests.system.alert_cases import CASES

GROUPS = yaml.safe_load((PROJECT_ROOT / "deployments/prometheus/alerts.yaml").read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
PAGES = [PROJECT_ROOT / "docs" / "monitoring.md", PROJECT_ROOT / "docs" / "pt-BR" / "monitoring.md"]

every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])


@every_rule
def test_a_rule_says_what_is_wrong_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    texts = rule["annotations"]
    assert len(texts["summary"]) < 120
    assert len(texts["description"]) > 80
    page, _, anchor = texts["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.*)", (PROJECT_ROOT / page).read_text("utf-8"), re.M)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


@every_rule
def test_what_a_rule_advises_exists(rule: dict[str, Any]) -> None:
    text = rule["annotations"]["description"]
    for command in re.findall(r"`contraponto ([\w-]+)", text):
        assert command in COMMANDS
    settings = {variable_name(Settings, name) for name in Settings.model_fields}
    assert set(re.findall(r"CONTRAPONTO_\w+", text)) <= settings


@pytest.mark.parametrize("page", PAGES, ids=["en", "pt-BR"])
def test_the_page_names_every_rule(page: Any) -> None:
    text = page.read_text("utf-8")
    assert {rule["alert"] for rule in RULES} == set(re.findall(r"`(Contraponto[A-Z]\w+)`", text))


def test_every_rule_is_tested_with_numbers() -> None:
    assert {rule["alert"] for rule in RULES} == {case.alert for case in CASES}

"""The page of collectors: its tables and examples are the flows', its messages are messages, its programs exist."""

import inspect
import json
import re
from pathlib import Path

import pytest
import yaml
from prefect.utilities.importtools import import_object

from blocks.settings import PROJECT_ROOT
from flows.collectors import collect_files, collect_videos
from flows.parameters import from_message
from tasks.messages.contents import CollectionRequest, CollectionResult
from tasks.messages.envelope import Envelope, EventType
from tests.readme import ENGLISH, PORTUGUESE, Language, blocks, by_language, section, statements, text_of

FLOWS = {"escavador-youtube": collect_videos, "escavador-arquivos": collect_files}
COMMON = tuple(inspect.signature(from_message).parameters)
PAGE = text_of(ENGLISH.folder / "collectors.md")
FOREIGN = section(PAGE, "## A collector in any language")


def rows(name: str, language: Language) -> list[list[str]]:
    page = text_of(language.folder / "collectors.md")
    found = re.findall(r"^\| `.*$", section(page, f"## {name}"), re.M)
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in found]


@pytest.mark.parametrize("name", FLOWS)
def test_the_tables_are_those_of_the_flows(name: str) -> None:
    flow = FLOWS[name]
    said = dict(re.findall(r"^    (\w+): (.*)$", inspect.getdoc(flow.fn) or "", re.M))
    properties = flow.parameters.model_dump()["properties"]
    expected = []
    for parameter, field in properties.items():
        if parameter in COMMON:
            continue
        default = field.get("default")
        shown = "none" if default is None else f"`{json.dumps(default)}`"
        if parameter in (flow.parameters.required or []):
            shown = "required"
        elif isinstance(default, dict):
            shown = "as `transcribe`"
        expected.append([f"`{parameter}`", shown, said[parameter]])
    assert rows(name, ENGLISH) == expected
    words = {"none": "nenhum", "required": "obrigatório", "as `transcribe`": "como `transcribe`"}
    portuguese = rows(name, PORTUGUESE)
    assert [row[:2] for row in portuguese] == [[row[0], words.get(row[1], row[1])] for row in expected]
    assert all(row[2] for row in portuguese)


@pytest.mark.parametrize("name", FLOWS)
def test_the_bodies_are_accepted(name: str) -> None:
    (body,) = (
        json.loads(each.text) for each in blocks(section(PAGE, f"## {name}")) if each.language == "json"
    )
    FLOWS[name].validate_parameters(body)


@by_language
def test_what_all_have_in_common_is_named(language: Language) -> None:
    headings = {ENGLISH.folder: "## Common to both", PORTUGUESE.folder: "## Comum aos dois"}
    text = section(text_of(language.folder / "collectors.md"), headings[language.folder])
    assert all(f"`{name}`" in text for name in COMMON)


def test_the_worked_example_is_a_collector(tmp_path: Path) -> None:
    code = next(each.text for each in blocks(PAGE) if each.language == "python")
    path = tmp_path / "table_collector.py"
    path.write_text(code, encoding="utf-8")
    flow = import_object(f"{path}:collect_table")
    assert set(COMMON) < set(flow.parameters.properties)
    entry = next(each.text for each in blocks(PAGE) if each.language == "yaml")
    (listed,) = yaml.safe_load(entry.replace("*cpu", "{name: cpu}"))
    assert listed["name"] == flow.name
    assert listed["name"].startswith("escavador-")
    assert listed["tags"] == ["escavador"]
    assert listed["entrypoint"].endswith(":collect_table")


def test_the_messages_are_messages() -> None:
    asked, answered = (
        Envelope.model_validate_json(each.text) for each in blocks(FOREIGN) if each.language == "json"
    )
    assert (asked.tipo_evento, answered.tipo_evento) == (
        EventType.START_COLLECTION,
        EventType.COLLECTION_RESULT,
    )
    assert (
        CollectionRequest.model_validate(asked.payload).responder_em == f"conversa_{answered.correlation_id}"
    )
    assert CollectionResult.model_validate(answered.payload).status == "concluida"


def test_the_programs_are_there() -> None:
    (shell,) = (each.text for each in blocks(FOREIGN) if each.language == "sh")
    assert [Path(each.split()[1]).suffix for each in statements(shell)] == [".mjs", ".py"]
    assert all((PROJECT_ROOT / each.split()[1]).is_file() for each in statements(shell))

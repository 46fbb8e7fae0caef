"""The examples for Loki and for Elasticsearch: they can be read, and name fields that lines have.

Neither Alloy nor Filebeat runs here.
"""

import re
from datetime import datetime
from typing import Any

import pytest
import yaml

from blocks.settings import PROJECT_ROOT
from deployments.processes.log_lines import OPTIONAL, REQUIRED, in_rfc3339

FIELDS = {*REQUIRED, *OPTIONAL}
DEPLOYMENTS = PROJECT_ROOT / "deployments"
LOGS = "/.contraponto/logs/*.log"
_TOKEN = re.compile(r'\s*(?://[^\n]*\s*)*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][\w.]*)|([{}\[\]=,]))')


class Alloy:
    """A reader of as much of Alloy's language as the example has: blocks, attributes, lists and maps of texts."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            assert found, text[at : at + 60]
            self._tokens.append(found[0].strip().rpartition("\n")[2].strip() if not found[1] else found[1])
            at = found.end()

    def body(self) -> dict[str, Any]:
        """Attributes by their names, blocks by name and label."""
        made: dict[str, Any] = {}
        while self._tokens and self._tokens[0] != "}":
            name = self._tokens.pop(0)
            assert name[0].isalpha(), name
            if self._tokens[0] == "=":
                self._take("=")
                made[name] = self._value()
                continue
            if self._tokens[0].startswith('"'):
                name += f" {self._text()}"
            self._take("{")
            assert name not in made, name
            made[name] = self.body()
            self._take("}")
        return made

    def _value(self) -> Any:
        if self._tokens[0] == "[":
            return self._list()
        if self._tokens[0] == "{":
            return self._map()
        return self._text() if self._tokens[0].startswith('"') else self._tokens.pop(0)

    def _list(self) -> list[Any]:
        self._take("[")
        made = []
        while self._tokens[0] != "]":
            made.append(self._value())
            if self._tokens[0] != "]":
                self._take(",")
        self._take("]")
        return made

    def _map(self) -> dict[str, Any]:
        self._take("{")
        made = {}
        while self._tokens[0] != "}":
            name = self._text()
            self._take("=")
            made[name] = self._value()
            if self._tokens[0] != "}":
                self._take(",")
        self._take("}")
        return made

    def _text(self) -> str:
        return str(yaml.safe_load(self._tokens.pop(0)))

    def _take(self, expected: str) -> None:
        assert self._tokens.pop(0) == expected


@pytest.fixture
def alloy() -> dict[str, Any]:
    return Alloy((DEPLOYMENTS / "alloy" / "config.alloy").read_text("utf-8")).body()


def test_alloy_hands_lines_from_one_component_to_the_next(alloy: dict[str, Any]) -> None:
    names = {name.replace(" ", ".") for name in alloy}
    used = set()
    for body in alloy.values():
        for value in body.values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, str):
                    used.add(reference.rpartition(".")[0])
    assert used == names - {"loki.source.file.contraponto"}, "all but the first reader is asked by another"
    (target,) = alloy["local.file_match contraponto"]["path_targets"]
    assert target["__path__"].endswith(LOGS)
    rule = alloy["discovery.relabel contraponto"]["rule"]
    found = re.fullmatch(rule["regex"], target["__path__"].replace("*", "worker-cpu"))
    assert found is not None
    assert found[1] == "worker-cpu"


def test_alloy_reads_fields_that_lines_have(alloy: dict[str, Any]) -> None:
    stages = alloy["loki.process contraponto"]
    read = stages["stage.json"]["expressions"]
    assert read.keys() <= FIELDS
    assert stages["stage.timestamp"] == {"source": "time", "format": "RFC3339Nano"}
    kept = {**stages["stage.labels"]["values"], **stages["stage.structured_metadata"]["values"]}
    assert kept.keys() | {"time"} == read.keys()
    assert set(stages["stage.labels"]["values"]) == {"level"}


def test_filebeat_reads_fields_that_lines_have() -> None:
    read = yaml.safe_load((DEPLOYMENTS / "filebeat" / "filebeat.yml").read_text("utf-8"))
    (source,) = read["filebeat.inputs"]
    assert source["paths"][0].endswith(LOGS)
    assert source["parsers"] == [{"ndjson": {"target": "", "overwrite_keys": True, "add_error_key": True}}], (
        "one object a line, at the top"
    )
    time, dropped, renamed = (next(iter(each.items())) for each in read["processors"])
    assert (time[0], time[1]["field"], dropped[1]["fields"]) == ("timestamp", "time", ["time"])
    (example,) = time[1]["test"]
    assert in_rfc3339(datetime.fromisoformat(example).timestamp()) == example
    names = {each["from"]: each["to"] for each in renamed[1]["fields"]}
    assert names.keys() == FIELDS - {"time", "message"} - {name for name in FIELDS if "_" in name}
    # A field may not hold others and be a text at once.
    left = (FIELDS - {"time"} - names.keys()) | set(names.values())
    assert not [name for name in left for other in left if other.startswith(f"{name}.")]


@pytest.mark.parametrize("page", ["docs/monitoring.md", "docs/pt-BR/monitoring.md"])
def test_the_manual_explains_every_field(page: str) -> None:
    section = re.split(r"^## ", (PROJECT_ROOT / page).read_text("utf-8"), flags=re.M)
    (logs,) = (text for text in section if text.startswith("Logs\n"))
    cells = re.findall(r"^\|([^|]*)\|", logs, re.M)[2:]
    assert re.findall(r"`(\w+)`", "".join(cells)) == [*REQUIRED, *OPTIONAL]

"""The pages of video jobs: their tables are the flows' own words, their examples are bodies that the flows take."""

import inspect
import json
import re
from importlib import import_module
from typing import Any

import pytest
import yaml

from blocks.settings import PROJECT_ROOT
from tests.readme import blocks, section

PAGES = [(PROJECT_ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("video.md", "editing.md")]
COMMON = ("webhook_url", "path", "output_filename", "quality", "priority", "id_roteiro", "metadata")


def video_flows() -> dict[str, Any]:
    """Those that `prefect.yaml` has for callers: a new one needs no edit here."""
    entries = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    flows = {}
    for entry in entries:
        if "video" in entry.get("tags", ()) and "shard" not in entry["tags"]:
            file, _, function = entry["entrypoint"].partition(":")
            module = import_module(file.removesuffix(".py").replace("/", "."))
            flows[entry["name"]] = getattr(module, function)
    return flows


FLOWS = video_flows()


def page_of(name: str) -> str:
    """The one page that has a section of the job."""
    (page,) = (page for page in PAGES if f"\n## {name}\n" in page)
    return page


def meanings(name: str) -> dict[str, str]:
    """What the flow says of each parameter, which is also what the form in the UI says."""
    told = inspect.getdoc(FLOWS[name].fn) or ""
    return dict(re.findall(r"^    (\w+): (.*)$", told, re.M))


def rows(name: str) -> list[str]:
    properties = FLOWS[name].parameters.model_dump()["properties"]
    required = FLOWS[name].parameters.required or []
    said = meanings(name)
    return [
        f"| `{parameter}` | {_default(parameter, field, required)} | {said[parameter]} |"
        for parameter, field in properties.items()
        if parameter not in COMMON
    ]


def _default(parameter: str, field: dict[str, object], required: list[str]) -> str:
    if parameter in required:
        return "required"
    default = field.get("default")
    return "none" if default is None else f"`{json.dumps(default)}`"


@pytest.mark.parametrize("name", FLOWS)
def test_the_tables_are_those_of_the_flows(name: str) -> None:
    found = re.findall(r"^\| `.*$", section(page_of(name), f"## {name}"), re.M)
    assert found == rows(name), "\n".join(rows(name))


@pytest.mark.parametrize("name", FLOWS)
def test_what_all_have_in_common_stands_once(name: str) -> None:
    common = dict(
        re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", section(page_of(name), "## Common to all"), re.M)
    )
    assert tuple(common) == COMMON
    for parameter, meaning in meanings(name).items():
        if parameter in COMMON:
            assert meaning.partition(";")[0].partition(".")[0] in common[parameter] or parameter in ("path",)


@pytest.mark.parametrize("name", FLOWS)
def test_the_examples_are_accepted(name: str) -> None:
    bodies = [
        json.loads(block.text)
        for block in blocks(section(page_of(name), f"## {name}"))
        if block.language == "json"
    ]
    assert bodies
    FLOWS[name].validate_parameters(bodies[0])

"""The page of video jobs: its tables are the flows' own words, its examples are bodies that the flows take."""

import inspect
import json
import re

import pytest

from blocks.settings import PROJECT_ROOT
from flows.captions import caption, caption_highlight, caption_segments
from flows.video import addaudio, img2vid
from tests.readme import blocks, section

PAGE = (PROJECT_ROOT / "docs/video.md").read_text(encoding="utf-8")
FLOWS = {flow.name: flow for flow in (img2vid, caption, caption_segments, caption_highlight, addaudio)}
COMMON = ("webhook_url", "path", "output_filename", "quality", "priority", "id_roteiro", "metadata")


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
    found = re.findall(r"^\| `.*$", section(PAGE, f"## {name}"), re.M)
    assert found == rows(name), "\n".join(rows(name))


@pytest.mark.parametrize("name", FLOWS)
def test_what_all_have_in_common_stands_once(name: str) -> None:
    common = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", section(PAGE, "## Common to all"), re.M))
    assert tuple(common) == COMMON
    for parameter, meaning in meanings(name).items():
        if parameter in COMMON:
            assert meaning.partition(";")[0].partition(".")[0] in common[parameter] or parameter in ("path",)


@pytest.mark.parametrize("name", FLOWS)
def test_the_examples_are_accepted(name: str) -> None:
    bodies = [
        json.loads(block.text) for block in blocks(section(PAGE, f"## {name}")) if block.language == "json"
    ]
    assert bodies
    FLOWS[name].validate_parameters(bodies[0])

"""Pipelines out of files: what is wrong is named with file, line and key; nothing else is."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from tasks.promotion.loading import PipelineFileError, load_pipelines
from tasks.promotion.pipelines import Pipeline, StepType
from tasks.promotion.yaml_lines import YamlError, read_yaml


class ImagesOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = Field(1, ge=1, le=8)
    aspect: str | None = None


class CopyOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    platform: str = "instagram"


TYPES = {
    "ENHANCED_IMAGES": StepType(ImagesOptions, "pictures", inputs=frozenset({"images"})),
    "VIRAL_COPY": StepType(CopyOptions, "copy", inputs=frozenset({"product"})),
    "VOICE_OVER": StepType(CopyOptions, "narration", takes=frozenset({"copy"})),
    "CAPTIONS": StepType(CopyOptions, "captions", takes=frozenset({"narration"})),
    "PROMOTIONAL_VIDEO": StepType(
        CopyOptions,
        "film",
        takes=frozenset({"pictures", "copy", "narration", "captions"}),
        needs=frozenset({"pictures"}),
    ),
}

FULL = """\
pipelines:
  - name: full
    description: Everything.
    steps:
      - type: ENHANCED_IMAGES
      - type: VIRAL_COPY
      - type: VOICE_OVER
      - type: CAPTIONS
      - type: PROMOTIONAL_VIDEO
"""


@pytest.fixture
def faults_of(tmp_path: Path) -> Callable[[str], list[str]]:
    def load(text: str) -> list[str]:
        file = tmp_path / "p.yaml"
        file.write_text(text)
        with pytest.raises(PipelineFileError) as refused:
            load_pipelines([file], TYPES, taken=["transcribe"])
        return [str(fault).removeprefix(f"{tmp_path}/") for fault in refused.value.faults]

    return load


def test_a_sound_file_gives_its_pipelines(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(FULL)
    loaded = load_pipelines([tmp_path / "p.yaml"], TYPES)
    assert loaded["full"].steps[0].name == "enhanced_images"
    (tmp_path / "p.yaml").write_text("# nothing yet\n")
    assert load_pipelines([tmp_path / "p.yaml"], TYPES) == {}


STEPS = "pipelines:\n  - name: a\n    description: b\n    steps:\n"
CASES = {
    "unknown type": (
        f"{STEPS}      - type: enhanced_image\n",
        [
            'p.yaml:5: pipelines[0].steps[0].type: "enhanced_image" cannot be used; did you mean "ENHANCED_IMAGES"?'
        ],
    ),
    "unknown dependency": (
        f"{STEPS}      - type: ENHANCED_IMAGES\n        id: images\n"
        "      - type: PROMOTIONAL_VIDEO\n        depends_on:\n          - imags\n",
        [
            'p.yaml:9: pipelines[0].steps[1].depends_on[0]: there is no step "imags" in this pipeline; '
            'did you mean "images"?'
        ],
    ),
    "circle": (
        f"{STEPS}      - {{type: VIRAL_COPY, id: a, depends_on: [c]}}\n"
        "      - {type: VOICE_OVER, id: b, depends_on: [a]}\n"
        "      - {type: CAPTIONS, id: c, depends_on: [b]}\n",
        ["p.yaml:5: pipelines[0].steps[0].depends_on: these steps wait for each other: "],
    ),
    "same id": (
        f"{STEPS}      - type: VIRAL_COPY\n      - type: VIRAL_COPY\n",
        ['p.yaml:6: pipelines[0].steps[1].id: 2 steps are called "viral_copy": give each of them an id'],
    ),
    "name of another job": (
        "pipelines:\n  - name: transcribe\n    description: b\n    steps: [{type: VIRAL_COPY}]\n",
        ['p.yaml:2: pipelines[0].name: "transcribe" is already the name of another job'],
    ),
    "video without images": (
        f"{STEPS}      - type: VIRAL_COPY\n      - type: PROMOTIONAL_VIDEO\n",
        [
            "p.yaml:6: pipelines[0].steps[1]: PROMOTIONAL_VIDEO needs pictures: let it depend on a step of the type "
            "ENHANCED_IMAGES"
        ],
    ),
    "unknown key of a config": (
        f"{STEPS}      - type: ENHANCED_IMAGES\n        config:\n          count: 2\n          aspekt: 1:1\n",
        [
            'p.yaml:8: pipelines[0].steps[0].config.aspekt: there is no "aspekt" here; did you mean "aspect"?; '
            "there are: aspect, count"
        ],
    ),
    "wrong value of a config": (
        f"{STEPS}      - type: ENHANCED_IMAGES\n        config:\n          count: 20\n",
        [
            'p.yaml:7: pipelines[0].steps[0].config.count: "20" cannot be used: it must be less than or equal to 8'
        ],
    ),
    "unknown key": (
        "pipelines:\n  - name: a\n    description: b\n    step: []\n",
        [
            "p.yaml:2: pipelines[0].steps: this is missing",
            'p.yaml:4: pipelines[0].step: there is no "step" here; did you mean "steps"?',
        ],
    ),
    "bad name": (
        "pipelines:\n  - name: My Film\n    description: b\n    steps: [{type: VIRAL_COPY}]\n",
        ['p.yaml:2: pipelines[0].name: "My Film" cannot be used: give a name of small letters'],
    ),
    "syntax": ("pipelines:\n  - name: [a\n", ["p.yaml:3: this is not YAML: "]),
    "key twice": ("pipelines: []\npipelines: []\n", ['p.yaml:2: the key "pipelines" stands here twice']),
    "no pipelines": ("- a\n", ["p.yaml:1: "]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named_with_its_file_line_and_key(
    name: str, faults_of: Callable[[str], list[str]]
) -> None:
    text, expected = CASES[name]
    found = faults_of(text)
    assert len(found) == len(expected), found
    for line, begins in zip(found, expected, strict=True):
        assert line.startswith(begins)


def test_a_circle_is_written_out(faults_of: Callable[[str], list[str]]) -> None:
    (line,) = faults_of(CASES["circle"][0])
    circle = line.rpartition(": ")[2].split(" → ")
    assert circle[0] == circle[-1]
    assert sorted(circle[:-1]) == ["a", "b", "c"]


def test_every_fault_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    first, second, third = tmp_path / "1.yaml", tmp_path / "2.yaml", tmp_path / "3.yaml"
    first.write_text(FULL)
    second.write_text(FULL + "      - type: NOTHING\n" + FULL.partition("\n")[2].replace("full", "other", 1))
    third.write_text(FULL)
    with pytest.raises(PipelineFileError) as refused:
        load_pipelines([first, second, third, tmp_path / "4.yaml"], TYPES)
    lines = [str(fault) for fault in refused.value.faults]
    assert len(lines) == 3, lines
    assert f"{second}:10: pipelines[0].steps[5].type" in lines[0]
    assert (
        f'{third}:2: pipelines[0].name: "full" is already the name of the pipeline of {first}:2' in lines[1]
    )
    assert "cannot be read" in lines[2]


_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(list(TYPES)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["pipelines", "name", "description", "steps", "type", "id", "depends_on", "config", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(_values)
def test_any_data_is_taken_or_refused_in_words(value: object) -> None:
    text = yaml.safe_dump({"pipelines": value})
    lines = text.count("\n")
    file = _Text(text)
    try:
        assert all(isinstance(found, Pipeline) for found in load_pipelines([file], TYPES).values())  # type: ignore[list-item]
    except PipelineFileError as error:
        for fault in error.faults:
            assert 1 <= fault.line <= lines
            assert fault.message
            assert "Input should" not in fault.message
            assert "[type=" not in fault.message


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        read_yaml(text)
    except YamlError as error:
        line = error.line
    else:
        line = 1
    assert 1 <= line <= len(text) + 1


def test_a_text_that_holds_itself_or_explodes_is_refused() -> None:
    with pytest.raises(YamlError, match="holds itself"):
        read_yaml("a: &a [*a]\n")
    rows = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    with pytest.raises(YamlError, match="too many"):
        read_yaml(f"a0: &a0 [1, 1]\n{rows}\n")


def test_merged_keys_have_their_own_lines() -> None:
    value, lines = read_yaml("base: &base\n  a: 1\n  b: 2\nuse:\n  <<: *base\n  b: 3\n")
    assert isinstance(value, dict)
    assert value["use"] == {"a": 1, "b": 3}
    assert lines.line(("use", "a")) == 2
    assert lines.line(("use", "b")) == 6


class _Text:
    """A text that is read as a file is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def stat(self) -> "_Text":
        return self

    @property
    def st_size(self) -> int:
        return len(self._text)

    def read_text(self, encoding: str) -> str:
        return self._text

    def __str__(self) -> str:
        return "p.yaml"

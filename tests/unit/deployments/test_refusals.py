"""Refused parameters are explained in sentences, whatever the schema and whatever was sent."""

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from prefect.utilities.schema_tools import validation

from blocks.settings import PROJECT_ROOT
from deployments.local.run import _check
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pipelines import schema_of
from deployments.server.prefect_internals import refuse_in_sentences
from deployments.server.refusals import allowed, misfits, refusals
from tasks.errors import InvalidInputError

FLOWS = listed_flows(PROJECT_ROOT)
RAW = (
    "^(",
    "PydanticUndefined",
    "any of the given schemas",
    "is not of type",
    "does not match",
    "[^",
    "$ref",
)


SCHEMAS = {name: schema_of(listed) for name, listed in FLOWS.items()}

_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def sent(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters of the names of a job with any values, and its schema."""
    schema = SCHEMAS[draw(st.sampled_from(sorted(SCHEMAS)))]
    names = st.sampled_from(sorted(schema["properties"]) or ["x"]) | st.text(max_size=10)
    return draw(st.dictionaries(names, _json, max_size=6)), schema


@given(sent())
def test_every_refusal_is_a_sentence_in_plain_words(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    parameters, schema = case
    assume(not any(raw in json.dumps(parameters, ensure_ascii=False) for raw in RAW))
    lines = refusals(parameters, schema)
    assert bool(lines) is not Draft202012Validator(schema).is_valid(parameters)
    for line in lines:
        assert line.endswith(".")
        assert len(line.splitlines()) == 1
        for raw in RAW:
            assert raw not in line


ANY_JSON = "#/definitions/JsonValue"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_parameter_can_be_put_into_words(name: str) -> None:
    """A new pattern needs the keyword `allowed`, or examples or a meaning."""
    schema = SCHEMAS[name]
    text = json.dumps(schema)
    assert "Undefined" not in text
    for definition in (schema, *schema.get("definitions", {}).values()):
        for parameter, field in definition.get("properties", {}).items():
            words = allowed(field, schema)
            anything = field == {} or field.get("$ref") == ANY_JSON
            assert words != "another value" or anything, (parameter, field)
            assert "another form" not in words, (parameter, field)


CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "transcribe",
        {},
        "'youtube_url' is missing: give a URL that begins with https:// or http://, or the key",
    ),
    ("transcribe", {"youtube_url": "a:b"}, 'youtube_url: "a:b" cannot be used: give a URL'),
    (
        "transcribe",
        {"langage": "pt"},
        'There is no parameter "langage" here. Did you mean "language"? There are: ',
    ),
    (
        "transcribe",
        {"formats": ["srt", "doc"]},
        'formats[1]: "doc" cannot be used: give one of srt, vtt, ass',
    ),
    (
        "transcribe",
        {"metadata": 3},
        "metadata: 3 cannot be used: give an object of names and values or null.",
    ),
    ("transcribe", {"hotwords": "x" * 2001}, "has more than 2000 characters: give text of at most 2000"),
    ("transcribe", {"subtitles": {"width": 30}}, "width"),
    (
        "transcribe",
        {"subtitles": {"preset": "cinema"}},
        '"cinema" cannot be used: give one of standard, netflix',
    ),
    ("transcribe", {"subtitles": {"line_width": 500}}, "line_width: 500"),
    ("transcribe", {"remove_noise": "yes"}, 'remove_noise: "yes" cannot be used: give true or false.'),
    (
        "transcribe",
        {"language": None},
        "language: null cannot be used: give text of 2 to 40 characters, or leave it",
    ),
    ("img2vid", {"images": []}, "images: The empty list cannot be used: give a list of 1 to 10000 entries"),
    (
        "img2vid",
        {
            "images": [
                {"id": "1", "image_url": "a", "duracao": 1},
                {"id": "2", "image_url": "b", "duracao": 3000},
            ]
        },
        "images[1].duracao: 3000 is too large: give a number from 0.1 to 1000.",
    ),
    ("img2vid", {"width": 65}, "width: 65 cannot be used: give an even whole number from 64 to 4096."),
    ("img2vid", {"webhook_url": "x"}, "webhook-notification/ and the name of a block."),
    (
        "caption-segments",
        {"colors": {"primary": "red"}},
        'colors.primary: "red" cannot be used: give a colour as #',
    ),
    ("caption-segments", {"border": {"style": 2}}, "border.style: 2 cannot be used: give one of 1, 3, 4."),
    (
        "cleanup",
        {"max_age_hours": 0},
        "max_age_hours: 0 is too small: give a number above 0 and at most 876000",
    ),
    ("factory-reset", {"confirmation": "yes"}, 'give exactly "remove everything".'),
]


@pytest.mark.parametrize(("name", "parameters", "says"), CASES)
def test_what_is_wrong_and_what_to_send(name: str, parameters: dict[str, Any], says: str) -> None:
    assert says in "\n".join(refusals(parameters, SCHEMAS[name]))


def test_a_value_is_shown_in_part_and_without_its_passwords() -> None:
    parameters = {"youtube_url": "ftp://ana:hunter2@example.org/?token=hunter3&" + "x" * 500}
    (line,) = refusals(parameters, SCHEMAS["transcribe"])
    assert "hunter" not in line
    assert len(line) < 250


def test_of_many_mistakes_the_first_are_told() -> None:
    lines = refusals({"images": [{}] * 10_000, "webhook_url": "https://a.b"}, SCHEMAS["img2vid"])
    assert len(lines) == 11
    assert lines[0].startswith("images[0]: 'id' is missing")
    assert lines[-1] == "And there is more."


@pytest.fixture
def in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation._VALIDATOR, "iter_errors", validation._VALIDATOR.iter_errors)
    refuse_in_sentences()


@pytest.mark.usefixtures("in_sentences")
@given(sent())
def test_prefect_refuses_the_same_and_says_it_in_sentences(
    case: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """For the API and for the form of the web page."""
    parameters, schema = case
    assume(not any(raw in json.dumps(parameters, ensure_ascii=False) for raw in RAW))
    in_form = validation.build_error_obj(validation.validate(parameters, schema, preprocess=False))
    assert in_form["valid"] is Draft202012Validator(schema).is_valid(parameters)
    if in_form["valid"]:
        validation.validate(parameters, schema, raise_on_error=True, preprocess=False)
        return
    with pytest.raises(validation.ValidationError) as refused:
        validation.validate(parameters, schema, raise_on_error=True, preprocess=False)
    for raw in RAW:
        assert raw not in json.dumps(in_form)
        assert raw not in str(refused.value)


@pytest.mark.usefixtures("in_sentences")
def test_the_form_shows_each_sentence_at_its_field() -> None:
    errors = validation.validate(
        {"images": [{"id": "a", "duracao": 3000}], "background": "red"}, SCHEMAS["img2vid"]
    )
    shown = validation.build_error_obj(errors)["errors"]
    by_name = {entry["property"]: entry["errors"] for entry in shown}
    assert by_name["background"] == ['"red" cannot be used: give one of auto, fill, blur.']
    assert by_name["webhook_url"][0].startswith("'webhook_url' is missing: give a URL")
    of_image = {entry["property"]: entry["errors"] for entry in by_name["images"][0]["errors"]}
    assert of_image["duracao"] == ["3000 is too large: give a number from 0.1 to 1000."]
    assert of_image["image_url"][0].startswith("'image_url' is missing")


def test_a_request_of_another_form() -> None:
    errors: list[dict[str, Any]] = [
        {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None},
        {"type": "json_invalid", "loc": ("body", 1), "msg": "JSON decode error", "input": {}},
        {
            "type": "dict_type",
            "loc": ("body", "parameters"),
            "msg": "Input should be a valid dictionary",
            "input": [],
        },
        {"type": "extra_forbidden", "loc": ("body", "priority"), "msg": "Extra inputs …", "input": 1},
    ]
    assert misfits(errors) == [
        "The body is missing.",
        "The body is not JSON: send an object, with Content-Type: application/json.",
        "parameters: The empty list cannot be used: it must be a valid dictionary.",
        "priority is not known to this call: leave it out.",
    ]


_TAKEN_OR_SAID_BEFORE = {"remove_noise", "langage"}
"""A terminal's "yes" is true to a flow; a name that does not exist is refused before any value is looked at."""


@pytest.mark.parametrize(
    ("name", "parameters", "says"), [case for case in CASES if not _TAKEN_OR_SAID_BEFORE & set(case[1])]
)
def test_a_run_in_this_process_is_refused_in_the_same_words(
    name: str, parameters: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    listed = FLOWS[name]
    flow = getattr(import_module(listed.module), listed.function)
    needed = {
        "youtube_url": "a.mp3",
        "images": [],
        "url_video": "a",
        "url_srt": "a",
        "webhook_url": "https://a.b",
    }
    sent = {
        key: value for key, value in needed.items() if key in SCHEMAS[name].get("required", [])
    } | parameters
    with pytest.raises(InvalidInputError) as refused:
        _check(flow, listed, sent if parameters else {})
    assert says in refused.value.hint if parameters else "youtube_url" in refused.value.message
    assert not caplog.records, "Prefect logs what was sent, whole"

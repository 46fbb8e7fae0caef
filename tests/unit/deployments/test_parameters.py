import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.client.parameters import check_names, choose, parse_parameters
from tasks.errors import InvalidInputError

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(JSON_VALUES)
def test_json_values_are_taken_as_such(value: object) -> None:
    assert parse_parameters([f"name={json.dumps(value)}"]) == {"name": value}


@pytest.mark.parametrize(
    "text",
    [
        *("pt", "https://example.org/a?b=c&d=e", "", "True", "1.2.3", "[srt"),
        *("NaN", "-Infinity", "[1, NaN]", "[" * 5000, "9" * 5000),
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert parse_parameters([f"name={text}"]) == {"name": text}


@pytest.mark.parametrize("pair", ["name", "=value", "  =value", ""])
def test_a_pair_without_a_name_or_an_equals_sign_is_refused(pair: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a parameter"):
        parse_parameters([pair])


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match='"language" is given twice'):
        parse_parameters(["language=pt", "language=en"])


def test_pairs_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "parameters.json"
    file.write_text('{"language": "pt", "formats": ["srt"]}')
    assert parse_parameters(["language=en"], file) == {"language": "en", "formats": ["srt"]}


def test_a_yaml_file_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text("language: pt\nformats:\n  - srt\n  - vtt\n")
    assert parse_parameters([], file) == {"language": "pt", "formats": ["srt", "vtt"]}


def test_dates_of_a_yaml_file_are_texts_as_the_server_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text("product: {offer_ends: 2026-12-05}\nat: 2026-12-05 10:00:00\ncount: 3\n")
    expected = {"product": {"offer_ends": "2026-12-05"}, "at": "2026-12-05 10:00:00", "count": 3}
    assert parse_parameters([], file) == expected


@pytest.mark.parametrize(
    ("content", "message"), [("[1, 2]", "holds no object"), ("{a: [", "neither JSON nor YAML")]
)
def test_an_unusable_file_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "parameters"
    file.write_text(content)
    with pytest.raises(InvalidInputError, match=message):
        parse_parameters([], file)


@pytest.mark.parametrize("pair", ["a=1e999", r'a="\ud800"', "a=\udcff", "a\udcff=1", 'a={"b": [-1e999]}'])
def test_what_no_request_can_carry_is_refused(pair: str) -> None:
    with pytest.raises(InvalidInputError, match="The parameter "):
        parse_parameters([pair])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: .nan", '"a" holds what JSON cannot'),
        ("a: &b [*b]", '"a" holds what JSON cannot'),
        ("a: !!binary aGk=", '"a" holds what JSON cannot'),
        ("a: !!set {b, c}", '"a" holds what JSON cannot'),
        ("[" * 5000, "nested too deep"),
    ],
)
def test_what_yaml_holds_and_json_does_not_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(content)
    with pytest.raises(InvalidInputError, match=message):
        parse_parameters([], file)


def test_a_standard_input_that_is_closed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InvalidInputError, match="standard input cannot be read: it is closed"):
        parse_parameters([], Path("-"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"none\.json cannot be read"):
        parse_parameters([], tmp_path / "none.json")


def test_a_misspelt_parameter_is_answered_with_the_right_one() -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_names(["yutube_url"], ["youtube_url", "language"], of="The flow")
    assert 'no parameter "yutube_url"' in caught.value.message
    assert 'Did you mean "youtube_url"?' in caught.value.hint
    assert "language" in caught.value.hint


def test_known_names_pass() -> None:
    check_names(["language"], ["youtube_url", "language"], of="The flow")
    assert choose("transcribe", ["transcribe", "transcribe-batch"], what="flow") == "transcribe"


def test_an_unknown_flow_is_answered_with_the_closest() -> None:
    with pytest.raises(InvalidInputError) as caught:
        choose("transcrib", ["transcribe", "transcribe-batch"], what="flow")
    assert 'Did you mean "transcribe"?' in caught.value.hint

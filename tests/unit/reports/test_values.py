"""How values are told apart and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from tasks.reports.texts import breakable, paragraphs
from tasks.reports.values import Kind, Writer, kind_of
from tasks.reports.wording import Language


@pytest.mark.parametrize(
    ("key", "value", "kind", "portuguese", "english"),
    [
        ("preco", 1234.5, Kind.NUMBER, "1.234,50", "1,234.50"),
        ("n", 1234567, Kind.NUMBER, "1.234.567", "1,234,567"),
        ("n", 0.000123, Kind.NUMBER, "0,000123", "0.000123"),
        ("n", -5, Kind.NUMBER, "−5", "−5"),
        ("video_id", 1234567, Kind.IDENTIFIER, "1234567", "1234567"),
        ("ano", 2026, Kind.IDENTIFIER, "2026", "2026"),
        ("size", 1500, Kind.BYTES, "1,5\u00a0kB", "1.5\u00a0kB"),
        ("tamanho", 999, Kind.BYTES, "999\u00a0B", "999\u00a0B"),
        ("duration", 3723.4, Kind.DURATION, "1:02:03", "1:02:03"),
        ("duration", 7.5, Kind.DURATION, "7,50\u00a0s", "7.50\u00a0s"),
        ("length", "PT1H2M3S", Kind.DURATION, "1:02:03", "1:02:03"),
        ("data", "2026-03-12", Kind.DATE, "12/03/2026", "12 Mar 2026"),
        ("upload_date", "20260312", Kind.DATE, "12/03/2026", "12 Mar 2026"),
        ("x", "2026-03-12T14:33:00-03:00", Kind.TIME, "12/03/2026 17:33", "12 Mar 2026 17:33"),
        ("modified", 1_773_326_000, Kind.TIME, "12/03/2026 14:33", "12 Mar 2026 14:33"),
        ("x", "https://e.org/a", Kind.URL, "https://e.org/a", "https://e.org/a"),
        ("x", True, Kind.TRUTH, "sim", "yes"),
        ("x", ["a", "b", 3], Kind.NESTED, "a, b, 3", "a, b, 3"),
        ("x", [{"a": 1}], Kind.NESTED, "1 item", "1 item"),
        ("x", {"aB": {"c": 1}}, Kind.NESTED, "a b: c: 1", "a b: c: 1"),
        ("x", "2026-99-99", Kind.TEXT, "2026-99-99", "2026-99-99"),
        ("x", None, Kind.TEXT, "–", "–"),
        ("x", 10**20, Kind.NUMBER, "1\u00a0×\u00a010²⁰", "1\u00a0×\u00a010²⁰"),
        ("x", -1234567890123456789, Kind.NUMBER, "−1,23\u00a0×\u00a010¹⁸", "−1.23\u00a0×\u00a010¹⁸"),
        ("x", 1e15, Kind.NUMBER, "1\u00a0×\u00a010¹⁵", "1\u00a0×\u00a010¹⁵"),
        ("x", 999_999_999_999_999, Kind.NUMBER, "999.999.999.999.999", "999,999,999,999,999"),
        ("tweet_id", 1800000000000000001, Kind.IDENTIFIER, "1800000000000000001", "1800000000000000001"),
    ],
)
def test_values_are_written_as_the_language_does(
    key: str, value: JsonValue, kind: Kind, portuguese: str, english: str
) -> None:
    assert kind_of(key, [value, None]) == kind
    languages: tuple[tuple[Language, str], ...] = (("pt-BR", portuguese), ("en", english))
    for language, written in languages:
        assert Writer(language).value(value, kind) == written


def test_times_that_are_all_days_are_days() -> None:
    assert kind_of("x", ["2026-03-12T00:00:00", "2026-03-13T00:00:00Z"]) == Kind.DATE
    assert kind_of("x", ["2026-03-12", "2026-03-13T01:00:00Z"]) == Kind.TIME


def test_different_kinds_are_text() -> None:
    assert kind_of("x", [1, "a"]) == Kind.TEXT
    assert kind_of("x", [1, 2, True, True]) == Kind.TEXT


@pytest.mark.parametrize(
    ("key", "values", "odd", "kind", "written"),
    [
        ("x", ["2026-03-12", None, "2026-03-13"], "2026-13-45", Kind.DATE, "12/03/2026"),
        ("x", ["2026-03-12T10:00Z", "2026-03-13"], "ontem", Kind.TIME, "12/03/2026 10:00"),
        ("modified", [1_773_326_000, 1_773_326_001], "?", Kind.TIME, "12/03/2026 14:33"),
        ("preco", [1234.5, 2, 3, 4, 5, 6], "sob consulta", Kind.NUMBER, "1.234,50"),
        ("tamanho", [1500, 20], "n/d", Kind.BYTES, "1,5\u00a0kB"),
        ("x", ["https://e.org/a", "https://e.org/b"], "sem link", Kind.URL, "https://e.org/a"),
    ],
)
def test_one_odd_value_is_shown_as_it_is_and_changes_no_other(
    key: str, values: list[JsonValue], odd: str, kind: Kind, written: str
) -> None:
    found = kind_of(key, [*values, odd])
    assert found is kind
    writer = Writer("pt-BR")
    assert (writer.value(values[0], found), writer.value(odd, found)) == (written, odd)


@given(st.text(max_size=200))
def test_places_for_breaks_are_all_that_is_added(text: str) -> None:
    assert breakable(text).replace("\u200b", "") == text.replace("\u200b", "")


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=15, max_size=200))
def test_no_word_stays_wider_than_a_column(text: str) -> None:
    assert all(len(part) <= 17 for part in breakable(text).split("\u200b"))


def test_letters_and_their_marks_stay_together() -> None:
    assert "\u200b\u0301" not in breakable("e\u0301" * 40)


def test_a_text_that_is_cut_says_so() -> None:
    assert paragraphs("abc\n\ndef", 5) == ("abc …",)
    assert paragraphs("abc\n\ndef", 50) == ("abc", "def")

"""Texts of others are data in every format: they come out again, and nothing obeys them."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from tasks.reports.building import Collected
from tasks.reports.texts import line
from tests.unit.reports.reading import made_of, parsed, squeezed, texts_of

_ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></script><!--",
    '#import "@preview/evil:1.0.0"',
    '#read("/etc/passwd") $x$ `raw` *b* _i_ = t \\ @ref <label> // c /* d */',
    "{{ 7 * 7 }} {% raw %} ${x} %s",
    "&lt;b&gt; &amp; ]]> <![CDATA[",
    "=cmd|'/c calc'!A0",
    "javascript:alert(1)",
    "https://example.org/\"onmouseover='x'",
    "\u202etxt.exe \u2066x\u2069",
    "a\ud800b \x00\x07\x1b[31m \x85\u2028 \ufffe\uffff",
    "Ω ж ñ — “x” … €",
)
_TEXTS = st.one_of(
    st.sampled_from(_ATTACKS),
    st.text(
        st.characters(codec="utf-8", max_codepoint=0xFF, exclude_categories=("Cc", "Cs")),
        min_size=1,
        max_size=60,
    ),
    st.lists(st.sampled_from([*_ATTACKS, "#", "$", "{", "<", "\\", "'", '"']), min_size=1, max_size=4).map(
        "".join
    ),
)


@given(st.lists(_TEXTS, min_size=1, max_size=4), _TEXTS, _TEXTS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_come_out_of_every_format_as_they_went_in(
    cache: Path, texts: list[str], key: str, title: str
) -> None:
    rows: JsonValue = [{"nome": text, f"k{key}": number} for number, text in enumerate(texts)]
    collected = [Collected("precos", "done", rows, None), Collected("x", "failed", None, texts[0])]
    made = made_of(collected, cache, title=title, introduction=texts[-1])
    found = texts_of(made)
    assert parsed(made.files["html"]).xpath("//script | //img | //*[@onerror]") == []
    for text in (*(line(each, 180) for each in texts), line(title, 200)):
        shown = squeezed(text)
        for kind, all_of_it in found.items():
            assert shown in all_of_it, kind


def test_what_looks_like_an_address_and_is_none_is_no_link(cache: Path) -> None:
    bad = [
        "javascript:alert(1)",
        "data:text/html,x",
        'https://e.org/"x',
        "https://e.org/\u202ex",
        "ftp://e.org",
    ]
    good = "https://example.org/a?b=c&d=<e>"[:-3] + "é"
    made = made_of([Collected("x", "done", [{"url": each} for each in bad])], cache, ["html"])
    assert parsed(made.files["html"]).xpath("//table//a") == []
    made = made_of([Collected("x", "done", [{"url": good}])], cache, ["html"])
    assert parsed(made.files["html"]).xpath("//table//a/@href") == [good]


@pytest.mark.parametrize("text", ["x" * 1_000_000, "لا" * 300_000, "第" * 400_000, "a\n" * 500_000])
def test_a_megabyte_is_cut_in_what_is_read_and_whole_in_the_data(cache: Path, text: str) -> None:
    made = made_of([Collected("x", "done", {"texto": text, "itens": [{"nome": text, "n": 1}]})], cache)
    assert all(len(made.files[kind]) < 400_000 for kind in ("html", "docx", "pdf"))
    assert json.loads(made.files["json"])["collectors"][0]["data"]["texto"] == text

"""Markers of tags are taken out of a document, and nothing that the contract says itself."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tasks.documents.clean_copy import clean_copy
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.markers import Unmarked, without_markers
from tasks.documents.package import open_package
from tests.unit.documents.docx import body, paragraph, part, save, section, whole


def unmarked(path: Path) -> tuple[str, Unmarked]:
    """The text that is left, and what was taken out."""
    with open_package(path) as package:
        made = without_markers(clean_copy(package).document)
    return made.lines.text(), made


def left_of(tmp_path: Path, *texts: str) -> str:
    return unmarked(save(tmp_path / "a.docx", body(*map(paragraph, texts))))[0].removesuffix("\n")


@pytest.mark.parametrize(
    "text",
    [
        "A multa é devida{{ exceto em caso de atraso}}.",
        "{{10 dias}} de prazo",
        "{{10}} dias de prazo",
        "R$ {{1.000,00}} ou {{1.000}} ou {{7,1}} ou {{0.5}}",
        "em {{01.02.2024}}",
        "{{contratante}} e {{nome do fiador}}",
        "{{10 dias /}} de prazo",
        "e{{/ou}} sócios",
        "{{10 dias} de prazo e {multa}} de mora",
        "{{10 dias de prazo",
        "{{10h}}",
        "{{{7.1}}}",
        "<<10>> e <<aspas>>",
    ],
)
def test_what_the_contract_may_say_in_braces_stays(tmp_path: Path, text: str) -> None:
    assert left_of(tmp_path, text) == text


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (["{{7}}Prazo{{/7}}"], "Prazo"),
        (["{{preço}}R$ 10{{/preço}} e {{nome /}}"], "R$ 10 e "),
        (["{{10 dias}}x{{/10 dias}}"], "x"),
        (["{{a}}1{{b}}2{{/a}}3{{/b}}"], "123"),
        (["{{a}}1{{/a}}{{a}}2"], "12"),
        (["{{7.1}x{{/7.1}}"], "x"),
        # Alone, and yet nothing else.
        (
            ["{{7.1}}x", "{{13.1.1.b}}y", "{{TAG-preço}}z", "{{/7}}", "{{7..1}}{{23.1.1.}}v", "<<7.1>>w"],
            "x\ny\nz\nv\nw",
        ),
        (["{{7.1 x"], " x"),
    ],
)
def test_what_is_taken_out(tmp_path: Path, texts: list[str], left: str) -> None:
    assert left_of(tmp_path, *texts) == left


SAID = st.sampled_from(
    [
        "multa",
        "10 dias",
        "exceto em caso de atraso",
        "10",
        "1.000,00",
        "preço",
        "nome do fiador",
        "2%",
        "",
        " ",
    ]
)
BRACES = st.sampled_from(
    [("{{", "}}"), ("{{ ", " }}"), ("{", "}}"), ("{{", "}"), ("{{/", "}}"), ("<<", ">>"), ("", "")]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(BRACES, SAID), max_size=6))
@example([(("{{", "}"), "10 dias"), (("{{/", "}}"), "10")])
def test_words_in_braces_that_are_no_tag_are_never_lost(
    tmp_path: Path, held: list[tuple[tuple[str, str], str]]
) -> None:
    # Without two ends of the same name there is no tag.
    ends = {said.strip() for (begin, _), said in held if "/" in begin}
    texts = [
        f"{begin}{said}{end} fim" for (begin, end), said in held if "/" in begin or said.strip() not in ends
    ]
    kept = left_of(tmp_path, "Contrato", *texts)
    for (begin, _), said in held:
        if "/" not in begin and said.strip() not in ends:
            assert said in kept


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.sampled_from(["{{7.1}}", "{{/7.1}}", "{{a}}b{{/a}}", "texto", ""]), max_size=3),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.sampled_from(["{{8}}", "{{/8}}", "", "topo"]), max_size=3),
    st.lists(st.sampled_from(["{{9}}", "{{/9}}", "", "nota"]), min_size=1, max_size=3),
)
def test_the_spans_of_tags_are_where_their_text_is(
    tmp_path: Path, paragraphs: list[list[str]], header: list[str], note: list[str]
) -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    path = whole(
        tmp_path / "a.docx",
        body(
            paragraph("Contrato", reference), *(paragraph(*runs) for runs in paragraphs), section("header r0")
        ),
        {
            "header1": part("hdr", *map(paragraph, header or [""])),
            "footnotes": part(
                "footnotes", f'<w:footnote w:id="2">{"".join(map(paragraph, note))}</w:footnote>'
            ),
        },
    )
    text, made = unmarked(path)
    for span in made.spans:
        # What paragraphs with markers alone have left of their ends is all that may differ.
        assert text[span.start : span.end].replace("\n", "") == span.tag.content.replace("\n", "")


def test_a_changed_exception_in_braces_is_told(engine: ComparisonEngine, tmp_path: Path) -> None:
    old = save(tmp_path / "v1.docx", body(paragraph("A multa é devida.")))
    new = save(tmp_path / "v2.docx", body(paragraph("A multa é devida{{ exceto em caso de atraso}}.")))
    findings = compare(Wanted(old, new, "v1", "v2"), engine).findings
    assert findings.verificado
    [change] = findings.alteracoes
    assert "exceto em caso de atraso" in change.alteracao

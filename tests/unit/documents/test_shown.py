"""What a reader of a document sees is seen by everything that reads it here, and nothing else is."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.documents.clean_copy import clean_copy
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import open_package
from tasks.documents.revisions import read_lines
from tasks.documents.story import read_story
from tests.unit.documents.docx import (
    body,
    code,
    field,
    field_character,
    forms,
    paragraph,
    part,
    run,
    save,
    section,
    whole,
)


def seen(path: Path) -> str:
    """The text of a document, which is the same for all who read it, and in its copy."""
    with open_package(path) as package:
        story, lines, copy = read_story(package).text, read_lines(package).text(), clean_copy(package)
    copied = copy.document
    assert story == read_story(copied).text == lines.removesuffix("\n") == read_lines(copied).text()[:-1]
    return story


BEGIN, SEPARATE, END = (field_character(kind) for kind in ("begin", "separate", "end"))


def shape(text: str) -> str:
    return f"<w:drawing><wps:txbx><w:txbxContent>{paragraph(text)}</w:txbxContent></wps:txbx></w:drawing>"


def old_shape(text: str) -> str:
    return f"<w:pict><w:txbxContent>{paragraph(text)}</w:txbxContent></w:pict>"


def words(text: str) -> str:
    return f"<w:t>{text}</w:t>"


def in_run(inside: str) -> str:
    return f"<w:r>{inside}</w:r>"


SYMBOL = '<w16se:symEx w16se:font="Segoe UI Symbol" w16se:char="F0A8"/>'


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ([paragraph("a ", BEGIN, "R$ 10"), paragraph("b")], "a R$ 10\nb"),
        ([paragraph("a ", BEGIN, code("REF x"), SEPARATE, "R$ 10"), paragraph("b")], "a REF xR$ 10\nb"),
        ([paragraph(BEGIN, "a", field(code("REF x"), run("7.1")), "b")], "a7.1b"),
        ([paragraph("a", END, "b", SEPARATE, "c")], "abc"),
        ([paragraph(BEGIN, code("TOC"), SEPARATE, "1"), paragraph("2", END), paragraph("3")], "1\n2\n3"),
        ([paragraph(BEGIN, code("PAGE"), END, "a", code("só texto"))], "asó texto"),
        ([paragraph(BEGIN, "a", in_run(shape("caixa")), "b")], "ab\ncaixa"),
        ([paragraph("a", in_run(shape("caixa")), BEGIN, code("X"), END)], "a\ncaixa"),
        (
            ["<w:p><w:r><w:t>R$ 1<!-- a -->.000<!-- b -->,00</w:t></w:r></w:p>"],
            "R$ 1.000,00",
        ),
        (["<w:p><w:r><w:t>R$ 1<?a b?>.000</w:t></w:r></w:p>"], "R$ 1.000"),
        ([paragraph("x ", in_run(forms("w16se", SYMBOL, words("☑"))))], "x ☑"),
        ([paragraph("x ", in_run(forms("w16se", SYMBOL, "")))], "x \uf0a8"),
        ([paragraph("x ", in_run(forms("later", words("novo"), words("velho"))))], "x velho"),
        ([paragraph("x ", in_run(forms("w14 later", words("novo"), words("velho"))))], "x velho"),
        ([paragraph("x ", in_run(forms("nowhere", words("novo"), words("velho"))))], "x velho"),
        ([paragraph("x ", in_run(forms("w14 wps", words("novo"), words("velho"))))], "x novo"),
        ([paragraph("x", in_run(forms("wps", shape("novo"), old_shape("velho"))))], "x\nnovo"),
        ([paragraph("x", in_run(forms("wps", shape(""), old_shape("velho"))))], "x\n"),
        ([paragraph("x", in_run(forms("later", shape("novo"), old_shape("velho"))))], "x\nvelho"),
        ([paragraph("x", in_run(forms("wps", "<w:drawing/>", words("velho"))))], "xvelho"),
        ([f"<w:p>{run('x')}{forms('later', run('novo'), run('velho'))}</w:p>"], "xvelho"),
        ([paragraph("x"), forms("later", paragraph("novo"), paragraph("velho"))], "x\nvelho"),
        ([paragraph("x"), forms("wps", paragraph("novo"), paragraph("velho"))], "x\nnovo"),
        (
            [paragraph("x"), forms("wps", "", forms("later", paragraph("novo"), paragraph("velho")))],
            "x\nvelho",
        ),
        ([paragraph("x", in_run(forms("later", words("novo"), "")))], "x"),
    ],
)
def test_what_is_seen(tmp_path: Path, blocks: list[str], text: str) -> None:
    assert seen(save(tmp_path / "a.docx", body(*blocks))) == text


def test_a_field_ends_with_its_header_note_or_box(tmp_path: Path) -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    notes = [f'<w:footnote w:id="{number}">{{}}</w:footnote>' for number in (2, 3)]
    path = whole(
        tmp_path / "a.docx",
        body(paragraph("corpo", BEGIN, reference, reference.replace("2", "3")), section("header r0")),
        {
            "header1": part("hdr", paragraph("topo ", BEGIN, "R$ 10")),
            "footnotes": part(
                "footnotes", notes[0].format(paragraph("um", BEGIN)), notes[1].format(paragraph("dois", END))
            ),
        },
    )
    assert seen(path) == "corpo\ntopo R$ 10\num\ndois"


TOKENS = st.lists(
    st.sampled_from(["begin", "begin", "separate", "end", "end", "a", "b", "code", "two", "later", "next"]),
    max_size=14,
)


def written(tokens: list[str]) -> str:
    made = {
        "code": code("C"),
        "two": in_run(forms("wps", words("T"), words("f"))),
        "later": in_run(forms("later", words("n"), words("L"))),
        "next": "</w:p><w:p>",
        "a": run("a"),
        "b": run("b"),
    }
    return f"<w:p>{''.join(made.get(each) or field_character(each) for each in tokens)}</w:p>"


def shown(tokens: list[str]) -> str:
    """What remains when the codes of closed fields are struck out, the innermost one first."""
    left: list[str | None] = [*tokens]
    struck = [False] * len(tokens)
    while True:
        ends = [place for place, each in enumerate(left) if each == "end"]
        pairs = [
            (begin, end)
            for end in ends
            for begin in [max((at for at in range(end) if left[at] == "begin"), default=None)]
            if begin is not None
        ]
        if not pairs:
            break
        begin, end = pairs[0]
        separate = next((at for at in range(begin, end) if left[at] == "separate"), end)
        for at in range(begin, separate):
            struck[at] = True
        for at in range(begin, end + 1):
            if left[at] in ("begin", "separate", "end"):
                left[at] = None
    said = {"code": "C", "two": "T", "later": "L", "a": "a", "b": "b", "next": "\n"}
    return "".join(
        said.get(each, "") for each, gone in zip(tokens, struck, strict=True) if not gone or each == "next"
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TOKENS)
def test_whatever_fields_and_forms_there_are_all_read_the_same(tmp_path: Path, tokens: list[str]) -> None:
    assert seen(save(tmp_path / "a.docx", body(written(tokens)))) == shown(tokens)


@pytest.mark.parametrize(
    "version",
    [
        lambda price: paragraph("a ", BEGIN, f"R$ {price}"),
        lambda price: f"<w:p><w:r><w:t>R$ <!-- -->{price}</w:t></w:r></w:p>",
        lambda price: paragraph("R$ ", in_run(forms("w16se", SYMBOL, words(price)))),
        lambda price: paragraph("R$ ", in_run(forms("later", words("novo"), words(price)))),
        lambda price: forms("wps", paragraph(f"R$ {price}"), paragraph("velho")),
    ],
)
def test_a_changed_price_is_told_wherever_it_is_seen(
    engine: ComparisonEngine, tmp_path: Path, version: object
) -> None:
    assert callable(version)
    old, new = (
        save(tmp_path / f"{name}.docx", body(paragraph("Preço"), version(price), paragraph("Fim")))
        for name, price in (("v1", "10"), ("v2", "20"))
    )
    findings = compare(Wanted(old, new, "v1", "v2"), engine).findings
    assert findings.verificado, findings.falhas_de_verificacao
    [change] = findings.alteracoes
    assert (change.categoria, change.conteudo, change.alteracao) == ("modificacao", "10", "20")

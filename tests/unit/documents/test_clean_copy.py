"""Nothing in the copy of a document makes a program fetch or run something, and its text is that of the document."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.documents.clean_copy import CleanCopy, clean_copy
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import open_package, package_of
from tasks.documents.story import read_story
from tests.unit.documents.docx import (
    body,
    code,
    content_types,
    field,
    field_character,
    forms,
    paragraph,
    part,
    relationships,
    run,
    save,
    section,
    whole,
)

FETCHING = ("INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "LINK", "DDE", "DDEAUTO", "IMPORT", "DATABASE", "RD")
BEGIN, SEPARATE, END = (field_character(kind) for kind in ("begin", "separate", "end"))


def copy_of(path: Path) -> CleanCopy:
    with open_package(path) as package:
        return clean_copy(package)


def codes(copy: CleanCopy) -> list[str]:
    """All that is written as code in any part of a copy, and what is told to the simple fields."""
    package = copy.document
    roots = [package.xml(name) for name in package.parts]
    return [
        *(text.text or "" for root in roots for text in root.iter("{*}instrText")),
        *(
            str(value)
            for root in roots
            for simple in root.iter("{*}fldSimple")
            for value in simple.attrib.values()
        ),
    ]


def check(path: Path, cut: int) -> CleanCopy:
    copy = copy_of(path)
    with open_package(path) as package:
        assert read_story(copy.document).text == read_story(package).text
    assert copy.links_cut == cut
    assert not any(re.search(rf"\b{name}\b", " ".join(codes(copy)).upper()) for name in FETCHING)
    return copy


def simple(instructions: str, result: str) -> str:
    return f'<w:fldSimple w:instr="{instructions}"><w:fldData>AAAA</w:fldData>{result}</w:fldSimple>'


def shape(inside: str) -> str:
    return f"<w:pict><w:txbxContent><w:p>{inside}</w:p></w:txbxContent></w:pict>"


RESULT = run("resultado")


@pytest.mark.parametrize("name", FETCHING)
@pytest.mark.parametrize(
    ("written", "cut"),
    [
        (lambda name: field(code(f' {name} "http://127.0.0.1:9/a" \\d '), RESULT), 1),
        (lambda name: field(code(f"\n {name.lower()}\u00a0c:\\a"), RESULT), 1),
        (lambda name: field("".join(map(code, f" {name} x")), RESULT), 1),
        (lambda name: field(code(f'{name}"http://127.0.0.1:9/a"'), RESULT), 1),
        (lambda name: field(code(f'"{name}" x'), RESULT), 1),
        (lambda name: field(run(f"{name} x"), RESULT), 1),
        (lambda name: field(code(name), ""), 1),
        (lambda name: BEGIN + code(f"{name} x") + END, 1),
        (lambda name: simple(f" {name.capitalize()} x", RESULT), 1),
        (lambda name: field(code(name[:2]) + field(code("QUOTE"), run(name[2:])), RESULT), 1),
        (lambda name: field(field(code("QUOTE"), run(name)), RESULT), 1),
        (lambda name: field(code("IF 1 = 1 ") + field(code(f"{name} x"), run("a")), RESULT), 1),
        (lambda name: field(code("TOC"), run("a") + field(code(f"{name} x"), run("b"))), 1),
        (lambda name: f"<w:hyperlink>{field(code(f'{name} x'), run('elo'))}</w:hyperlink>", 1),
        (lambda name: f"<w:ins>{field(code(f'{name} x'), RESULT)}</w:ins>", 1),
        (lambda name: f"<w:r>{shape(field(code(f'{name} x'), RESULT))}</w:r>", 1),
        (
            lambda name: (
                f"<w:r>{forms('wps', shape(run('a')), shape(field(code(f'{name} x'), run('b'))))}</w:r>"
            ),
            1,
        ),
        # These are no fields, and no program may make one of them.
        (lambda name: BEGIN + code(f"{name} x") + SEPARATE + run("nunca fechado"), 0),
        (lambda name: code(f"{name} x") + END, 0),
        (lambda name: BEGIN + forms("wps", code("REF x"), code(f"{name} x")) + END, 0),
        (lambda name: forms("wps", run("a"), field(code(f"{name} x"), run("b"))), 0),
    ],
)
def test_fields_that_fetch_or_run_are_cut_and_what_they_show_stays(
    tmp_path: Path, name: str, written: Callable[[str], str], cut: int
) -> None:
    check(save(tmp_path / "a.docx", body(f"<w:p>{run('antes ')}{written(name)}{run(' depois')}</w:p>")), cut)


def test_they_are_cut_in_every_part(tmp_path: Path) -> None:
    def one(word: str) -> str:
        return f"<w:p>{field(code('DDEAUTO x'), run(word))}</w:p>"

    path = whole(
        tmp_path / "a.docx",
        body(one("corpo"), section("header r0", "footer r1")),
        {
            "header1": part("hdr", one("topo")),
            "footer1": part("ftr", one("pé")),
            "footnotes": part("footnotes", f'<w:footnote w:id="2">{one("nota")}</w:footnote>'),
            "comments": part("comments", f'<w:comment w:id="0">{one("comentário")}</w:comment>'),
        },
    )
    check(path, 5)


def test_they_are_cut_whatever_the_part_is_called(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.docx",
        "",
        {
            "[Content_Types].xml": content_types().replace("document.xml", "texto"),
            "_rels/.rels": relationships(("officeDocument", "word/texto")),
            "word/texto": body(f"<w:p>{field(code('DDEAUTO x'), RESULT)}</w:p>"),
            "word/document.xml": "<nothing/>",
        },
    )
    check(path, 1)


@pytest.mark.parametrize(
    "instructions",
    [
        'HYPERLINK "http://127.0.0.1:9/a"',
        "TOC \\o",
        "PAGE",
        "REF dde",
        "= 1 + 1",
        "IF 1 = 1 a b",
        "LINKS",
        "IMPORTANTE",
    ],
)
def test_other_fields_stay(tmp_path: Path, instructions: str) -> None:
    made = field(code(f" {instructions} "), run("resultado")) + simple(
        instructions.replace('"', "&quot;"), run("b")
    )
    copy = copy_of(save(tmp_path / "a.docx", body(f"<w:p>{made}</w:p>")))
    assert copy.links_cut == 0
    assert sorted(codes(copy)) == sorted([f" {instructions} ", instructions])


@pytest.mark.timeout(20)
def test_fields_in_fields_take_no_longer_than_as_many_beside_each_other(tmp_path: Path) -> None:
    inside = (BEGIN + code("REF x ")) * 10_000 + END * 10_000
    assert copy_of(save(tmp_path / "a.docx", body(f"<w:p>{inside}</w:p>"))).links_cut == 0


def test_a_formula_of_a_field_stays(tmp_path: Path) -> None:
    made = field(code("=") + field(code("PAGE"), run("2")) + code("-1"), run("1"))
    assert copy_of(save(tmp_path / "a.docx", body(f"<w:p>{made}</w:p>"))).links_cut == 0


def test_the_reader_is_warned(engine: ComparisonEngine, tmp_path: Path) -> None:
    old, new = (
        save(
            tmp_path / f"{name}.docx", body(f"<w:p>{field(code('INCLUDETEXT x'), run(f'R$ {price}'))}</w:p>")
        )
        for name, price in (("v1", "10"), ("v2", "20"))
    )
    found = compare(Wanted(old, new, "v1.docx", "v2.docx"), engine)
    assert found.findings.verificado
    assert [(each.conteudo, each.alteracao) for each in found.findings.alteracoes] == [("10", "20")]
    assert [each.partition(" ")[0] for each in found.findings.avisos] == ["v1.docx", "v2.docx"]
    assert b"INCLUDETEXT" not in package_of(found.redline).read("word/document.xml")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([BEGIN, BEGIN, SEPARATE, END, END, run("a"), code("DDE x"), code("REF x")]),
        max_size=12,
    )
)
def test_a_copy_of_a_copy_has_nothing_to_cut(tmp_path: Path, inside: list[str]) -> None:
    path = save(tmp_path / "a.docx", body(f"<w:p>{''.join(inside)}</w:p>"))
    copy = copy_of(path)
    (tmp_path / "b.docx").write_bytes(copy.document.file())
    again = copy_of(tmp_path / "b.docx")
    assert (again.links_cut, again.document.file()) == (0, copy.document.file())
    with open_package(path) as package:
        assert read_story(copy.document).text == read_story(package).text


def test_what_two_versions_share_is_cleaned_as_if_it_were_alone(tmp_path: Path) -> None:
    def version(name: str, text: str) -> Path:
        inserted = f'<w:ins w:id="1" w:author="Ana">{run("novo")}</w:ins>'
        code_in_it = field(code("INCLUDETEXT a"), run("de fora"))
        header = part("hdr", f"<w:p>{inserted}{code_in_it}</w:p>")
        far = relationships(("attachedTemplate", "https://example.org/t.dotm"), external=True)
        return save(
            tmp_path / name,
            body(paragraph(text)),
            {"word/header1.xml": header, "word/_rels/settings.xml.rels": far},
        )

    one, other = version("v1.docx", "um"), version("v2.docx", "dois")
    alone = copy_of(other)
    with open_package(other) as package:
        beside = clean_copy(package, copy_of(one))
    assert beside.document.contents == alone.document.contents
    assert (beside.authors, beside.links_cut) == (alone.authors, alone.links_cut) == (("Ana",), 2)


def test_pictures_of_the_older_kind_are_fetched_from_nowhere(tmp_path: Path) -> None:
    names = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    far = "http://127.0.0.1:9/a.png"
    drawn = (
        f'<w:p><w:r><w:pict><v:shape {names} href="https://example.org/um-link">'
        f'<v:imagedata src="{far}" o:href="{far}" o:title="a"/><v:fill src="{far}"/><v:stroke althref="{far}"/>'
        f'<o:left src="{far}"/></v:shape></w:pict></w:r></w:p>'
    )
    copy = check(save(tmp_path / "a.docx", body(drawn)), cut=5)
    document = copy.document.read("word/document.xml")
    assert b"127.0.0.1" not in document
    assert b"um-link" in document


@pytest.mark.parametrize(
    ("properties", "hidden"),
    [
        ("<w:vanish/>", True),
        ('<w:vanish w:val="1"/>', True),
        ('<w:vanish w:val="false"/>', False),
        ("", False),
        ('<w:color w:val="FFFFFF"/>', True),
        ('<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F3864"/>', False),
        ('<w:color w:val="FFFFFF"/><w:highlight w:val="black"/>', False),
        ('<w:color w:val="FF0000"/>', False),
        ('<w:sz w:val="2"/>', True),
        ('<w:sz w:val="14"/>', False),
    ],
)
def test_hidden_text_is_told(tmp_path: Path, properties: str, hidden: bool) -> None:
    mark = "<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>"
    secret = f"<w:r><w:rPr>{properties}</w:rPr><w:t>segredo</w:t></w:r>"
    index = "<w:r><w:rPr><w:vanish/></w:rPr><w:instrText>XE</w:instrText></w:r>"
    copy = copy_of(save(tmp_path / "a.docx", body(f"<w:p>{mark}{secret}{field(index, run('a'))}</w:p>")))
    assert copy.hidden is hidden


def test_text_hidden_by_its_style_and_buttons_are_told(tmp_path: Path) -> None:
    styles = part(
        "styles",
        '<w:style w:type="character" w:styleId="A"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="B"><w:basedOn w:val="A"/></w:style>',
    )
    secret, shown = (
        f'<w:r><w:rPr><w:rStyle w:val="{name}"/></w:rPr><w:t>texto</w:t></w:r>' for name in ("B", "C")
    )
    button = field(code(" MACROBUTTON NoMacro Clique aqui "), "")
    for name, blocks, found in (
        ("hidden", paragraph(secret), (True, False)),
        ("shown", paragraph(shown), (False, False)),
        ("button", paragraph(button), (False, True)),
    ):
        copy = copy_of(whole(tmp_path / f"{name}.docx", body(blocks), {"styles": styles}))
        assert (copy.hidden, copy.buttons) == found

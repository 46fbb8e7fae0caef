"""The text of a document, from wherever it stands, and the way back."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.documents.package import open_package
from tasks.documents.story import Story, read_story
from tests.unit.documents.docx import body, paragraph, part, relationships, run, save


def story(tmp_path: Path, *blocks: str, parts: dict[str, str] | None = None) -> Story:
    with open_package(save(tmp_path / "a.docx", body(*blocks), parts)) as package:
        return read_story(package)


TABLE = f"<w:tbl><w:tr><w:tc>{paragraph('a')}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
BOX = (
    "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><w:txbxContent>"
    f"{paragraph('na caixa')}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>"
    f"{paragraph('na caixa')}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
)
FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>7.1</w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)


LINK, SMART = f"<w:hyperlink>{run('elo')}</w:hyperlink>", f"<w:smartTag>{run('sítio')}</w:smartTag>"
ROW, CELL = f"<w:tr><w:tc>{paragraph('linha')}</w:tc></w:tr>", f"<w:tc>{paragraph('célula')}</w:tc>"
DELETED = "<w:del><w:r><w:delText>velho</w:delText></w:r></w:del>"
SIGNS = "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:noBreakHyphen/><w:softHyphen/></w:r>"
SYMBOLS = '<w:r><w:sym w:font="Symbol" w:char="00A7"/><w:sym w:char="D800"/><w:sym w:char="x"/></w:r>'


def control(inside: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{inside}</w:sdtContent></w:sdt>"


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ([paragraph("um", " texto", " só")], "um texto só"),
        ([paragraph("a", "<w:proofErr/>", "b")], "ab"),
        ([TABLE], "a\nb"),
        ([paragraph(LINK, " e ", SMART)], "elo e sítio"),
        ([paragraph(control(run("dentro")))], "dentro"),
        ([control(paragraph("bloco"))], "bloco"),
        ([f"<w:tbl>{control(ROW)}</w:tbl>"], "linha"),
        ([f"<w:tbl><w:tr>{control(CELL)}</w:tr></w:tbl>"], "célula"),
        ([paragraph(f"<w:ins>{run('novo')}</w:ins>", DELETED)], "novo"),
        ([paragraph(f"<w:moveFrom>{run('aqui')}</w:moveFrom>", f"<w:moveTo>{run('lá')}</w:moveTo>")], "lá"),
        ([f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr>{CELL}</w:tr></w:tbl>"], ""),
        ([paragraph("antes ", BOX, "depois")], "antes depois\nna caixa"),
        ([paragraph("cláusula ", FIELD, ".")], "cláusula 7.1."),
        ([paragraph(SIGNS)], "a\tb\n\u2011"),
        ([paragraph(SYMBOLS)], "§"),
    ],
)
def test_text_is_found_wherever_it_stands(tmp_path: Path, blocks: list[str], text: str) -> None:
    assert story(tmp_path, *blocks).text == text


def test_headers_footers_and_notes_follow_the_body(tmp_path: Path) -> None:
    parts = {
        "word/_rels/document.xml.rels": relationships(
            ("footnotes", "footnotes.xml"),
            ("header", "header1.xml"),
            ("footer", "footer1.xml"),
            ("header", "gone.xml"),
        ),
        "word/header1.xml": part("hdr", paragraph("topo")),
        "word/footer1.xml": part("ftr", paragraph("pé")),
        "word/footnotes.xml": part(
            "footnotes",
            f'<w:footnote w:type="separator">{paragraph("---")}</w:footnote>',
            f"<w:footnote>{paragraph('nota')}</w:footnote>",
        ),
    }
    found = story(tmp_path, paragraph("corpo"), parts=parts)
    assert found.text == "corpo\ntopo\npé\nnota"
    assert [found.path(found.text.index(word)) for word in ("corpo", "topo", "nota")] == [
        "word/document.xml#p[1]/c[0]",
        "word/header1.xml#p[1]/c[0]",
        "word/footnotes.xml#p[1]/c[0]",
    ]


def test_a_place_knows_its_run(tmp_path: Path) -> None:
    found = story(tmp_path, paragraph("x"), paragraph("um", " dois", "<w:r/>", " três"))
    place = found.place(found.text.index("três"))
    assert (place.paragraph, place.run, place.offset) == (2, 4, 8)


def test_an_address_survives_a_paragraph_before_it(tmp_path: Path) -> None:
    before = story(tmp_path, paragraph("a"), paragraph("a cláusula", identifier="1A2B3C4D"))
    after = story(tmp_path, paragraph("a"), paragraph("novo"), paragraph("a cláusula", identifier="1A2B3C4D"))
    path = before.path(before.text.index("cláusula"))
    assert path == "word/document.xml#p[2]@1A2B3C4D/c[2]"
    assert after.text[after.find(path) :] == "cláusula"


@pytest.mark.parametrize("path", ["", "word/document.xml", "word/document.xml#p[x]/c[1]"])
def test_what_is_no_address_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        story(tmp_path, paragraph("a")).find(path)


@pytest.mark.parametrize(
    "path", ["word/document.xml#p[9]/c[0]", "word/document.xml#p[1]/c[5]", "a#p[1]/c[0]"]
)
def test_an_address_that_leads_nowhere_says_so(tmp_path: Path, path: str) -> None:
    with pytest.raises(LookupError):
        story(tmp_path, paragraph("a")).find(path)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text("ab çé\u0301", max_size=6), max_size=4), min_size=1, max_size=6), st.booleans()
)
def test_every_character_has_an_address_that_leads_back(
    tmp_path: Path, texts: list[list[str]], named: bool
) -> None:
    blocks = (
        paragraph(*runs, identifier=f"{number:08X}" if named else "") for number, runs in enumerate(texts, 1)
    )
    found = story(tmp_path, *blocks)
    assert found.text == "\n".join("".join(runs) for runs in texts)
    assert all(found.find(found.path(offset)) == offset for offset in range(len(found.text) + 1))

"""Tracked changes accepted and rejected as Word does it."""

import pytest
from lxml import etree

from tasks.documents.acceptance import Verdict, is_revised, resolve
from tests.unit.documents.docx import W, body, forms, paragraph, run

INS = '<w:ins w:id="1" w:author="Ana">{}</w:ins>'
DEL = '<w:del w:id="2" w:author="Bruno">{}</w:del>'


def gone(text: str) -> str:
    return DEL.format(run(text).replace("w:t>", "w:delText>").replace("<w:t ", "<w:delText "))


def marked(kind: str, *content: str) -> str:
    """A paragraph whose mark was inserted or deleted."""
    return f'<w:p><w:pPr><w:rPr><w:{kind} w:id="3" w:author="Ana"/></w:rPr></w:pPr>{"".join(content)}</w:p>'


def row(*cells: str, kind: str = "") -> str:
    properties = f'<w:trPr><w:{kind} w:id="4" w:author="Ana"/></w:trPr>' if kind else ""
    return f"<w:tr>{properties}{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"


def control(*blocks: str) -> str:
    return f"<w:sdt><w:sdtContent>{''.join(blocks)}</w:sdtContent></w:sdt>"


def resolved(verdict: Verdict, *blocks: str) -> list[str]:
    root = etree.fromstring(body(*blocks).encode())
    resolve(root, verdict)
    assert not is_revised(root)
    return ["".join(text.text or "" for text in each.iter(f"{{{W}}}t")) for each in root.iter(f"{{{W}}}p")]


CASES: list[tuple[str, list[str], list[str], list[str]]] = [
    ("words", [paragraph("a ", INS.format(run("novo ")), gone("velho "), "b")], ["a novo b"], ["a velho b"]),
    ("inserted, then deleted", [paragraph("a", INS.format(gone("nunca")))], ["a"], ["a"]),
    ("joined paragraphs", [marked("del", run("um ")), paragraph("dois")], ["um dois"], ["um ", "dois"]),
    ("divided paragraph", [marked("ins", run("um ")), paragraph("dois")], ["um ", "dois"], ["um dois"]),
    ("a whole paragraph", [marked("del", gone("velho")), paragraph("b")], ["b"], ["velho", "b"]),
    (
        "several at once",
        [marked("del", gone("1")), marked("del", gone("2")), paragraph("b")],
        ["b"],
        ["1", "2", "b"],
    ),
    ("the last of all", [paragraph("a"), marked("del", gone("velho"))], ["a"], ["a", "velho"]),
    (
        "before a table",
        [marked("del", gone("x")), f"<w:tbl>{row(paragraph('c'))}</w:tbl>"],
        ["c"],
        ["x", "c"],
    ),
    ("into a control", [marked("del", run("um ")), control(paragraph("dois"))], ["um dois"], ["um ", "dois"]),
    (
        "out of a control",
        [control(marked("del", run("um "))), paragraph("dois")],
        ["um dois"],
        ["um ", "dois"],
    ),
    (
        "into the form that is shown",
        [marked("del", run("um ")), forms("wps", paragraph("dois"), paragraph("velho"))],
        ["um dois", "velho"],
        ["um ", "dois", "velho"],
    ),
    (
        "into the form that is left",
        [marked("del", run("um ")), forms("later", paragraph("novo"), paragraph("dois"))],
        ["novo", "um dois"],
        ["um ", "novo", "dois"],
    ),
    (
        "out of a form",
        [forms("wps", marked("del", run("um ")), paragraph("velho")), paragraph("dois")],
        ["velho", "um dois"],
        ["um ", "velho", "dois"],
    ),
    (
        "rows and cells in forms",
        [
            f"<w:tbl>{forms('wps', row(paragraph('a')), '')}</w:tbl>",
            f"<w:tbl><w:tr>{forms('wps', '<w:tc>' + paragraph('b') + '</w:tc>', '')}</w:tr></w:tbl>",
            f"<w:tbl>{row(forms('wps', paragraph('c'), ''))}</w:tbl>",
        ],
        ["a", "b", "c"],
        ["a", "b", "c"],
    ),
    (
        "rows",
        [
            f"<w:tbl>{row(paragraph('a'), kind='del')}{row(paragraph('b'))}{row(paragraph('c'), kind='ins')}</w:tbl>"
        ],
        ["b", "c"],
        ["a", "b"],
    ),
    (
        "a table between",
        [marked("del", run("um ")), f"<w:tbl>{row(paragraph('x'), kind='del')}</w:tbl>", paragraph("dois")],
        ["um dois"],
        ["um ", "x", "dois"],
    ),
    (
        "the only one in a cell",
        [f"<w:tbl>{row(marked('del', gone('x')))}</w:tbl>"],
        [""],
        ["x"],
    ),
    (
        "cells",
        [
            "<w:tbl><w:tr><w:tc><w:tcPr><w:cellDel w:id='1'/></w:tcPr><w:p/></w:tc>"
            f"<w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
        ],
        ["b"],
        ["", "b"],
    ),
    (
        "moves",
        [
            '<w:p><w:moveFromRangeStart w:id="1" w:name="m"/>'
            f'<w:moveFrom w:id="2">{run("x")}</w:moveFrom><w:moveFromRangeEnd w:id="1"/></w:p>',
            f'<w:p><w:moveTo w:id="3">{run("x")}</w:moveTo></w:p>',
        ],
        ["", "x"],
        ["x", ""],
    ),
]


@pytest.mark.parametrize(
    ("blocks", "accepted", "rejected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_both_verdicts(blocks: list[str], accepted: list[str], rejected: list[str]) -> None:
    assert resolved("accept", *blocks) == accepted
    assert resolved("reject", *blocks) == rejected


def test_looks_are_kept_or_put_back() -> None:
    text = (
        '<w:p><w:pPr><w:jc w:val="right"/><w:pPrChange w:id="1">'
        '<w:pPr><w:jc w:val="left"/></w:pPr></w:pPrChange></w:pPr>'
        '<w:r><w:rPr><w:b/><w:rPrChange w:id="2"><w:rPr><w:i/></w:rPr></w:rPrChange></w:rPr><w:t>x</w:t></w:r></w:p>'
    )
    for verdict, kept, lost in (("accept", "b", "i"), ("reject", "i", "b")):
        root = etree.fromstring(body(text).encode())
        resolve(root, verdict)  # type: ignore[arg-type]
        assert root.find(f".//{{{W}}}{kept}") is not None
        assert root.find(f".//{{{W}}}{lost}") is None
        alignment = root.find(f".//{{{W}}}jc")
        assert alignment is not None
        assert alignment.get(f"{{{W}}}val") == ("right" if verdict == "accept" else "left")


def test_header_references_stay_when_a_section_is_put_back() -> None:
    section = (
        '<w:sectPr><w:headerReference w:type="default"/><w:pgSz w:w="1"/>'
        '<w:sectPrChange w:id="1"><w:sectPr><w:pgSz w:w="2"/></w:sectPr></w:sectPrChange></w:sectPr>'
    )
    root = etree.fromstring(body(paragraph("x"), section).encode())
    resolve(root, "reject")
    held = root.find(f".//{{{W}}}sectPr")
    assert held is not None
    assert [etree.QName(each).localname for each in held] == ["headerReference", "pgSz"]
    assert held[1].get(f"{{{W}}}w") == "2"

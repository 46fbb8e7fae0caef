"""Tracked paragraphs at the end of something: what their marks become, and that both texts stay what they were."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tasks.documents.acceptance import Verdict, resolve
from tasks.documents.last_marks import settle_last_marks
from tests.unit.documents.docx import W, body

SECTION = "<w:sectPr/>"
KINDS = st.sampled_from(["", "ins", "del"])


def tracked(text: str, mark: str, kind: str, looks: str = "") -> str:
    """A paragraph whose mark and whose text came, went or stayed."""
    name = "delText" if kind == "del" else "t"
    inside = f"<w:r><w:{name}>{text}</w:{name}></w:r>"
    held = f'<w:{kind} w:id="1" w:author="A">{inside}</w:{kind}>' if kind else inside
    marks = f'<w:rPr><w:{mark} w:id="2" w:author="A"/></w:rPr>' if mark else ""
    return f"<w:p><w:pPr>{looks}{marks}</w:pPr>{held}</w:p>"


def table(*cells: str, mark: str = "") -> str:
    marks = f'<w:trPr><w:{mark} w:id="3"/></w:trPr>' if mark else ""
    return f"<w:tbl><w:tr>{marks}{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr></w:tbl>"


def root_of(*blocks: str) -> etree._Element:
    return etree.fromstring(body(*blocks).encode())


def resolved(root: etree._Element, verdict: Verdict) -> list[str]:
    """The paragraphs that are left, with their justification."""
    held = deepcopy(root)
    resolve(held, verdict)
    return [
        "".join(text.text or "" for text in each.iter("{*}t"))
        + "".join(str(jc.get(f"{{{W}}}val")) for jc in each.iterfind("{*}pPr/{*}jc"))
        for each in held.iter("{*}p")
    ]


def ends(root: etree._Element) -> list[str]:
    """The marks of all paragraphs."""
    return [
        " ".join(etree.QName(mark).localname for mark in each.iterfind("{*}pPr/{*}rPr/*"))
        for each in root.iter("{*}p")
    ]


@pytest.mark.parametrize("kind", ["ins", "del"])
@pytest.mark.parametrize("behind", [SECTION, "", table(tracked("cell", "", ""))])
def test_the_end_of_the_paragraph_before_is_marked_instead(kind: str, behind: str) -> None:
    root = root_of(tracked("Stays", "", ""), tracked("one", kind, kind), tracked("two", kind, kind), behind)
    before = resolved(root, "accept"), resolved(root, "reject")
    assert settle_last_marks(root)
    assert ends(root)[:3] == [kind, kind, ""]
    assert (resolved(root, "accept"), resolved(root, "reject")) == before


def test_of_a_cell_too() -> None:
    root = root_of(table(tracked("Stays", "", "") + tracked("new", "ins", "ins")))
    assert settle_last_marks(root)
    assert ends(root) == ["ins", ""]


@pytest.mark.parametrize("kinds", [("del", "ins"), ("ins", "del")])
def test_one_that_came_for_one_that_went_shares_its_end(kinds: tuple[str, str]) -> None:
    root = root_of(*(tracked(kind, kind, kind) for kind in kinds), SECTION)
    assert settle_last_marks(root)
    assert ends(root) == [""]
    assert (resolved(root, "accept"), resolved(root, "reject")) == (["ins"], ["del"])


@pytest.mark.parametrize(("kind", "verdict"), [("ins", "reject"), ("del", "accept")])
def test_what_goes_on_in_the_last_paragraph_looks_as_it_did(kind: str, verdict: Verdict) -> None:
    root = root_of(
        tracked("Stays", "", "", '<w:jc w:val="center"/>'),
        tracked("last", kind, kind, '<w:jc w:val="right"/>'),
    )
    assert settle_last_marks(root)
    other: Verdict = "accept" if verdict == "reject" else "reject"
    assert resolved(root, verdict) == ["Stayscenter"]
    assert resolved(root, other) == ["Stayscenter", "lastright"]


def test_a_table_that_came_with_it_is_in_between() -> None:
    root = root_of(
        tracked("Stays", "", ""),
        table(tracked("cell", "ins", "ins"), mark="ins"),
        tracked("last", "ins", "ins"),
        SECTION,
    )
    assert settle_last_marks(root)
    assert ends(root) == ["ins", "ins", ""]
    assert resolved(root, "reject") == ["Stays"]


@pytest.mark.parametrize(
    "blocks",
    [
        (tracked("all of it", "ins", "ins"), SECTION),
        (tracked("Stays", "", ""), tracked("part of it", "ins", ""), SECTION),
        (table(tracked("cell", "", "")), tracked("behind a table", "ins", "ins"), SECTION),
        (tracked("Stays", "", "", "<w:sectPr/>"), tracked("another section", "ins", "ins"), SECTION),
        (tracked("new", "ins", "ins"), tracked("Stays", "", ""), SECTION),
    ],
)
def test_what_has_nothing_to_go_on_from_stays(blocks: tuple[str, ...]) -> None:
    root = root_of(*blocks)
    was = etree.tostring(root)
    assert not settle_last_marks(root)
    assert etree.tostring(root) == was


@given(
    st.lists(st.tuples(KINDS, KINDS, st.sampled_from(["", '<w:jc w:val="right"/>'])), min_size=1, max_size=6),
    st.booleans(),
)
def test_both_texts_stay_what_they_were(paragraphs: list[tuple[str, str, str]], before_table: bool) -> None:
    blocks = [tracked(f"{place};", mark, kind, looks) for place, (mark, kind, looks) in enumerate(paragraphs)]
    behind = table(tracked("cell", "", "")) if before_table else ""
    root = root_of(tracked("first;", "", ""), *blocks, behind, SECTION)
    texts = [
        [each.removesuffix("right") for each in resolved(root, verdict)] for verdict in ("accept", "reject")
    ]
    settle_last_marks(root)
    assert [
        [each.removesuffix("right") for each in resolved(root, verdict)] for verdict in ("accept", "reject")
    ] == texts

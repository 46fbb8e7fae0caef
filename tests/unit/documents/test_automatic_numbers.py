"""What Word writes before paragraphs: by levels, by styles, and by lists that begin anew."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tasks.documents.automatic_numbers import numbers_of
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import package_of
from tasks.documents.revisions import read_lines
from tests.unit.documents.docx import body, paragraph, part, whole

CLAUSE = ("decimal", "CLÁUSULA %1ª –")
ITEM = ("decimal", "%1.%2.")
Numbered = Callable[..., list[str]]


def level(place: int, form: str, text: str, more: str = "") -> str:
    inside = f'<w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}<w:lvlText w:val="{text}"/>'
    return f'<w:lvl w:ilvl="{place}">{inside}</w:lvl>'


def definition(*levels: tuple[str, str], name: int = 5, more: str = "") -> str:
    made = "".join(level(place, *each) for place, each in enumerate(levels))
    return f'<w:abstractNum w:abstractNumId="{name}">{made}{more}</w:abstractNum>'


def listed(name: int, of: int = 5, more: str = "") -> str:
    return f'<w:num w:numId="{name}"><w:abstractNumId w:val="{of}"/>{more}</w:num>'


def item(place: int | None, name: int | None = 1, style: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    at = f'<w:ilvl w:val="{place}"/>' if place is not None else ""
    of = f'<w:numId w:val="{name}"/>' if name is not None else ""
    numbered = f"<w:numPr>{at}{of}</w:numPr>" if at or of else ""
    return paragraph(f"<w:pPr>{named}{numbered}</w:pPr>", "texto")


@pytest.fixture
def numbered(tmp_path: Path) -> Numbered:
    def run_it(numbering: Sequence[str], paragraphs: Sequence[str], styles: Sequence[str] = ()) -> list[str]:
        parts = {"numbering": part("numbering", *numbering), "styles": part("styles", *styles)}
        document = package_of(whole(tmp_path / "contract.docx", body(*paragraphs), parts).read_bytes())
        return numbers_of(document, read_lines(document))

    return run_it


def test_levels_count_in_each_other(numbered: Numbered) -> None:
    places = (0, 1, 1, 2, 2, 0, 1, 2)
    found = numbered(
        [definition(CLAUSE, ITEM, ("lowerLetter", "%3)")), listed(1)],
        [*(item(place) for place in places), paragraph("livre"), item(0)],
    )
    assert found == [
        *("CLÁUSULA 1ª –", "1.1.", "1.2.", "a)", "b)", "CLÁUSULA 2ª –", "2.1.", "a)"),
        "",
        "CLÁUSULA 3ª –",
    ]


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("upperRoman", ["I", "II", "III", "IV"]),
        ("lowerRoman", ["i", "ii", "iii", "iv"]),
        ("upperLetter", ["A", "B", "C", "D"]),
        ("decimalZero", ["01", "02", "03", "04"]),
        ("ordinal", ["1º", "2º", "3º", "4º"]),
        ("ordinalText", ["primeiro", "segundo", "terceiro", "quarto"]),
        ("numberInDash", ["1", "2", "3", "4"]),
        ("bullet", ["", "", "", ""]),
        ("none", ["", "", "", ""]),
    ],
)
def test_forms_of_numbers(numbered: Numbered, form: str, found: list[str]) -> None:
    assert numbered([definition((form, "%1")), listed(1)], [item(0)] * 4) == found


def test_all_levels_are_in_digits_where_the_last_one_says_so(numbered: Numbered) -> None:
    levels = level(0, "upperRoman", "%1") + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    made = f'<w:abstractNum w:abstractNumId="5">{levels}</w:abstractNum>'
    assert numbered([made, listed(1)], [item(0), item(1)]) == ["I", "1.1"]


def test_lists_of_one_definition_go_on_unless_they_begin_anew(numbered: Numbered) -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    other = f'<w:lvlOverride w:ilvl="0">{level(0, "upperRoman", "%1")}</w:lvlOverride>'
    lists = [definition(("decimal", "%1")), listed(1), listed(2), listed(3, more=anew), listed(4, more=other)]
    names = (1, 2, 3, 3, 1, 4)
    assert numbered(lists, [item(0, name) for name in names]) == ["1", "2", "1", "2", "3", "IV"]


def test_a_level_that_never_begins_anew_goes_on(numbered: Numbered) -> None:
    levels = level(0, "decimal", "%1") + level(1, "decimal", "%2", '<w:lvlRestart w:val="0"/>')
    made = f'<w:abstractNum w:abstractNumId="5">{levels}</w:abstractNum>'
    assert numbered([made, listed(1)], [item(place) for place in (0, 1, 0, 1)]) == ["1", "1", "2", "2"]


def test_styles_number_their_paragraphs(numbered: Numbered) -> None:
    def style(name: str, inside: str = "", based: str = "", more: str = "") -> str:
        of = f'<w:basedOn w:val="{based}"/>' if based else ""
        return f'<w:style w:type="paragraph" {more} w:styleId="{name}">{of}<w:pPr>{inside}</w:pPr></w:style>'

    levels = level(0, "decimal", "%1.", '<w:pStyle w:val="T1"/>')
    levels += level(1, "decimal", "%1.%2.", '<w:pStyle w:val="T2"/>')
    made = f'<w:abstractNum w:abstractNumId="5">{levels}</w:abstractNum>'
    of_list = '<w:numPr><w:numId w:val="1"/></w:numPr>'
    styles = [
        style("T1", of_list),
        style("T2", of_list),
        style("T3", based="T2"),
        style("Ring", based="Ringer"),
        style("Ringer", based="Ring"),
    ]
    paragraphs = [*(item(None, None, name) for name in ("T1", "T2", "T3", "Ring")), item(0, 0, "T1")]
    assert numbered([made, listed(1)], paragraphs, styles) == ["1.", "1.1.", "1.2.", "", ""]


def test_levels_of_a_list_that_a_style_names(numbered: Numbered) -> None:
    link = '<w:abstractNum w:abstractNumId="6"><w:numStyleLink w:val="Lei"/></w:abstractNum>'
    properties = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    style = f'<w:style w:type="numbering" w:styleId="Lei">{properties}</w:style>'
    lists = [definition(("decimal", "Art. %1º")), link, listed(1), listed(2, of=6)]
    assert numbered(lists, [item(0, 2)], [style]) == ["Art. 1º"]


@pytest.mark.parametrize("place", ["-1", "9", "99999999999", "um", ""])
@pytest.mark.parametrize("start", ["-1", "99999999999999999999", "mil", "99999999"])
def test_nonsense_is_no_number_and_costs_nothing(numbered: Numbered, place: str, start: str) -> None:
    text = "%1" * 100_000
    made = (
        f'<w:abstractNum w:abstractNumId="5"><w:lvl w:ilvl="0"><w:start w:val="{start}"/>'
        f'<w:numFmt w:val="upperRoman"/><w:lvlText w:val="{text}"/></w:lvl></w:abstractNum>'
    )
    odd = f'<w:pPr><w:numPr><w:ilvl w:val="{place}"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    found = numbered([made, listed(1)], [paragraph(odd, "texto"), item(0, 7), item(0)])
    assert all(len(each) < 500 for each in found)


def test_changes_know_their_clauses_where_word_numbers_them(engine: ComparisonEngine, tmp_path: Path) -> None:
    def version(name: str, *texts: tuple[int, str]) -> Path:
        blocks = (
            paragraph(item(place).partition("<w:r>")[0].removeprefix("<w:p>"), text) for place, text in texts
        )
        parts = {"numbering": part("numbering", definition(CLAUSE, ITEM), listed(1))}
        return whole(tmp_path / name, body(*blocks), parts)

    old = version("v1.docx", (0, "DO OBJETO"), (1, "Serviços."), (0, "DO PREÇO"), (1, "Mensais R$ 10,00."))
    new = version(
        "v2.docx",
        *((0, "DO OBJETO"), (1, "Serviços."), (0, "DA VIGÊNCIA"), (1, "Vale um ano.")),
        *((0, "DO PREÇO"), (1, "Mensais R$ 12,00.")),
    )
    found = compare(Wanted(old, new, "v1", "v2"), engine).findings
    assert [(each.clausula_numero, each.clausula_nome, each.alteracao) for each in found.alteracoes] == [
        ("2", "DA VIGÊNCIA", "DA VIGÊNCIA"),
        ("2.1", "", "Vale um ano."),
        ("2.1", "", "12,00"),
    ]

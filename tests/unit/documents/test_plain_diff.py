"""Two documents compared by their words: each side is the text of its version, and addresses lead to the words."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.documents.changes import RawChange, read_changes
from tasks.documents.comparison import Comparison, Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import open_package
from tasks.documents.plain_diff import by_words_where_exchanged, compared_by_words
from tasks.documents.revisions import GONE, NEW, Lines, read_lines
from tasks.documents.story import Story, read_story
from tests.unit.documents.docx import body, paragraph, part, run, save, section, whole


@dataclass
class Version:
    """The paragraphs of a body, and of each header, footer and note."""

    body: list[str]
    headers: list[list[str]] = field(default_factory=list)
    footers: list[list[str]] = field(default_factory=list)
    footnotes: list[list[str]] = field(default_factory=list)
    endnotes: list[list[str]] = field(default_factory=list)

    def save(self, path: Path) -> Path:
        parts: dict[str, str] = {}
        margins: list[str] = []
        for name, root, stories in (("header", "hdr", self.headers), ("footer", "ftr", self.footers)):
            for number, texts in enumerate(stories, 1):
                margins.append(f"{name} r{len(parts)}")
                parts[f"{name}{number}"] = part(root, *map(paragraph, texts))
        references: list[str] = []
        for name, notes in (("footnote", self.footnotes), ("endnote", self.endnotes)):
            numbered = [*enumerate(notes, 2)]
            references += [
                f'<w:r><w:{name}Reference w:id="{number}"/></w:r>' for number, _ in reversed(numbered)
            ]
            if notes:
                parts[f"{name}s"] = part(
                    f"{name}s",
                    *(
                        f'<w:{name} w:id="{number}">{"".join(map(paragraph, texts))}</w:{name}>'
                        for number, texts in numbered
                    ),
                )
        first, *rest = self.body
        blocks = [paragraph(first, *references), *map(paragraph, rest)]
        return whole(path, body(*blocks, section(*margins)), parts)


TEXTS = st.lists(
    st.sampled_from(["", "a", "b", "Contrato 1", "Contrato 2", "Prazo de 10 dias"]), min_size=1, max_size=3
)
STORIES = st.lists(TEXTS, max_size=3)
VERSIONS = st.builds(Version, TEXTS, STORIES, STORIES, STORIES, STORIES)


def opened(path: Path) -> tuple[Lines, Story]:
    with open_package(path) as package:
        return read_lines(package), read_story(package)


def words_at(lines: Lines, story: Story, start: int, end: int) -> str:
    """What stands between two places of the text, by their addresses."""
    return story.text[story.find(lines.path(start)) : story.find(lines.path(end))]


def is_told_in_words(change: RawChange) -> bool:
    return "[" not in change.before + change.after


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VERSIONS, VERSIONS)
def test_each_side_is_its_version_and_every_address_leads_to_the_words(
    tmp_path: Path, one: Version, other: Version
) -> None:
    old, old_story = opened(one.save(tmp_path / "v1.docx"))
    new, new_story = opened(other.save(tmp_path / "v2.docx"))
    made = compared_by_words(old, new)
    assert made.text(NEW) == old.text()
    assert made.text(GONE) == new.text()
    for change in read_changes(made):
        was = words_at(old, old_story, change.old_start, change.old_end)
        now = words_at(new, new_story, change.new_start, change.new_end)
        if is_told_in_words(change):
            assert (was, now) == (change.before, change.after)
    assert bool(read_changes(made)) == (old.texts() != new.texts())


MARKS = st.sampled_from(["", "ins", "del"])
TRACKED = st.lists(
    st.tuples(MARKS, st.lists(st.tuples(MARKS, st.sampled_from(["3. ", "4. ", "Fim", "Foro"])), max_size=3)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TRACKED)
def test_paragraphs_that_are_paired_otherwise_leave_both_sides_as_they_were(
    tmp_path: Path, paragraphs: list[tuple[str, list[tuple[str, str]]]]
) -> None:
    blocks: list[str] = []
    for mark, pieces in paragraphs:
        said = (
            f"<w:{kind}>{run(text)}</w:{kind}>".replace("w:t", "w:delText" if kind == "del" else "w:t")
            if kind
            else run(text)
            for kind, text in pieces
        )
        marks = f"<w:pPr><w:rPr><w:{mark}/></w:rPr></w:pPr>" if mark else ""
        blocks.append(f"<w:p>{marks}{''.join(said)}</w:p>")
    with open_package(save(tmp_path / "tracked.docx", body(*blocks))) as package:
        redline = read_lines(package)
    paired = by_words_where_exchanged(redline)
    assert paired.text(GONE) == redline.text(GONE)
    assert paired.text(NEW) == redline.text(NEW)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VERSIONS)
def test_every_place_of_a_text_has_an_address(tmp_path: Path, version: Version) -> None:
    lines, story = opened(version.save(tmp_path / "v.docx"))
    for offset in range(len(lines.text()) + 1):
        place = story.find(lines.path(offset))
        assert lines.text()[offset : offset + 1].strip("\n") in story.text[place : place + 1]


def changes_of(tmp_path: Path, one: Version, other: Version) -> list[tuple[str, str, str]]:
    (old, _), (new, _) = opened(one.save(tmp_path / "v1.docx")), opened(other.save(tmp_path / "v2.docx"))
    return [(each.category, each.before, each.after) for each in read_changes(compared_by_words(old, new))]


def test_a_note_that_has_become_text_is_a_change(tmp_path: Path) -> None:
    one = Version(["Texto"], footnotes=[["Uma nota."]])
    assert changes_of(tmp_path, one, Version(["Texto", "Uma nota."])) == [
        ("inclusao", "", "Uma nota."),
        ("remocao", "Uma nota.", ""),
    ]
    assert changes_of(tmp_path, one, Version(["Texto"], endnotes=[["Uma nota."]])) != []
    assert changes_of(tmp_path, one, Version(["Texto"], headers=[["Uma nota."]])) != []


@pytest.mark.parametrize("notes", ["footnotes", "endnotes", "headers"])
def test_a_redline_that_leaves_a_note_where_it_was_does_not_hold(
    engine: ComparisonEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: str
) -> None:
    monkeypatch.setattr(engine, "redline", lambda _old, new, _signature: new)
    one = Version(["Texto"])
    setattr(one, notes, [["Uma nota."]])
    other = Version(["Texto", "Uma nota."])
    found = compared(engine, one.save(tmp_path / "v1.docx"), other.save(tmp_path / "v2.docx")).findings
    assert not found.verificado
    assert "outra parte" in found.falhas_de_verificacao[0]
    assert [each.categoria for each in found.alteracoes] == ["inclusao", "remocao"]


def test_a_header_is_compared_with_the_one_that_it_has_become(tmp_path: Path) -> None:
    one = Version(["Texto"], headers=[[""], ["Contrato 1"]])
    other = Version(["Texto"], headers=[["", "Contrato 2"], [""]], footers=[[""]])
    assert changes_of(tmp_path, one, other) == [
        ("formatacao", "[linha em branco]", "incluída"),
        ("modificacao", "1", "2"),
    ]


BOLD = '<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">Contrato </w:t></w:r>'


@pytest.mark.parametrize("held", [True, False])
def test_an_empty_header_changes_no_looks(engine: ComparisonEngine, tmp_path: Path, held: bool) -> None:
    def version(name: str, header: bool) -> Path:
        footer = part("ftr", paragraph(BOLD, run("nº 17")))
        parts = {"footer1": footer, "header1": part("hdr", "<w:p/>")} if header else {"footer1": footer}
        margins = ["header r1", "footer r0"] if header else ["footer r0"]
        return whole(tmp_path / name, body(paragraph("Texto"), section(*margins)), parts)

    found = compared(engine, version("a.docx", held), version("b.docx", not held))
    assert found.findings.verificado
    assert found.findings.alteracoes == ()


def compared(engine: ComparisonEngine, old: Path, new: Path) -> Comparison:
    return compare(Wanted(old, new, "v1.docx", "v2.docx"), engine)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VERSIONS, VERSIONS)
def test_the_redline_has_addresses_that_lead_to_the_words(
    engine: ComparisonEngine, tmp_path: Path, one: Version, other: Version
) -> None:
    paths = one.save(tmp_path / "v1.docx"), other.save(tmp_path / "v2.docx")
    (old, old_story), (new, new_story) = map(opened, paths)
    found = compared(engine, *paths).findings
    assert bool(found.alteracoes) or old.texts() == new.texts()
    for change in found.alteracoes:
        was = old_story.text[
            old_story.find(change.caminho_anterior_inicio) : old_story.find(change.caminho_anterior_fim)
        ]
        now = new_story.text[new_story.find(change.caminho_inicio) : new_story.find(change.caminho_fim)]
        told = change.conteudo + change.alteracao
        if (
            change.categoria in ("inclusao", "remocao", "modificacao")
            and "[" not in told
            and not change.movida
        ):
            assert (was, now) == (change.conteudo, change.alteracao)

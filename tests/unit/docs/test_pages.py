"""The shape of the READMEs and of the manual: links lead somewhere, tables are the code's, lines are short."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT
from deployments.scripts import reference
from deployments.server.flow_catalogue import listed_flows
from tests.readme import (
    ENGLISH,
    LANGUAGES,
    PAGES,
    PORTUGUESE,
    Block,
    Language,
    blocks,
    by_language,
    named,
    text_of,
)

LONGEST_README = 150
LONGEST_LINE = 120
GENERATED = {"settings.md": "settings", "models.md": "models"}
ENGLISH_ONLY = {"architecture.md": "imports", "captions.md": "presets"}
ABSENT = {"flows/measurement.py", "flows/table_collector.py"}
"""What the examples make."""

every_page = pytest.mark.parametrize("page", PAGES, ids=named)


def prose_of(page: Path) -> str:
    return re.sub(r"```.*?```", "", text_of(page), flags=re.S)


def links_of(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose_of(page))


def anchors_of(page: Path) -> set[str]:
    """As GitHub makes them of the headings."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.S | re.M)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)", text, re.M)
    }


@every_page
def test_links_lead_to_files_and_sections(page: Path) -> None:
    for link in links_of(page):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(PROJECT_ROOT), link
        assert not anchor or anchor in anchors_of(target), link


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    found = re.findall(r"`((?:flows|tasks|blocks|deployments|tests|docs)/[\w/.]*)`", prose_of(page))
    for path in set(found) - ABSENT:
        assert (PROJECT_ROOT / path).exists(), path


@by_language
def test_every_page_is_reached_from_the_readme_and_the_index(language: Language) -> None:
    pages = {page for page in language.pages if page.parent == language.folder}
    index = language.folder / "README.md"
    for start in (language.readme, index):
        linked = {(start.parent / link.partition("#")[0]).resolve() for link in links_of(start)}
        assert pages - {index} <= linked, start


def test_a_page_in_two_languages_links_to_its_other() -> None:
    pairs = [(ENGLISH.readme, PORTUGUESE.readme)]
    pairs += [(ENGLISH.folder / page.name, page) for page in PORTUGUESE.pages[1:]]
    for first, second in pairs:
        for page, other in ((first, second), (second, first)):
            assert other in [(page.parent / link).resolve() for link in links_of(page)], page


@by_language
def test_the_readme_is_short(language: Language) -> None:
    assert len(text_of(language.readme).splitlines()) <= LONGEST_README


@every_page
def test_lines_are_short(page: Path) -> None:
    long = [line for line in text_of(page).splitlines() if len(line) > LONGEST_LINE]
    assert [line for line in long if not line.startswith("|")] == []


@by_language
def test_the_generated_tables_are_those_of_the_code(language: Language) -> None:
    pages = {page for page in reference.generated_pages() if page.parent == language.folder}
    expected = GENERATED | (ENGLISH_ONLY if language is ENGLISH else {})
    assert {page.name for page in pages} == set(expected)
    for page in pages:
        assert f"<!-- generated: {expected[page.name]} -->" in text_of(page)
        assert reference.rewritten(page) == text_of(page), "run `python -m deployments.scripts.reference`"


def test_a_translation_keeps_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "pt-BR" / "settings.md"
    page.parent.mkdir()
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    page.write_text(
        "<!-- generated: settings -->\n| a | b | c | d |\n|---|---|---|---|\n"
        "| `CONTRAPONTO_HOME` | `old` | Pasta. |  |\n<!-- end -->\n"
    )
    assert reference.generated_pages() == [page]
    lines = reference.rewritten(page).splitlines()
    assert lines[1:4] == [
        "| a | b | c | d |",
        "|---|---|---|---|",
        "| `CONTRAPONTO_HOME` | `.contraponto` | Pasta. |  |",
    ]
    assert "| Folder of the models. |" in lines[4], (
        "a new setting has the code's words until it is translated"
    )


def test_the_portuguese_tables_are_in_portuguese() -> None:
    for name in GENERATED:
        english, portuguese = (
            [
                line.split("|")[3].strip()
                for line in text_of(folder / name).splitlines()
                if line.startswith("| `")
            ]
            for folder in (ENGLISH.folder, PORTUGUESE.folder)
        )
        assert all(portuguese)
        same = [ours for ours, theirs in zip(english, portuguese, strict=True) if ours == theirs]
        assert same == [], "not translated"


@by_language
def test_the_picture_names_jobs_and_pages_that_there_are_and_fits_both_backgrounds(
    language: Language,
) -> None:
    folder = language.folder
    picture = folder / "overview.svg"
    assert picture in [(language.readme.parent / link).resolve() for link in links_of(language.readme)]
    tree = ElementTree.fromstring(text_of(picture))  # noqa: S314 -- a file of the project
    texts = [element for element in tree.iter() if element.text]
    jobs = {element.text for element in texts if element.get("class") == "mono"}
    assert {"transcribe", "img2vid", "deliver-webhook"} <= jobs <= set(listed_flows(PROJECT_ROOT))
    named = [name for element in texts for name in re.findall(r"docs/[a-z-]+\.md", element.text or "")]
    assert named
    assert all((PROJECT_ROOT / name).is_file() for name in named)
    assert "prefers-color-scheme: dark" in text_of(picture)


def test_no_page_is_without_a_language() -> None:
    found = {*PROJECT_ROOT.glob("README*.md"), *ENGLISH.folder.rglob("*.md")}
    assert found == set(PAGES)
    assert all(a.folder != b.folder for a, b in itertools.pairwise(LANGUAGES))


@pytest.mark.parametrize("page", PORTUGUESE.pages, ids=named)
def test_both_languages_show_the_same_commands(page: Path) -> None:
    original = ENGLISH.readme if page == PORTUGUESE.readme else ENGLISH.folder / page.name
    english, portuguese = (
        [Block(block.language, _without_comments(block.text)) for block in blocks(text_of(path))]
        for path in (original, page)
    )
    assert portuguese == english


def _without_comments(text: str) -> str:
    return re.sub(r" +#.*$", "", text, flags=re.M)

"""Foreign text in Markdown: what a browser is given is the text, and nothing that it loads, follows or runs."""

import ast
import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from blocks.settings import PROJECT_ROOT
from tasks.foreign_text import one_line, printable
from tasks.jobs.markdown import Markdown, cell, heading, link, page, table, text

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_BY_ITSELF = re.compile(r"https?://|ftp://|www\.|(?<!\\)@", re.IGNORECASE)
"""What GitHub's Markdown makes a link of without any mark."""

ATTACKS = [
    "![x](https://attacker.example/pixel.png)",
    "[x](javascript:alert(1))",
    "[x]: https://attacker.example 'y'",
    '<img src="https://attacker.example/a.png">',
    "<script>alert(1)</script>",
    "</p><iframe src=//attacker.example>",
    "https://attacker.example/a",
    "WWW.attacker.example",
    "mailto:somebody@attacker.example",
    "<https://attacker.example>",
    "a | b | ![](//attacker.example/a.png)",
    "a\n\n![](//attacker.example/a.png)",
    "a\r\n# heading\r\n- list",
    "\u2028![](//attacker.example/a.png)",
    "&lt;img src=x&gt; &#33;[](x)",
    "\\![x](//attacker.example)\\",
    "`code` **bold** _it_ ~~gone~~ ***",
    "> quote",
    "# heading #",
    "1. one",
    "12) twelve",
    "- [ ] task",
    "    code",
    "~~~ code",
    "--- | ---",
    "===",
    "$x$ {{ config }} {% raw %}",
    "\u202egnp.exe",
    "\x1b[31mred\x00",
    "\ud83d",
]
_marks = st.text(st.sampled_from(list("\\`*_{}[]()#+-.!<>&|~@:/=\"'$^ \n\r\t12aWw\u2028é")), max_size=60)
foreign = st.one_of(st.text(max_size=200), _marks, st.sampled_from(ATTACKS))


def _rendered(markdown: str) -> str:
    return str(RENDERER.render(markdown))


def _as_paragraph(shown: str) -> str:
    return f"<p>{html.escape(shown, quote=False)}</p>\n".replace('"', "&quot;") if shown else ""


@given(foreign)
@example("a_b _c_ d__e")
@example("snake_case_name.mp4")
def test_text_is_shown_as_the_characters_that_it_is_made_of(written: str) -> None:
    markdown = text(written)
    assert _rendered(markdown) == _as_paragraph(one_line(written))
    assert not _BY_ITSELF.search(markdown)


@given(foreign, foreign)
def test_a_link_goes_to_the_web_or_nowhere(address: str, label: str) -> None:
    for markdown in (link(address, label), link(f"https://store.example/{address}", label)):
        rendered = _rendered(markdown)
        assert "<img" not in rendered
        assert rendered.count("<a ") == rendered.count('<a href="http') <= 1
        assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "a"}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//attacker.example/a",
        "https:",
        "https://[::1",
        "x",
    ],
)
def test_other_addresses_are_no_links(address: str) -> None:
    for markdown in (link(address), link(address, "the file")):
        assert "<a" not in _rendered(markdown)
        assert not _BY_ITSELF.search(markdown)


def test_a_signed_address_stays_as_it_is() -> None:
    address = "https://bucket.example/jobs/a_b/fala%20a.srt?X-Amz-Signature=ab%2Fc&X-Amz-Date=2026_1~2"
    assert link(address) == address
    assert _rendered(link(address, "a.srt")) == f'<p><a href="{html.escape(address)}">a.srt</a></p>\n'


def test_what_would_end_an_address_is_encoded() -> None:
    markdown = link("https://a.example/x) ![y](https://b.example/z.png) <img src=q>|\n", "here")
    assert _rendered(markdown).count("<a ") == 1
    assert "<img" not in _rendered(markdown)
    assert "|" not in markdown


@given(st.lists(st.lists(foreign, min_size=2, max_size=2), max_size=5), foreign)
def test_tables_and_pages_keep_their_form(rows: list[list[str]], title: str) -> None:
    rendered = _rendered(page(heading(title), table(["name", "why"], rows)))
    assert rendered.count("<tr>") == len(rows) + 1
    assert rendered.count("<td>") == 2 * len(rows)
    assert set(re.findall(r"<(\w+)", rendered)) <= {"h1", "table", "thead", "tbody", "tr", "th", "td"}
    for row in rows:
        for entry in row:
            assert _as_paragraph(one_line(entry))[3:-5] in rendered


def test_our_own_stays() -> None:
    assert cell(Markdown("**ours**")) == "**ours**"
    assert [cell(value) for value in (None, True, False, 3, 0.5)] == ["", "yes", "no", "3", "0.5"]


@given(foreign)
def test_one_line_is_one_line_that_prints(written: str) -> None:
    line = one_line(written)
    assert line == line.strip() == one_line(line)
    assert "\x1b" not in line
    assert len(line.splitlines()) <= 1
    line.encode()
    assert len(one_line(written, 10)) <= 10


def test_a_terminal_gets_lines_and_no_commands() -> None:
    assert printable("\x1b]8;;https://a.example\x07a\x1b[2J\r\nb\tc\x9b") == "]8;;https://a.examplea[2J \nb c"


def test_words_of_all_languages_stay() -> None:
    for words in ("Não é assim — “ok”", "می‌خواهم", "👩‍👩‍👧 família", "日本語 の 歌"):
        assert one_line(words) == words


CODE = [
    path
    for part in ("flows", "tasks", "blocks", "deployments")
    for path in (PROJECT_ROOT / part).rglob("*.py")
]


def test_artifacts_are_written_in_one_place_which_takes_foreign_text_for_text() -> None:
    makes = re.compile(
        r"ArtifactCreate|ArtifactUpdate|create_\w*artifact|(Markdown|Table|Link|Image)Artifact\b"
    )
    found = [path for path in CODE if makes.search(path.read_text("utf-8"))]
    assert [path.relative_to(PROJECT_ROOT).as_posix() for path in found] == ["tasks/jobs/artifacts.py"]


def test_markdown_of_our_own_is_made_of_constants_and_of_what_is_escaped() -> None:
    escaping = {"text", "link", "cell", "_clock", "_counted"}
    makers = 0
    for path in CODE:
        if path.name == "markdown.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Markdown")):
                continue
            makers += 1
            for inner in ast.walk(node):
                if isinstance(inner, ast.FormattedValue):
                    value = inner.value
                    by = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
                    assert by in escaping or ast.unparse(value) == "more", f"{path}:{node.lineno}"
    assert makers > 5

"""A script as its author wrote it, made clean for a voice: no Markdown, bullets, emoji, hashtags or addresses.

Markdown is read by `markdown-it`, whose grammar is CommonMark's: a `---` is a rule or the line under a heading,
`_emphasis_` is emphasis and `nome_do_arquivo` is not. What is left are paragraphs of sentences in written form.
"""

import html
import re
import unicodedata
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tasks.promotion.materials import Language
from tasks.voice.pieces import Piece, cut

_URL = re.compile(r"(?:https?://|www\.)\S+?(?=[.,;:!?)\]»”\"']*(?:\s|$))", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/])[#＃](?=[^\W\d]|\d+[^\W\d])\w+")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_ONLY_URL = re.compile(r"\s*(?:https?://|www\.)\S+\s*$", re.IGNORECASE)
_BULLET = re.compile(
    r"\s*(?:[·•‣⁃*–—-]|[^\w\s!-/:-@\[-`{-~\u00a0-\u203f\u20a0-\u20cf][\ufe0e\ufe0f\u200d\u20e3]*)+\s+"
)
"""Also any emoji: they are what most people write for bullets."""
_NUMBER_AT_START = re.compile(r"^(\s*\d{3,})([.)])(\s)", re.MULTILINE)
_SHORT_LINE = 50
_LISTS = frozenset(
    f"{name}_{side}" for name in ("bullet_list", "ordered_list", "table") for side in ("open", "close")
)
_RULE = re.compile(r"^\s*(?:[-_*=~—–]\s*){3,}$", re.MULTILINE)
_DIRECTION = re.compile(r"^\s*[\[(](?:[^\])\n]*)[\])]\s*$", re.MULTILINE)
"""A line all in brackets is for the person who cuts: "[música]", "(pausa)"."""
_STOPS = ".!?…:;,"
_SILENT = "\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u00ad\u20e3"
_SPACE_BEFORE_MARK = re.compile(r"\s+([,;:!?.…])(?=\s|$)")
_MARKDOWN = MarkdownIt("commonmark").enable("strikethrough").enable("table")


def clean_script(text: str) -> str:
    """The text that is spoken and shown: sentences in written form, a blank line between paragraphs.

    Empty where nothing in the text can be spoken. A heading or an item of a list that has no mark at its end gets a
    full stop, so that a pause follows it. A link keeps its words; an address within a sentence keeps its host ("Acesse
    loja.com.br"), one on a line of its own is left out.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = _DIRECTION.sub("", _RULE.sub("\n", text))
    paragraphs = (_plain(paragraph) for paragraph in _blocks(_MARKDOWN.parse(_indented_flat(text))))
    return "\n\n".join(paragraph for paragraph in paragraphs if any(letter.isalnum() for letter in paragraph))


def script_pieces(text: str, language: Language) -> tuple[Piece, ...]:
    """The sentences of a cleaned script with the silence after each; see `tasks.voice.pieces.cut`.

    Those without a letter or a digit are left out.
    """
    found = cut(text, language.partition("-")[0])
    return tuple(piece for piece in found if any(letter.isalnum() for letter in piece.text))


def _indented_flat(text: str) -> str:
    """Scripts are indented for looks: four spaces mean no code here."""
    flat = "\n".join(
        line.lstrip() if not line.lstrip().startswith("```") else line for line in text.split("\n")
    )
    # "2026. Um ano" is no item of a list.
    return _NUMBER_AT_START.sub(r"\1\\\2\3", flat)


def _blocks(tokens: list[Token]) -> Iterator[str]:
    """Paragraphs; the items of a list, or the cells of a table, are one together."""
    items: list[str] = []
    depth = heading = 0
    for token in tokens:
        if token.type in _LISTS:
            depth += token.nesting
            if not depth:
                yield " ".join(items)
                items = []
        elif token.type in ("heading_open", "heading_close"):
            heading += token.nesting
        elif token.type == "inline":
            parts = [part.strip() for part in _inline(token.children or [])]
            if depth:
                items += [_closed(part) for part in parts]
            else:
                yield from (_closed(part) if heading or len(parts) > 1 else part for part in parts)
        elif token.type == "html_block":
            yield _TAG.sub(" ", token.content)


def _inline(tokens: list[Token]) -> Iterator[str]:
    """The words of a block; a hard break ends a part."""
    parts = [""]
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts[-1] += token.content
        elif token.type == "softbreak":
            parts[-1] += "\n"
        elif token.type == "hardbreak" or (
            token.type == "html_inline" and token.content.lower().startswith("<br")
        ):
            parts.append("")
        elif token.type == "html_inline":
            parts[-1] += " "
    for part in parts:
        yield _joined([line for line in part.split("\n") if not _ONLY_URL.match(line)])


def _joined(lines: list[str]) -> str:
    """Lines as one text. A bullet or an emoji begins an item; a short line before a capital is a phrase of its own."""
    joined = ""
    for line in lines:
        bullet = _BULLET.match(line)
        # Wrapped text has longer lines.
        apart = bullet or (len(joined.rpartition("\n")[2]) < _SHORT_LINE and line.lstrip()[:1].isupper())
        text = line[bullet.end() :] if bullet else line
        joined = f"{_closed(joined) if apart and joined else joined}\n{text}" if joined else text
    return _closed(joined) if len(lines) > 1 and _BULLET.match(lines[-1]) else joined


def _closed(text: str) -> str:
    bare = _plain(text)
    return text if not bare or bare[-1] in _STOPS or bare[-1] in "\"'”’»)" else f"{text}."


def _plain(text: str) -> str:
    """Without what nobody says: addresses, hashtags, emoji, invisible characters."""
    text = html.unescape(text)
    text = _TAG.sub(" ", text)
    text = _HASHTAG.sub(" ", _URL.sub(_host, text))
    text = "".join(_kept(letter) for letter in text)
    text = " ".join(text.split())
    text = re.sub(r"\(\s*\)|\[\s*\]", "", text)
    text = _SPACE_BEFORE_MARK.sub(r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", text)).strip(" |•·*_~`#>\\-–—,;:")


def _host(url: re.Match[str]) -> str:
    """Of an address within a sentence, what people say of it: "Acesse loja.com.br"."""
    return re.sub(r"^(?:https?://)?(?:[^/@]*@)?(?:www\.)?|[:/?#].*", "", url[0], flags=re.IGNORECASE)


def _kept(letter: str) -> str:
    if letter in _SILENT or "\U0001f3fb" <= letter <= "\U0001f3ff" or "\U000e0020" <= letter <= "\U000e007f":
        return ""
    if letter in "°®©™№":
        return "" if letter in "®©™" else letter
    category = unicodedata.category(letter)
    if category in ("So", "Cs", "Co", "Cn"):
        return " "
    if category in ("Cc", "Cf", "Zl", "Zp"):
        return " " if letter in "\n\t" or category in ("Zl", "Zp") else ""
    return letter

"""The text of SRT and WebVTT, between its tags, codes and entities."""

import re
from html import unescape
from html.entities import html5

from tasks.captions.styling import STYLES, Styling, without_private, without_styling

_TAGS = r"i|b|u|s|em|strong|strike|font|c|v|lang|ruby|rt|rp|span|p|br"
_TAG = re.compile(rf"<(/?)({_TAGS})((?:[.\s][^<>]*)?)/?>", re.IGNORECASE)
"""What stands in subtitles as a tag; everything else between < and > is text."""
_STYLED = {"em": "i", "strong": "b", "strike": "s"} | {style: style for style in STYLES}
_BREAKS = ("br", "p")
_READING = re.compile(r"<r[tp](?:[.\s][^<>]*)?>.*?(?:</r[tp]>|(?=</ruby>)|\Z)", re.IGNORECASE | re.DOTALL)
"""How a word of Japanese is read, which stands small above it."""
INNER_TIME = re.compile(r"<(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{3})>")
"""When the words after it are spoken."""
CODES = re.compile(r"\{(\\[^{}]*)\}")
"""Codes of ASS, which many programs write into SRT."""
_MARKUP = re.compile(f"{_TAG.pattern}|{CODES.pattern}", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
"""As HTML has it, but only with its semicolon: what else begins so is text, such as an address."""


def marked_text(text: str) -> str:
    """A text with `STYLING` for its styling, without other tags and codes; each of its lines without needless space."""
    styling = Styling()

    def shown(markup: re.Match[str]) -> str:
        closes, name, attributes, codes = markup.groups()
        if codes:
            return styling.by_codes(codes)
        if name.lower() in _BREAKS:
            return "\n"
        style = _STYLED.get(name.lower())
        # Nobody makes letters bold with "<b what so ever>"; a class changes nothing.
        plain = attributes.startswith(".") or not attributes.strip(" /")
        return styling.switch(style, not closes) if style and plain else ""

    text = _READING.sub("", INNER_TIME.sub("", text))
    return in_lines(_ENTITY.sub(_character, _MARKUP.sub(shown, text)))


def plain_text(text: str) -> str:
    """The words of a text."""
    return " ".join(without_styling(marked_text(text)).split())


def in_lines(text: str) -> str:
    """The lines of a text that have something on them, with one space between words."""
    return "\n".join(line for raw in text.split("\n") if (line := " ".join(raw.split())))


def _character(entity: re.Match[str]) -> str:
    named = entity[0][1] != "#"
    return html5.get(entity[0][1:], entity[0]) if named else without_private(unescape(entity[0]))

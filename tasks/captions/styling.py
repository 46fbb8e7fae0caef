r"""The styling that a subtitle file may bring: italic, bold, underlined and struck out.

In the text of a cue characters of private use stand for it, as no text has them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

STYLES = "ibus"
"""By the letters that they have in ASS."""
_MARKS = {
    (style, begins): chr(0xE010 + 2 * number + (not begins))
    for number, style in enumerate(STYLES)
    for begins in (True, False)
}
STYLING = {mark: f"{{\\{style}{begins:d}}}" for (style, begins), mark in _MARKS.items()}
"""The characters, and the ASS code of each."""
_MARK = re.compile("[" + "".join(STYLING) + "]")
_PRIVATE = re.compile(r"[\0\ue000-\uf8ff]")
"""What no text needs, and what stands for styling here."""
_WITHIN = re.compile(r"\([^()]*\)")
_SWITCH = re.compile(rf"\\[ \t]*(?:([{STYLES}])(\d{{0,4}})(?![\w(.-])|r([^\\]*))")
"""A code for a style, or back to the styles of the line or of another name."""
_HEAVY = 600
"""Weight from which letters are bold, of 100 to 900."""


def without_private(text: str) -> str:
    """The text without characters that this module uses for itself."""
    return _PRIVATE.sub("", text)


def without_styling(text: str) -> str:
    """The text alone."""
    return _MARK.sub("", text)


def is_styling(character: str) -> bool:
    """Whether a character stands for styling."""
    return character in STYLING


def begins_style(character: str) -> bool:
    """Whether a style begins at a character that stands for styling."""
    return STYLING[character].endswith("1}")


@dataclass(slots=True)
class Styling:
    """Which styling is in force, from the beginning of a text to its end."""

    own: frozenset[str] = frozenset()
    """Styles that the text has by itself."""
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Styles that a code can call by a name."""
    now: frozenset[str] = frozenset()

    def begin(self) -> str:
        """What stands before the text."""
        return self.change(self.own)

    def switch(self, style: str, begins: bool) -> str:
        """What stands where a style begins or ends."""
        return self.change(self.now | {style} if begins else self.now - {style})

    def by_codes(self, codes: str) -> str:
        """What stands where codes of ASS do, given without their braces."""
        wanted = self.now
        for style, value, name in _SWITCH.findall(_WITHIN.sub("", codes)):
            if not style:
                wanted = self.named.get(name.strip(), self.own)
            elif (int(value) == 1 or (style == "b" and int(value) >= _HEAVY)) if value else style in self.own:
                wanted |= {style}
            else:
                wanted -= {style}
        return self.change(wanted)

    def change(self, wanted: frozenset[str]) -> str:
        """What stands where these styles and no others come into force."""
        ends = [_MARKS[style, False] for style in STYLES if style in self.now - wanted]
        begins = [_MARKS[style, True] for style in STYLES if style in wanted - self.now]
        self.now = wanted
        return "".join(ends + begins)

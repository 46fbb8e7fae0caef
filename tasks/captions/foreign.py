"""What a file is that cannot be read as subtitles: said by name, with what to do."""

import re

from tasks.errors import InvalidInputError

_FORMS = "an SRT, WebVTT, ASS or TTML file"
_HINT = f"Give {_FORMS}."
_SIGNS: tuple[tuple[re.Pattern[bytes], str, str], ...] = tuple(
    (re.compile(sign, re.DOTALL | re.IGNORECASE), what, hint)
    for sign, what, hint in (
        (rb"\s*(?:<!doctype html|<html)", "a web page", _HINT),
        (
            rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf",
            "an archive or an office document",
            f"Unpack it, or save it as {_FORMS}.",
        ),
        (rb"\{\\rtf", "a document with formatted text (RTF)", "Save it as plain text."),
        (rb"%PDF", "a PDF document", _HINT),
        (rb"...STL\d\d\.01", "EBU STL", f"Export {_FORMS} from the program that has made it."),
        (
            rb"(?:#[^\n]*\n|\s)*(?:(?:\d+:\d\d:\d\d\.\d\d[ \t]+){2}|(?:@\d+[ \t]+){2})\S",
            "JACOsub",
            f"Have a program for subtitles save it as {_FORMS}.",
        ),
        (
            rb"PG.{8}|# VobSub|\x00\x00\x01\xba",
            "subtitles that are pictures",
            f"Have a program for subtitles read their letters, and give {_FORMS}.",
        ),
        (rb".{4}ftyp|\x1a\x45\xdf\xa3|RIFF|ID3|OggS", "a video or a sound", f"Give its subtitles: {_FORMS}."),
        (
            rb"\s*[\[{]\s*[\"{\[]",
            "JSON",
            "A list of words is for caption-highlight (url_words_json); of subtitles, give " + _FORMS + ".",
        ),
        (rb"\s*<\?xml|\s*<(?:transcript|timedtext)", "XML of another kind than TTML", _HINT),
    )
)  # fmt: skip


def not_subtitles(data: bytes) -> InvalidInputError:
    """The error for a file that cannot be read, which says what it is if that can be seen."""
    head = data[:2000].removeprefix(b"\xef\xbb\xbf")
    for sign, what, hint in _SIGNS:
        if sign.match(head):
            return InvalidInputError(f"The subtitles cannot be read: the file is {what}.", hint=hint)
    return InvalidInputError("The subtitles cannot be read: the file is no subtitle file.", hint=_HINT)

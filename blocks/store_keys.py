"""The names of stored files: which are accepted, and how to make one from any text."""

import re
import unicodedata

from tasks.errors import InvalidInputError

MAX_KEY_BYTES = 1024
MAX_PART_BYTES = 240
"""File systems take 255 bytes a name; the local store needs some of them for its temporary names."""

# Control characters, what is invisible or turns the direction of a name around, halves of surrogate pairs, and the
# backslash, which separates folders elsewhere.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\\]")
_DIGEST = re.compile(r"[0-9a-f]{64}(\.|$)", re.IGNORECASE)
"""A SHA-256 digest and an ending: sources are named by their content, what steps make by their request."""


def check_store_key(key: str, *, new: bool = False) -> str:
    """The key itself, if it is one: a relative path of letters, accents included, with "/" between its parts.

    `new` adds the rule for keys that are about to be written: Unicode in its composed form (NFC), so that one
    name has one spelling. Raises InvalidInputError saying what is wrong.
    """
    if problem := _problem_of(key, new=new):
        raise InvalidInputError(
            f"{key[:200]!r} is not a store key: {problem}.",
            hint='Use a relative path such as "talks/2026/entrevista.mp3".',
        )
    return key


def _problem_of(key: str, *, new: bool) -> str | None:
    if not key:
        return "it is empty"
    if found := _FORBIDDEN.search(key):
        return f"it contains the character {found.group()!r}"
    if key.startswith("/"):
        return "it begins with a slash"
    parts = key.split("/")
    if "" in parts:
        return "it has an empty part (two slashes, or a slash at its end)"
    if any(part.startswith(".") for part in parts):
        return 'one of its parts begins with a dot (".", ".." or a hidden name)'
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"it is longer than {MAX_KEY_BYTES} bytes"
    if any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        return f"one of its parts is longer than {MAX_PART_BYTES} bytes"
    if new and not unicodedata.is_normalized("NFC", key):
        return "its accents are not in the composed form (Unicode NFC)"
    return None


def check_store_prefix(prefix: str) -> str:
    """The beginning of keys: empty, or a key that may end with a slash. Raises InvalidInputError."""
    if prefix:
        check_store_key(prefix.removesuffix("/"))
    return prefix


def result_folder(path: str | None, job_id: str) -> str:
    """Where a job's results lie: the folder that the caller names, else one of the job's own.

    Raises InvalidInputError if the path leads out of the store or is no path.
    """
    named = (path or "").strip("/ ")
    return check_store_key(unicodedata.normalize("NFC", named) if named else f"jobs/{job_id}", new=True)


def result_file(name: str | None, default: str, ending: str) -> str:
    """The name of a job's result, which gets the ending (".mp4") if it has none.

    Raises InvalidInputError, also for names that could be those of files that other jobs rely on.
    """
    chosen = unicodedata.normalize("NFC", (name or "").strip() or default)
    if "/" in chosen:
        raise InvalidInputError(
            f"{chosen[:200]!r} is not a file name: it contains a slash.",
            hint="Name the folder with the parameter path.",
        )
    if _DIGEST.match(chosen):
        raise InvalidInputError(
            f"{chosen[:200]!r} has the form in which stored sources and finished steps are named.",
            hint="Choose another name with output_filename.",
        )
    return check_store_key(chosen if chosen.lower().endswith(ending) else chosen + ending, new=True)


def key_part(text: str, *, default: str = "file") -> str:
    """One part of a key made from any text, such as a title: readable, valid, at most 120 bytes."""
    composed = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", text)).replace("/", " ")
    cleaned = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', " ", composed)).strip(" .")
    # Cutting bytes may cut a character in two; what is left of it is dropped.
    shortened = cleaned.encode()[:120].decode(errors="ignore").strip(" .")
    return unicodedata.normalize("NFC", shortened) or default

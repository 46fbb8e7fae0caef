"""Comments that are in one version and not in the other."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.documents.changes import RawChange
from tasks.documents.package import Package
from tasks.documents.revisions import Lines

_COMMENTS = "/relationships/comments"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment and the words that it is about."""

    author: str
    text: str
    start: int
    """In the text of the document (`Lines.text`)."""
    end: int
    words: str


def read_comments(package: Package, lines: Lines) -> tuple[Comment, ...]:
    """The comments of a document without tracked changes, in the order of the text."""
    said = dict(_texts(package))
    text = lines.text()
    ends = {anchor.comment: anchor for anchor in lines.anchors if anchor.end}
    found: list[Comment] = []
    for anchor in lines.anchors:
        if anchor.end or anchor.comment not in said:
            continue
        author, words = said[anchor.comment]
        start = _offset(lines, anchor.line, anchor.offset)
        close = ends.get(anchor.comment)
        end = max(start, _offset(lines, close.line, close.offset)) if close is not None else start
        found.append(Comment(author, words, start, end, text[start:end].strip("\n")))
    return tuple(sorted(found, key=lambda comment: comment.start))


def comment_changes(
    before: tuple[Comment, ...], after: tuple[Comment, ...]
) -> Iterator[tuple[RawChange, bool]]:
    """Each comment that is new, and each that is gone (then with True). Only one side of the offsets is set."""
    for held, others, gone in ((after, before, False), (before, after, True)):
        left = Counter((each.author, each.text) for each in others)
        for comment in held:
            key = (comment.author, comment.text)
            if left[key]:
                left[key] -= 1
                continue
            said = f"{comment.author}: {comment.text}" if comment.author else comment.text
            change = RawChange(
                "comentario",
                comment.words,
                f"[comentário retirado] {said}" if gone else said,
                comment.start,
                comment.end,
                comment.start,
                comment.end,
                -1,
            )
            yield change, gone


def _offset(lines: Lines, line: int, offset: int) -> int:
    if line < len(lines.lines):
        return lines.starts[line] + offset
    return len(lines.text())


def _texts(package: Package) -> Iterator[tuple[str, tuple[str, str]]]:
    """Number, author and text of each comment."""
    for each in package.relationships(package.main):
        if each.kind != _COMMENTS or each.external or not package.has(each.target):
            continue
        for comment in package.xml(each.target).iter("{*}comment"):
            named = {str(key).rpartition("}")[2]: str(value) for key, value in comment.attrib.items()}
            paragraphs = (
                "".join(text.text or "" for text in paragraph.iter("{*}t"))
                for paragraph in comment.iter("{*}p")
            )
            yield named.get("id", ""), (named.get("author", ""), "\n".join(paragraphs).strip())

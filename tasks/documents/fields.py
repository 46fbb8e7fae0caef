"""Fields: which of them are any, what is their code, which nobody sees, and which would fetch or run something.

A complex field is what stands between its characters (w:fldChar begin, separate, end) in one story of the document. A
character without its partners makes no field: it is as if it were not there, and the runs behind it count. What is
written as code outside of a field is text (ECMA-376 part 1, 17.16.18 and 17.16.23).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from lxml import etree

from tasks.documents.shown import attribute, branch, characters, children, local

_STORIES = frozenset({"txbxContent", "footnote", "endnote", "comment", "docPartBody"})
"""What holds a story of its own within a part."""
_STORY_TAGS = tuple(f"{{*}}{name}" for name in sorted(_STORIES))
_FETCHING = frozenset(
    {"DATABASE", "DDE", "DDEAUTO", "IMPORT", "INCLUDE", "INCLUDEPICTURE", "INCLUDETEXT", "LINK", "RD"}
)
"""Fields for which a program goes and gets something, or starts another one (ECMA-376 part 1, 17.16.5)."""
_BEFORE_NAME = re.compile(r"\A[\s\"“”]+")
_NAME = re.compile(r"[A-Za-z]*")
_LONGEST_NAME = max(map(len, _FETCHING))


def codes_of(
    root: etree._Element, left_out: Callable[[etree._Element], bool] | None = None
) -> frozenset[etree._Element]:
    """What the runs of a part hold as the code of fields, and is not shown; their results are.

    What is `left_out` counts as if it were not there.
    """
    if next(root.iter("{*}fldChar"), None) is None:
        return frozenset()
    return frozenset(each for story in _stories(root, left_out) for each in story.codes())


def cut_fetching(root: etree._Element) -> int:
    """Takes the fields out of a part that would fetch or run something; what they show stays. Returns how many.

    Characters that make no field go, too, and what only looks like code becomes the text that it is: so no program that
    reads them otherwise makes a field of them. For parts without tracked changes.
    """
    cut = 0
    for simple in [*root.iter("{*}fldSimple")]:
        if _is_fetching([attribute(simple, "instr")]):
            _unwrap(simple)
            cut += 1
    if next(root.iter("{*}fldChar", "{*}instrText"), None) is None:
        return cut
    codes: set[etree._Element] = set()
    for story in [*_stories(root)]:
        codes.update(story.codes())
        fetching = story.fetching()
        cut += len(fetching)
        for each in (*story.strays, *story.without_results(fetching)):
            _drop(each)
    for each in [*root.iter("{*}instrText")]:
        if each not in codes:
            each.tag = f"{{{etree.QName(each).namespace}}}t"
            each.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return cut


@dataclass(slots=True)
class _Field:
    """Places of its characters in the content of its story."""

    begin: int
    separate: int | None = None
    end: int = 0

    @property
    def result(self) -> int:
        """Where its code ends."""
        return self.end if self.separate is None else self.separate


class _Story:
    """What the runs of a story hold, in its order, and the fields in it."""

    def __init__(self, content: Iterable[etree._Element]) -> None:
        self._content = [*content]
        self._fields: list[_Field] = []
        self.strays: list[etree._Element] = []
        """Characters that make no field."""
        open_: list[_Field] = []
        for place, each in enumerate(self._content):
            if local(each) != "fldChar":
                continue
            kind = attribute(each, "fldCharType")
            if kind == "begin":
                open_.append(_Field(place))
            elif kind == "separate" and open_ and open_[-1].separate is None:
                open_[-1].separate = place
            elif kind == "end" and open_:
                open_[-1].end = place
                self._fields.append(open_.pop())
            else:
                self.strays.append(each)
        for field in open_:
            self.strays += [
                self._content[place] for place in (field.begin, field.separate) if place is not None
            ]

    def codes(self) -> Iterator[etree._Element]:
        """What is the code of a field, fields in it and all."""
        return self._within((field.begin, field.result) for field in self._fields)

    def fetching(self) -> list[_Field]:
        """The fields that would fetch or run something."""
        return [field for field in self._fields if _is_fetching(self._code(field))]

    def without_results(self, fields: Iterable[_Field]) -> Iterator[etree._Element]:
        """All that makes these fields, but for their results."""
        return self._within(
            span for each in fields for span in ((each.begin, each.result + 1), (each.end, each.end + 1))
        )

    def _within(self, spans: Iterable[tuple[int, int]]) -> Iterator[etree._Element]:
        changes = [0] * (len(self._content) + 1)
        for start, end in spans:
            changes[start] += 1
            changes[end] -= 1
        for each, depth in zip(self._content, accumulate(changes), strict=False):
            if depth:
                yield each

    def _code(self, field: _Field) -> Iterator[str | None]:
        """The code piece by piece; None for a field in it, of which nobody knows what it will say."""
        for place in range(field.begin + 1, field.result):
            each = self._content[place]
            yield None if local(each) == "fldChar" else characters(each) or ""


def _is_fetching(code: Iterable[str | None]) -> bool:
    """Whether a code is that of a field that fetches: its first word is its name, in any case.

    A name that another field goes on writing is one as soon as it may become one.
    """
    name = ""
    for said in code:
        if said is None:
            return any(each.startswith(name.upper()) for each in _FETCHING)
        name = name + said if name else _BEFORE_NAME.sub("", said)
        letters = _NAME.match(name)
        if letters is None or letters.end() < len(name) or len(name) > _LONGEST_NAME:
            break
    found = _NAME.match(name)
    return found is not None and found[0].upper() in _FETCHING


def _stories(
    root: etree._Element, left_out: Callable[[etree._Element], bool] | None = None
) -> Iterator[_Story]:
    """Those of a part. A form of content that is not shown has its own: what stands around it is no part of that."""
    yield _Story(_content(root, left_out))
    for story in root.iter(*_STORY_TAGS):
        yield _Story(_content(story, left_out))
    for alternate in root.iter("{*}AlternateContent"):
        chosen = branch(alternate)
        for form in alternate.iterchildren(tag=etree.Element):
            if form is not chosen:
                yield _Story(_content(form, left_out))


def _content(
    element: etree._Element, left_out: Callable[[etree._Element], bool] | None
) -> Iterator[etree._Element]:
    for child in children(element):
        name = local(child)
        if name in _STORIES or (left_out is not None and left_out(child)):
            continue
        if name == "r":
            yield from children(child)
        else:
            yield from _content(child, left_out)


def _unwrap(field: etree._Element) -> None:
    parent = field.getparent()
    if parent is not None:
        at = parent.index(field)
        parent[at : at + 1] = [each for each in field if local(each) != "fldData"]


def _drop(element: etree._Element) -> None:
    """Takes something out of its run, and the run with it if it held nothing else."""
    run = element.getparent()
    if run is None:
        return
    run.remove(element)
    holder = run.getparent()
    if local(run) == "r" and holder is not None and all(local(each) == "rPr" for each in run):
        holder.remove(run)

"""Captions that roll, as YouTube's automatic ones do, and words that have times within their lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tasks.captions.tagged_text import INNER_TIME, plain_text
from tasks.captions.timed_text import Block, seconds

_SHORTEST_SHOWN = 0.05
"""Seconds. Pictures of lines that have rolled up are shorter; so is what lies between blocks that follow each other."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word and when it begins, in seconds."""

    word: str
    start: float


def without_rolling(found: Sequence[Block]) -> list[Block]:
    """The blocks with each line once for each time that it is said.

    Where captions roll, a line stands at the bottom while it is spoken, then for some hundredths of a second alone at
    the top, and there above the next line. It is told from one that is said again by these places alone. Blocks that
    roll have no settings: those that YouTube writes put them into the corner.
    """
    kept: list[Block] = []
    last: Block | None = None
    rolled: tuple[str, ...] = ()
    for block in found:
        if last is not None and not rolled and _is_picture(block, last):
            rolled = _shown(block)
            kept[-1] = replace(kept[-1], settings="")
        else:
            kept += _new(block, rolled, follows=last is not None and _touch(last, block))
            rolled = ()
        last = block
    return kept


def timed_words(block: Block) -> Iterator[TimedWord]:
    """The words of a block at the times that are written between them; those before the first begin with the block."""
    for line in block.lines:
        pieces = INNER_TIME.split(line)
        yield from (TimedWord(word, block.start) for word in plain_text(pieces[0]).split())
        for index in range(1, len(pieces), 5):
            hours, minutes, whole, fraction = pieces[index : index + 4]
            at = seconds(f"{hours or 0}:{minutes}:{whole}.{fraction}") or 0.0
            yield from (TimedWord(word, at) for word in plain_text(pieces[index + 4]).split())


def _is_picture(block: Block, last: Block) -> bool:
    """Whether a block only shows for a moment where the last one's lines have rolled."""
    if block.end - block.start >= _SHORTEST_SHOWN or not _touch(last, block):
        return False
    lines = _shown(block)
    return bool(lines) and _shown(last)[-len(lines) :] == lines and not _has_times(block.lines)


def _new(block: Block, rolled: tuple[str, ...], *, follows: bool) -> Iterator[Block]:
    """The block without the lines that have `rolled` up and still stand at its top; nothing if it has no others."""
    if not rolled:
        yield block
        return
    head, rest = block.lines[: len(rolled)], block.lines[len(rolled) :]
    is_old = tuple(map(plain_text, head)) == rolled and not _has_times(head)
    if not is_old or (not follows and not any(map(plain_text, rest))):
        yield replace(block, settings="")
    elif any(map(plain_text, rest)):
        yield replace(block, lines=rest, settings="")


def _shown(block: Block) -> tuple[str, ...]:
    return tuple(filter(None, map(plain_text, block.lines)))


def _has_times(lines: Sequence[str]) -> bool:
    return any(map(INNER_TIME.search, lines))


def _touch(one: Block, other: Block) -> bool:
    return abs(other.start - one.end) < _SHORTEST_SHOWN

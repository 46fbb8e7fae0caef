"""Which phonemes belong to which word.

A voice engine reads a sentence as one row of phonemes. Blanks in it mostly stand where they do in the text, but not
always: espeak-ng joins words that are spoken as one ("de la") and parts foreign ones ("WhatsApp"), and marks without
sound disappear.
"""

import difflib
from collections.abc import Callable, Sequence

_STRESS = "ˈˌː"
Place = tuple[int, int]
"""First character, and the one behind the last."""


def word_places(words: Sequence[str], phonemes: str, read: Callable[[str], str]) -> list[Place]:
    """Where each word's phonemes stand in a row of them: in order, none twice. A word without sound is empty.

    Args:
        words: Of the text, with the marks that cling to them.
        phonemes: What the whole text is read as; marks stay marks, and blanks part what is spoken apart.
        read: Phonemes of a single word, for texts whose blanks do not tell.
    """
    groups = _groups(phonemes)
    sounding = [number for number, word in enumerate(words) if any(letter.isalnum() for letter in word)]
    if len(groups) == len(sounding):
        found = groups
    else:
        found = _aligned([read(words[number]) for number in sounding], phonemes, groups)
    places: list[Place] = []
    heard = dict(zip(sounding, found, strict=True))
    for number in range(len(words)):
        behind = places[-1][1] if places else 0
        places.append(heard.get(number, (behind, behind)))
    return places


def _groups(phonemes: str) -> list[Place]:
    """What stands between blanks and sounds, without the marks around it."""
    groups: list[Place] = []
    start = 0
    for group in phonemes.split(" "):
        sounds = [number for number, sound in enumerate(group) if sound.isalpha()]
        if sounds:
            # A stress mark belongs to the sound behind it.
            first = sounds[0]
            while first and group[first - 1] in _STRESS:
                first -= 1
            last = sounds[-1] + 1
            while last < len(group) and not _is_mark(group[last]):
                last += 1
            groups.append((start + first, start + last))
        start += len(group) + 1
    return groups


def _is_mark(sound: str) -> bool:
    return not sound.isalpha() and sound not in _STRESS and not 0x300 <= ord(sound) <= 0x36F


def _aligned(readings: Sequence[str], phonemes: str, groups: Sequence[Place]) -> list[Place]:
    """Places by what each word alone is read as: the longest common runs of sounds decide."""
    actual = [(number, sound) for number, sound in enumerate(phonemes) if sound.isalpha()]
    actual = [(number, sound) for number, sound in actual if sound not in _STRESS]
    expected = [
        (word, sound)
        for word, reading in enumerate(readings)
        for sound in reading
        if sound.isalpha() and sound not in _STRESS
    ]
    matcher = difflib.SequenceMatcher(
        None, [sound for _, sound in expected], [sound for _, sound in actual], autojunk=False
    )
    # For each word the index of its first sound in `actual`, by the nearest sound that both have.
    beginnings = [0] * (len(readings) + 1)
    beginnings[-1] = len(actual)
    lengths = [sum(1 for owner, _ in expected if owner == word) for word in range(len(readings))]
    first = 0
    pairs = [
        (block.a + offset, block.b + offset)
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    ]
    for word, length in enumerate(lengths):
        if word:
            # Not before the word in front, and where the last sound in common says.
            anchor = max((pair for pair in pairs if pair[0] <= first), default=(0, 0))
            guess = anchor[1] + first - anchor[0]
            beginnings[word] = min(max(guess, beginnings[word - 1]), len(actual))
        first += length
    starts = {place[0] for place in groups}
    begins = [
        len(phonemes) if index >= len(actual) else _stressed(phonemes, actual[index][0])
        for index in beginnings
    ]
    begins = [_snapped(begin, starts) for begin in begins[:-1]]
    places: list[Place] = []
    for word, begin in enumerate(begins):
        floor = places[-1][1] if places else 0
        start = max(begin, floor)
        stop = max(begins[word + 1] if word + 1 < len(begins) else len(phonemes), start)
        while stop > start and (phonemes[stop - 1] == " " or _is_mark(phonemes[stop - 1])):
            stop -= 1
        places.append((start, stop))
    return places


def _stressed(phonemes: str, place: int) -> int:
    while place and phonemes[place - 1] in _STRESS:
        place -= 1
    return place


def _snapped(begin: int, starts: set[int]) -> int:
    """The beginning of a group that is a sound or two away: sounds change where words meet."""
    return next((begin + step for step in (0, 1, -1, 2, -2) if begin + step in starts), begin)

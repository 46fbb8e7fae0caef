"""Narration rules the cut: when which picture is seen.

Pictures change where sentences end. A long sentence holds several pictures if there are so many, and short sentences
share one. Of all ways to cut the one is taken whose shots are most alike in length.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tasks.errors import InvalidInputError
from tasks.film.storyboard import Shot
from tasks.media.rates import exact_rate
from tasks.promotion.materials import Narration, SpokenSentence

SHORTEST_SHOT = 1.0
"""Seconds: what is seen for less is not seen."""
LONGEST_SHOT = 6.0
"""Seconds, after which a picture is shown again rather than kept, if something else can be cut to."""
A_PICTURE = 3.5
"""Seconds a picture of a film that has neither a length nor a voice."""
END_CARD = 2.5
"""Seconds of the end card where nothing else is asked for."""
_SHORTEST_END, _LONGEST_END = 1.0, 3.0
_END_SHARE = 0.15
"""Of a film without a voice."""
_AROUND = 0.1
"""Seconds before and after the end of a sentence in which the picture changes."""
_PAUSE = 0.14
"""Seconds of the pause after a sentence in which it may change besides."""
_TAKEOVER = 0.4
"""Seconds of a transition that no sentence rules."""
_SOFT = 0.1
"""Seconds between places to cut where nothing is said; of long films more."""
_MOST_PLACES = 300

# Costs beside the squares of the seconds by which shots differ from their mean.
_WITHIN_SENTENCE = 1e4
_WITHIN_CLAUSE = 1.0


@dataclass(frozen=True)
class Plan:
    """When what is seen."""

    shots: tuple[Shot, ...]
    frames: int
    rate: Fraction
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Of the film."""
        return float(self.frames / self.rate)


@dataclass(frozen=True)
class _Place:
    """Where pictures may change."""

    at: float
    cost: float
    takeover: float = _TAKEOVER


def film_seconds(duration: float | None, narration: Narration | None, pictures: int) -> float:
    """How long a film is.

    Raises InvalidInputError if the narration does not fit into the duration asked for.
    """
    if narration is None:
        return duration or max(6.0, pictures * A_PICTURE) + END_CARD
    said = _said(narration)
    if duration is None:
        return max(said + END_CARD, narration.duration)
    if said > duration:
        raise InvalidInputError(
            f"The narration lasts {said:.1f} s and the film is to last {duration:g} s: "
            f"{said - duration:.1f} s too many.",
            hint="Shorten the script, or leave the duration empty: the film is then as long as the narration.",
        )
    return duration


def plan_shots(
    pictures: int, *, narration: Narration | None = None, duration: float | None = None, fps: float = 30
) -> Plan:
    """Cuts a film of so many pictures. It lasts `duration` seconds, rounded to whole frames.

    Raises InvalidInputError without a picture, and as `film_seconds`.
    """
    if pictures < 1:
        raise InvalidInputError("A film needs at least one picture.", hint="Give images of the product.")
    rate = exact_rate(fps)
    frames = max(1, round(film_seconds(duration, narration, pictures) * rate))
    seconds = float(frames / rate)
    spoken = narration.sentences if narration is not None else ()
    said = _said(narration) if narration is not None else 0.0
    end = _end_card(seconds, said, narration is not None)
    takeover = _takeover(spoken, len(spoken) - 1) if spoken else _TAKEOVER
    # The card comes as pictures do, where the last sentence ends.
    body = max(seconds - end, said - _AROUND + takeover / 2) if end and spoken else seconds - end
    places = _places(spoken, said, body)
    count = _count(pictures, len(spoken), body)
    starts = _cut(places, count, body)
    shots = [
        Shot("picture", place.at, body, number % pictures, takeover=place.takeover)
        for number, place in enumerate(starts)
    ]
    if end:
        shots.append(Shot("end", body, seconds, None, takeover=takeover))
    shots[0] = replace(shots[0], part="opening", takeover=0.0)
    left_out = pictures - len(starts)
    warnings = (
        (f"{left_out} of {pictures} pictures are not shown: there is no time for them.",)
        if left_out > 0
        else ()
    )
    return Plan(tuple(_at_frames(shots, spoken, frames, rate)), frames, rate, warnings)


def _said(narration: Narration) -> float:
    """When the last word has been spoken."""
    return narration.sentences[-1].end if narration.sentences else narration.duration


def _end_card(seconds: float, said: float, voice: bool) -> float:
    """How long the end card is; 0 if there is no time for one."""
    if not voice:
        length = min(max(seconds * _END_SHARE, 1.5), _LONGEST_END)
        return length if seconds >= length + 2 * SHORTEST_SHOT else 0.0
    left = seconds - said
    return min(left, _LONGEST_END) if left >= _SHORTEST_END and said >= SHORTEST_SHOT else 0.0


def _count(pictures: int, sentences: int, body: float) -> int:
    """How many shots there are to be; what is too short for so many has fewer."""
    most = max(1, math.floor(body / SHORTEST_SHOT + 1e-9))
    wanted = pictures
    if body / wanted > LONGEST_SHOT:
        wanted = math.ceil(body / LONGEST_SHOT)
        # Pictures come again at ends of sentences only.
        wanted = max(pictures, min(wanted, sentences) if sentences else wanted)
    return min(wanted, most)


def _places(sentences: Sequence[SpokenSentence], said: float, body: float) -> list[_Place]:
    """All places to cut, between the beginning and `body` (both left out)."""
    found: dict[int, _Place] = {}

    def add(at: float, cost: float, takeover: float = _TAKEOVER) -> None:
        key = round(at * 1000)
        if 0 < at < body and (key not in found or cost < found[key].cost):
            found[key] = _Place(at, cost, takeover)

    for number, sentence in enumerate(sentences):
        takeover = _takeover(sentences, number)
        # Half way through the change, which begins a little before the last sound and ends in the pause.
        add(sentence.end - _AROUND + takeover / 2, 0.0, takeover)
        for word in sentence.words[:-1]:
            clause = word.text.rstrip("\"'”’»)").endswith((",", ";", ":", "—", "–"))
            add(word.end, _WITHIN_SENTENCE + (0.0 if clause else _WITHIN_CLAUSE), 2 * _AROUND)
    silent_from = said if sentences else 0.0
    apart = max(_SOFT, (body - silent_from) / _MOST_PLACES)
    for step in range(1, max(0, math.floor((body - silent_from) / apart)) + 1):
        add(silent_from + step * apart, 0.0)
    return sorted(found.values(), key=lambda place: place.at)


def _takeover(sentences: Sequence[SpokenSentence], number: int) -> float:
    end = sentences[number].end
    pause = sentences[number + 1].start - end if number + 1 < len(sentences) else _PAUSE
    return 2 * _AROUND + min(max(pause, 0.0), _PAUSE)


def _cut(places: Sequence[_Place], count: int, body: float) -> list[_Place]:
    """Where the shots begin, `count` of them or as many as there is room for."""
    begin = _Place(0.0, 0.0, 0.0)
    at = np.array([0.0, *(place.at for place in places), body])
    cost = np.array([0.0, *(place.cost for place in places), 0.0])
    length = at[np.newaxis, :] - at[:, np.newaxis]
    for wanted in range(count, 1, -1):
        chosen = _most_alike(length, cost, wanted)
        if chosen:
            return [begin, *(places[index - 1] for index in chosen)]
    return [begin]


def _most_alike(length: NDArray[np.float64], cost: NDArray[np.float64], count: int) -> list[int]:
    """The inner places that cut into so many shots of most equal length; none if some would be too short."""
    mean = length[0, -1] / count
    step = np.where(length >= SHORTEST_SHOT - 1e-9, (length - mean) ** 2 + cost[np.newaxis, :], np.inf)
    best, ways = step[0], []
    for _ in range(count - 1):
        total = best[:, np.newaxis] + step
        way = total.argmin(axis=0)
        best = total[way, np.arange(len(way))]
        ways.append(way)
    if not math.isfinite(best[-1]):
        return []
    chosen = [len(cost) - 1]
    for way in reversed(ways):
        chosen.append(int(way[chosen[-1]]))
    return chosen[:0:-1]


def _at_frames(
    shots: Sequence[Shot], sentences: Sequence[SpokenSentence], frames: int, rate: Fraction
) -> list[Shot]:
    """The same with every time at a frame, and with what is said in each."""
    starts = [min(round(shot.start * rate), frames) for shot in shots]
    found = []
    for shot, first, after in zip(shots, starts, [*starts[1:], frames], strict=True):
        begin, end = float(first / rate), float(after / rate)
        heard = tuple(
            number
            for number, sentence in enumerate(sentences)
            if shot.part != "end" and sentence.start < end - _AROUND and sentence.end > begin + _AROUND
        )
        found.append(replace(shot, start=begin, end=end, sentences=heard))
    return found

"""Voices that are drawn, not spoken: what they have in common and what not is known exactly."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.speakers.clustering import unit
from tasks.speakers.decoding import turns
from tasks.speakers.options import DiarizationOptions
from tasks.speakers.pieces import Piece
from tasks.speakers.segmentation import Activity, Stretch, Window, activity, stretches, windows
from tasks.speakers.turns import in_order_of_appearance, shares
from tasks.speakers.voices import voices

ANYBODY = DiarizationOptions()


class Talk:
    """A recording in which people speak in turn, six seconds each."""

    def __init__(self, people: int, *, own: float, line: float = 0.0, seconds: float = 90.0) -> None:
        random = np.random.default_rng(4)
        faces = unit(random.standard_normal((people, 64)).astype(np.float32))
        same = unit(random.standard_normal(64).astype(np.float32))
        self.seconds = seconds
        self.pieces: list[Piece] = []
        self.heard: list[Activity] = []
        for start in np.arange(0.0, seconds, 6.0):
            who = int(start // 6) % people
            for at in np.arange(start, start + 4.5, 0.75):
                noise = unit(random.standard_normal(64).astype(np.float32))
                vector = unit(own * faces[who] + line * same + (1 - own) * noise)
                self.pieces.append(Piece(float(at), float(at) + 1.5, vector, at // 5 * 5, who % 3))
        for start in np.arange(0.0, seconds, 5.0):
            times = start + np.arange(0.0, 5.0, 0.05)
            voice = (times // 6).astype(int) % 3
            talking = times % 6 < 5.4
            active = np.eye(3, dtype=bool)[voice] & talking[:, None]
            self.heard.append(Activity((start, start + 5.0), times, active))

    def count(self, options: DiarizationOptions = ANYBODY) -> int:
        return len(voices(self.pieces, options))


@pytest.mark.parametrize("people", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("own", "line"), [(0.6, 0.0), (0.45, 0.0), (0.6, 0.5)], ids=["near", "far", "on a telephone"]
)
def test_people_are_counted(people: int, own: float, line: float) -> None:
    assert Talk(people, own=own, line=line).count() == people


def test_what_is_one_voice_in_a_window_is_one_speaker_though_its_pieces_differ() -> None:
    talk = Talk(2, own=0.36)
    alone = [replace(piece, window=piece.start) for piece in talk.pieces]
    assert len(voices(alone, ANYBODY)) > len(voices(talk.pieces, ANYBODY)) == 2


def test_the_caller_may_know_better() -> None:
    talk = Talk(3, own=0.6)
    assert talk.count(DiarizationOptions(speakers_max=2)) == 2
    assert talk.count(DiarizationOptions(speakers_min=5)) == 5
    assert Talk(1, own=0.6).count(DiarizationOptions(speakers_min=2, speakers_max=2)) == 2


def test_each_moment_gets_its_speaker() -> None:
    talk = Talk(3, own=0.6)
    found = in_order_of_appearance(turns(talk.heard, talk.pieces, voices(talk.pieces, ANYBODY)))
    expected = np.arange(0.0, talk.seconds, 6.0)
    for start, who in zip(expected, np.arange(expected.size) % 3, strict=True):
        inside = [turn for turn in found if turn.start < start + 5.0 and turn.end > start + 0.4]
        assert {turn.speaker for turn in inside} == {who}
    assert [share.speaker for share in shares(found)] == ["S1", "S2", "S3"]
    assert sum(share.seconds for share in shares(found)) == pytest.approx(talk.seconds * 0.9, rel=0.05)


def test_nobody_speaks_in_silence() -> None:
    assert voices([], ANYBODY).shape[0] == 0
    quiet = Activity((0.0, 10.0), np.arange(0.0, 10.0, 0.1), np.zeros((100, 3), bool))
    assert turns([quiet], [], voices([], ANYBODY)) == []


def test_two_at_once_are_both_heard() -> None:
    times = np.arange(0.0, 10.0, 0.02)
    active = np.zeros((times.size, 3), bool)
    active[times < 6, 0] = True
    active[times > 5, 1] = True
    heard = [Activity((0.0, 10.0), times, active)]
    first, second = np.eye(2, dtype=np.float32)
    pieces = [
        Piece(0.0, 1.5, first, 0.0, 0),
        Piece(2.0, 5.0, first, 0.0, 0),
        Piece(6.0, 10.0, second, 0.0, 1),
    ]
    found = in_order_of_appearance(turns(heard, pieces, np.stack([first, second])))
    assert [(turn.speaker, round(turn.start, 1), round(turn.end, 1)) for turn in found] == [
        (0, 0.0, 6.0),
        (1, 5.0, 10.0),
    ]


@pytest.mark.parametrize("seconds", [0.0, 0.5, 9.99, 10.0, 10.01, 15.0, 63.2])
def test_windows_decide_on_every_moment_once(seconds: float) -> None:
    sound = np.arange(round(seconds * 16_000), dtype=np.float32)
    found = list(windows(sound[at : at + 7001] for at in range(0, sound.size, 7001)))
    assert all(window.samples.size == 160_000 for window in found)
    assert found[0].inner[0] == 0.0
    assert found[-1].inner[1] >= seconds
    for before, after in pairwise(found):
        assert before.inner[1] == after.inner[0]
        assert after.samples[0] == pytest.approx(after.start * 16_000)


def test_stretches_are_of_one_voice() -> None:
    def classes(*runs: tuple[int, int]) -> NDArray[np.float32]:
        return np.concatenate([np.tile(np.eye(7, dtype=np.float32)[kind], (n, 1)) for kind, n in runs])

    window = Window(20.0, np.zeros(160_000, np.float32), last=False)
    # Nobody, the first voice, the first two at once, the second voice to the end.
    found = list(stretches(activity(window, classes((0, 200), (1, 100), (4, 50), (2, 239)))))
    assert [stretch.fresh for stretch in found] == [True, True]
    assert found[0].start == pytest.approx(20 + 495 / 16000 + 199.5 * 0.016875)
    assert found[1].end == 27.5
    assert found[0].end < found[1].start


def test_a_stretch_goes_on_in_the_next_window() -> None:
    window = Window(5.0, np.zeros(160_000, np.float32), last=False)
    (stretch,) = stretches(activity(window, np.tile(np.eye(7, dtype=np.float32)[3], (589, 1))))
    assert stretch == Stretch(7.5, 12.5, fresh=False, voice=2)

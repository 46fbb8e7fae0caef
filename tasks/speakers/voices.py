"""How many speakers there are, and how each of them sounds.

How similar two pieces of one voice are depends on the recording: about 0.7 near a microphone, 0.4 across a room; on a
telephone even different voices reach 0.5. So nothing is compared with a fixed number. First, pieces are clustered
only as far as pieces of one stretch are similar to each other; what the segmentation takes for one voice within a
window counts as more similar, because in a room that echoes it is the surer ear. Then clusters are one speaker if they
are nearly as similar to each other as each is in itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.speakers.clustering import Labels, Vectors, cut, merges, unit
from tasks.speakers.options import DiarizationOptions
from tasks.speakers.pieces import Piece

_CLUSTER_SHARE = 0.95
"""Share of the similarity within a stretch down to which pieces are clustered."""
_SAME_VOICE = 0.7
"""Similarity of two clusters over that within each, above which they are one speaker. The share above was chosen on
other readers than those of the table in the README of the benchmarks; this with a look at some of these and at the
meetings."""
_ONE_VOICE = 0.2
"""Added to the similarity of pieces of one window that the segmentation gives to one voice. Chosen on simulated far
microphones and on meetings; it held on other readers. To take something off where it hears two changes nothing."""
_USUAL_SIMILARITY = 0.6
_USUAL_WEIGHT = 4.0
"""What pieces of one voice are like where a recording has hardly two in one stretch, and how many pairs that counts."""
_LEAST_SECONDS = 2.0
"""Who speaks less than this in the whole recording is not told apart."""
_SOUND_SECONDS = 0.8
"""Shorter pieces are not asked who there is, only whose they are."""
_MOST_PIECES = 2500
"""That are compared with each other, which needs memory for the square of their number."""
_ROUNDS = 2


def voices(found: Sequence[Piece], options: DiarizationOptions) -> Vectors:
    """The embedding of each speaker, those who speak most first; one row at least if there is a piece."""
    if not found:
        return np.zeros((0, 1), np.float32)
    fewest, most = options.speakers_min or 1, options.speakers_max
    chosen = _chosen(found)
    vectors, weights = _vectors(chosen)
    alike = _alike(found)
    similar = vectors @ vectors.T
    similar[_of_one_voice(chosen)] += _ONE_VOICE
    labels = cut(merges(similar, weights), len(chosen), threshold=_CLUSTER_SHARE * alike, fewest=fewest)
    # Every piece is covered twice; where only some were chosen, each stands for several.
    scale = sum(piece.end - piece.start for piece in found) / max(float(weights.sum()), 1e-6) / 2
    clusters = _Clusters(chosen, vectors, weights, labels, alike)
    clusters.merge(fewest, most, scale)
    means = clusters.means(fewest, most, scale)
    return _refined(means, *_vectors(found))


def _chosen(found: Sequence[Piece]) -> list[Piece]:
    sound = [piece for piece in found if piece.end - piece.start >= _SOUND_SECONDS]
    if len(sound) < 2:
        sound = list(found)
    return sound[:: -(-len(sound) // _MOST_PIECES)]


def _vectors(found: Sequence[Piece]) -> tuple[Vectors, NDArray[np.float32]]:
    lengths = np.array([piece.end - piece.start for piece in found], np.float32)
    return np.array([piece.vector for piece in found], np.float32), lengths


def _of_one_voice(found: Sequence[Piece]) -> NDArray[np.bool_]:
    """Which pieces the segmentation gives to the same voice of the same window."""
    windows = np.array([piece.window for piece in found])
    voices = np.array([piece.voice for piece in found])
    return np.asarray((windows[:, None] == windows) & (voices[:, None] == voices))


def _alike(found: Sequence[Piece]) -> float:
    """How similar pieces of one voice are in this recording: those that follow each other in a stretch."""
    pairs: list[float] = []
    for at, piece in enumerate(found):
        for other in found[at + 1 : at + 3]:
            if -0.05 <= other.start - piece.end < 0.3 and other.start - piece.start < 2.3:
                pairs.append(float(piece.vector @ other.vector))
    typical = float(np.median(pairs)) if pairs else _USUAL_SIMILARITY
    return (typical * len(pairs) + _USUAL_SIMILARITY * _USUAL_WEIGHT) / (len(pairs) + _USUAL_WEIGHT)


def _refined(means: Vectors, vectors: Vectors, weights: NDArray[np.float32]) -> Vectors:
    """Each mean anew from the pieces that are nearest to it."""
    for _ in range(_ROUNDS):
        nearest = (vectors @ means.T).argmax(axis=1)
        sums = np.zeros_like(means)
        np.add.at(sums, nearest, vectors * weights[:, None])
        kept = np.linalg.norm(sums, axis=1) > 0
        means = np.where(kept[:, None], unit(sums), means)
    return means


@dataclass
class _Best:
    likeness: float
    first: int
    second: int


class _Clusters:
    """Clusters with the mean similarity between, and within, any two; pieces that overlap in time are not compared."""

    def __init__(
        self,
        found: Sequence[Piece],
        vectors: Vectors,
        weights: NDArray[np.float32],
        labels: Labels,
        alike: float,
    ) -> None:
        count = int(labels.max()) + 1
        member = np.zeros((len(found), count), np.float32)
        member[np.arange(len(found)), labels] = 1.0
        starts = np.array([piece.start for piece in found])
        ends = np.array([piece.end for piece in found])
        apart = starts[:, None] >= ends[None, :] - 0.05
        pairs = np.outer(weights, weights) * (apart | apart.T)
        self._mass = (member.T @ pairs @ member).astype(np.float64)
        pairs *= vectors @ vectors.T
        self._sum = (member.T @ pairs @ member).astype(np.float64)
        self._means = member.T @ (vectors * weights[:, None])
        self._seconds = member.T @ weights
        self._alive = list(range(count))
        self._alike = alike

    def _within(self, cluster: int) -> float:
        # A cluster of two pieces says little of how similar its voice is to itself.
        usual = 2.0
        similarity = (self._sum[cluster, cluster] + usual * self._alike) / (
            self._mass[cluster, cluster] + usual
        )
        return max(float(similarity), 0.05)

    def _best(self) -> _Best | None:
        best: _Best | None = None
        within = {cluster: self._within(cluster) for cluster in self._alive}
        for at, first in enumerate(self._alive):
            for second in self._alive[:at]:
                if self._mass[first, second] > 0:
                    between = self._sum[first, second] / self._mass[first, second]
                    likeness = between / (within[first] * within[second]) ** 0.5
                    if best is None or likeness > best.likeness:
                        best = _Best(likeness, first, second)
        return best

    def merge(self, fewest: int, most: int | None, scale: float) -> None:
        """Joins what is one voice, down to `fewest`, and what is most alike as long as there are more than `most`."""
        while len(self._alive) > fewest and (best := self._best()):
            if best.likeness < _SAME_VOICE and not (most and len(self._large(scale)) > most):
                return
            for table in (self._sum, self._mass):
                table[best.first] += table[best.second]
                table[:, best.first] += table[:, best.second]
            self._means[best.first] += self._means[best.second]
            self._seconds[best.first] += self._seconds[best.second]
            self._alive.remove(best.second)

    def _large(self, scale: float) -> list[int]:
        return [cluster for cluster in self._alive if self._seconds[cluster] * scale >= _LEAST_SECONDS]

    def means(self, fewest: int, most: int | None, scale: float) -> Vectors:
        """The mean embeddings of those who speak long enough, who speaks most first."""
        ordered = sorted(self._alive, key=lambda cluster: -float(self._seconds[cluster]))
        count = max(len(self._large(scale)), fewest)
        return unit(self._means[ordered[: min(count, most or count)]])

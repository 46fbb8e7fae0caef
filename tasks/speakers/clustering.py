"""Which of many short stretches are the same voice: agglomerative clustering by their similarities.

The similarity of two clusters is the mean over all pairs of their stretches, weighted by length. Merging always the
two most similar clusters and stopping at a similarity gives the same as cutting the whole tree there, because this
similarity never rises by a merge; the tree is found by following nearest neighbours (Murtagh, "A survey of recent
advances in hierarchical clustering algorithms", 1983).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One embedding a row, each of length one."""
Labels = NDArray[np.int64]
"""The number of the cluster of each row, from 0."""


_EQUAL = 1e-6
"""Similarities that differ by less are rounded differently."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two clusters, each named by one of its rows, became one at a similarity."""

    similarity: float
    first: int
    second: int


def merges(similar: NDArray[np.float32], weights: NDArray[np.float32]) -> list[Merge]:
    """The whole tree by the similarity of any two rows: one merge less than rows, the most similar first."""
    count = len(similar)
    mass = weights.astype(np.float64)
    sums = similar * np.outer(weights, weights)
    alive = np.ones(count, bool)
    found: list[Merge] = []
    chain: list[int] = []
    links: list[float] = []
    while len(found) < count - 1:
        if not chain:
            chain.append(int(alive.argmax()))
        top = chain[-1]
        likeness = sums[top] / (mass * mass[top])
        likeness[~alive] = -np.inf
        likeness[top] = -np.inf
        nearest = int(likeness.argmax())
        # Links grow stronger along the chain, or it could go in circles among equals.
        if links and likeness[nearest] <= links[-1] + _EQUAL:
            nearest = chain[-2]
            found.append(Merge(links[-1], top, nearest))
            del chain[-2:], links[-2:]
            sums[nearest] += sums[top]
            sums[:, nearest] += sums[:, top]
            mass[nearest] += mass[top]
            alive[top] = False
        else:
            chain.append(nearest)
            links.append(float(likeness[nearest]))
    return sorted(found, key=lambda merge: -merge.similarity)


def cut(tree: list[Merge], count: int, *, threshold: float, fewest: int = 1) -> Labels:
    """The clusters that merging down to `threshold` leaves, but at least `fewest` of them."""
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    left = count
    for merge in tree:
        if left <= fewest or merge.similarity < threshold:
            break
        parent[root(merge.first)] = root(merge.second)
        left -= 1
    roots = [root(row) for row in range(count)]
    numbers = {found: number for number, found in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[found] for found in roots], np.int64)


def unit(vectors: NDArray[np.float32]) -> Vectors:
    """The rows at length one; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)

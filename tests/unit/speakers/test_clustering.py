import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.speakers.clustering import cut, merges, unit


def by_hand(vectors: np.ndarray, weights: np.ndarray, threshold: float) -> set[frozenset[int]]:
    """Always the most similar two, until none are similar enough: the definition, for few rows."""
    clusters = [[row] for row in range(len(vectors))]

    def similarity(first: list[int], second: list[int]) -> float:
        pairs = [(weights[a] * weights[b], float(vectors[a] @ vectors[b])) for a in first for b in second]
        return float(sum(weight * value for weight, value in pairs) / sum(weight for weight, _ in pairs))

    while len(clusters) > 1:
        at = [(a, b) for a in range(len(clusters)) for b in range(a)]
        a, b = max(at, key=lambda pair: similarity(clusters[pair[0]], clusters[pair[1]]))
        if similarity(clusters[a], clusters[b]) < threshold:
            break
        clusters[b] += clusters.pop(a)
    return {frozenset(cluster) for cluster in clusters}


@given(st.integers(1, 14), st.integers(0, 10_000), st.floats(-0.5, 0.9))
def test_the_tree_is_that_of_merging_the_most_similar(count: int, seed: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((count, 5)).astype(np.float32))
    weights = random.uniform(0.5, 2.0, count).astype(np.float32)
    labels = cut(merges(vectors @ vectors.T, weights), count, threshold=threshold)
    found = {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}
    assert found == by_hand(vectors, weights, threshold)


@given(st.integers(2, 30), st.integers(1, 30))
def test_at_least_so_many_clusters_are_left(count: int, fewest: int) -> None:
    vectors = unit(np.ones((count, 3), np.float32))
    labels = cut(
        merges(vectors @ vectors.T, np.ones(count, np.float32)), count, threshold=-1.0, fewest=fewest
    )
    assert len(set(labels.tolist())) == min(fewest, count)

"""Killed consumers and a restarted server lose no message and repeat no effect."""

from tests.chaos.messages import check, run


def test_nothing_is_lost_and_nothing_happens_twice() -> None:
    check(run(messages=1_000, producers=2, consumers=4, seed=1), 1_000)

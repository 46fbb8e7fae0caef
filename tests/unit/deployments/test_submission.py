import pytest

from deployments.pools import Priority
from deployments.submission import _asked


@pytest.mark.parametrize(
    ("parameters", "queue"),
    [
        ({"priority": "high"}, Priority.HIGH),
        ({"priority": "low"}, Priority.LOW),
        ({}, Priority.DEFAULT),
        ({"priority": "urgent"}, Priority.DEFAULT),
        ({"priority": ["high"]}, Priority.DEFAULT),
    ],
)
def test_the_parameter_names_the_queue(parameters: dict[str, object], queue: Priority) -> None:
    assert _asked(parameters) is queue

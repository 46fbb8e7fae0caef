import pytest

from deployments.client.submit import _asked
from deployments.server.pools import Priority


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

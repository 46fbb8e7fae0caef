"""Programs that are run to their end."""

import sys

import pytest

from deployments.processes.commands import output_of
from deployments.processes.service import ServiceError


def run(code: str, *, seconds: float = 20) -> str:
    return output_of(
        [sys.executable, "-c", code], failure="It could not be made", seconds=seconds, environment={}
    )


def test_what_succeeds_gives_what_it_prints() -> None:
    assert sorted(run("import sys; print(1); print(2, file=sys.stderr)").split()) == ["1", "2"]


def test_what_fails_says_what_it_printed() -> None:
    with pytest.raises(ServiceError) as caught:
        run("import sys; print('Não há espaço'.encode('latin-1')); sys.exit('no space left')")
    assert caught.value.message == "It could not be made."
    assert caught.value.hint is not None
    assert "no space left" in caught.value.hint


def test_what_takes_too_long_is_ended_and_said_in_a_sentence() -> None:
    with pytest.raises(ServiceError) as caught:
        run("import time; time.sleep(60)", seconds=0.3)
    assert caught.value.message == "It could not be made: it took more than 0.3 seconds."
    assert caught.value.hint

"""The names of runs say what the job is, on one short line, without secrets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.utilities.names import generate_slug

from tasks.foreign_text import one_line
from tasks.jobs.run_names import is_free, run_name

URL = "https://ana:hunter2@www.example.org/a/b/aula%201.mp3?token=hunter3#hunter4"


@pytest.mark.parametrize(
    ("operation", "parameters", "title", "name"),
    [
        ("transcribe", {"youtube_url": URL}, None, "transcribe · www.example.org/aula 1.mp3"),
        ("transcribe", {"youtube_url": URL, "id_roteiro": "R-34"}, "A bee", "transcribe · R-34 · A bee"),
        ("transcribe", {"youtube_url": "in/aula.mp3", "id_roteiro": 34}, None, "transcribe · 34 · aula.mp3"),
        ("transcribe", {"language": "pt", "youtube_url": "aula.mp3"}, None, "transcribe · aula.mp3"),
        (
            "img2vid",
            {"images": [{"id": "1", "image_url": "https://a.b/1.png", "duracao": 1}] * 48, "path": "out/x"},
            None,
            "img2vid · a.b/1.png and 47 more",
        ),
        ("transcribe-batch", {"name": "a.b", "sources": ["folder:/inbox"]}, None, "transcribe-batch · inbox"),
        ("cleanup", {"deep": True}, None, "cleanup"),
        ("factory-reset", {"confirmation": "remove everything"}, None, "factory-reset"),
        ("transcribe", {"youtube_url": "https://[::1/x"}, None, "transcribe"),
    ],
)
def test_what_the_job_is(operation: str, parameters: dict[str, Any], title: str | None, name: str) -> None:
    assert run_name(operation, parameters, title) == name


_values = st.text() | st.integers() | st.none() | st.lists(st.text() | st.dictionaries(st.text(), st.text()))


@given(
    st.dictionaries(st.sampled_from(["youtube_url", "id_roteiro", "sources", "x"]), _values),
    st.none() | st.text(),
)
def test_a_name_is_short_and_one_line_and_known_again(parameters: dict[str, Any], title: str | None) -> None:
    name = run_name("transcribe", parameters, title)
    assert name == one_line(name)
    assert len(name) <= 120
    assert is_free(name, "transcribe")
    assert run_name("transcribe", parameters, title) == name


def test_a_secret_is_in_no_name() -> None:
    assert "hunter" not in run_name("transcribe", {"youtube_url": URL})


def test_names_that_prefect_draws_are_free_and_those_of_callers_are_not() -> None:
    assert all(is_free(generate_slug(2), "transcribe") for _ in range(50))
    for given_name in (
        "Aula 3",
        "aula",
        "transcribed · x",
        "msg_9b3f-1",
        "transcribe · a, shard 2 of 3"[11:],
    ):
        assert not is_free(given_name, "transcribe")

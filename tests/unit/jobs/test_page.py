"""The page of a job shows what a document holds, and of foreign text only its characters."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.jobs.document import JobDocument
from tasks.jobs.page import UNSAID, job_page

_RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")
_BAD = "![x](https://attacker.example/p.png)<img src=//attacker.example> | **b**"


def _page(**fields: Any) -> str:
    document = {"job_id": "1", "operation": "transcribe", "status": "completed", **fields}
    return str(_RENDERER.render(job_page(JobDocument.model_validate(document))))


def test_it_tells_how_the_job_ended_and_each_value_of_its_result() -> None:
    shown = _page(
        stages={
            "download": {"status": "completed", "cached": True},
            "transcription": {"status": "completed"},
        },
        result={
            "title": "Aula",
            "duration": 12.50000001,
            "quality": {"warnings": [], "score": 1},
            "links": {"srt": "https://store.example/a/aula.srt?signature=x"},
            "formats": ["srt", "vtt"],
            "clips": [{"a": 1}] * 6,
            "nothing": None,
        },
    )
    assert "<h1>transcribe: completed</h1>" in shown
    assert "<td>was done before</td>" in shown
    assert "<td>title</td>\n<td>Aula</td>" in shown
    assert "<td>duration</td>\n<td>12.5</td>" in shown
    assert '<td><a href="https://store.example/a/aula.srt?signature=x">aula.srt</a></td>' in shown
    assert "<td>quality.score</td>\n<td>1</td>" in shown
    assert "<td>srt, vtt</td>" in shown
    assert "<td>6 entries</td>" in shown
    assert "nothing" not in shown


def test_whatever_failed_says_why() -> None:
    shown = _page(
        status="failed",
        stages={"download": {"status": "failed"}},
        result={
            "items": [
                {"title": "a.mp3", "status": "failed", "error": "Nothing is there."},
                {"status": "failed", "error": None},
                {"title": "b.mp3", "status": "completed"},
            ]
        },
    )
    escaped = UNSAID.replace("'", "&#39;") if "&#39;" in shown else UNSAID
    assert f"<td>error</td>\n<td>{escaped}</td>" in shown
    assert f"<td></td>\n<td>{escaped}</td>" in shown
    assert "<td>items 1: a.mp3</td>\n<td>Nothing is there.</td>" in shown
    assert f"<td>items 2</td>\n<td>{escaped}</td>" in shown
    assert "b.mp3" not in shown


def test_a_job_that_has_only_begun_has_a_page() -> None:
    assert "<h1>transcribe: processing</h1>" in _page(status="processing")


_json: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=20), st.just(_BAD)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.dictionaries(st.one_of(st.text(max_size=5), st.just(_BAD)), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.one_of(st.text(), st.just(_BAD)), _json), st.text() | st.just(_BAD))
def test_no_result_shows_a_picture_a_foreign_link_or_html(result: dict[str, Any], error: str) -> None:
    shown = _page(
        status="failed",
        id_roteiro=error,
        error=error,
        result=result,
        stages={"download": {"status": "failed", "error": error}},
    )
    for tag in ("<img", "<a ", "<script", "<strong", "<ul", "<code"):
        assert tag not in shown

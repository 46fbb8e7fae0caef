"""Translation through a local server that speaks the chat-completions API.

The server is no language model: its "translation" is upper case, and each test scripts how it answers.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.from_settings import text_model
from blocks.settings import Settings
from blocks.text_model import TextModel
from tasks.errors import CancelledError, EngineError, InvalidSettingError, TransientError
from tests.servers.chat import Endpoint, Reply, Script, failing, lines_of, saying, serve_chat


def model_of(endpoint: Endpoint, **options: Any) -> TextModel:
    return TextModel(base_url=endpoint.address, model="scripted", **{"max_retries": 0, **options})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serve_chat() as running:
        yield running


def test_texts_are_translated_in_order_and_blanks_kept(endpoint: Endpoint) -> None:
    texts = ["olá", "", "ação", "  ", "fim"]
    assert model_of(endpoint).translate(texts, "pt", "en") == ["OLÁ", "", "AÇÃO", "  ", "FIM"]
    request = endpoint.requests[0]
    assert request["temperature"] == 0
    assert request["model"] == "scripted"
    assert request["response_format"]["type"] == "json_schema"
    assert request["response_format"]["json_schema"]["strict"] is True
    assert "from pt to en" in request["messages"][0]["content"]
    assert [line["text"] for line in lines_of(request)] == ["olá", "ação", "fim"]


def test_nothing_to_translate_asks_nobody(endpoint: Endpoint) -> None:
    assert model_of(endpoint).translate([], "pt", "en") == []
    assert model_of(endpoint).translate(["", " "], "pt", "en") == ["", " "]
    assert endpoint.requests == []


def test_long_transcripts_go_in_chunks(endpoint: Endpoint) -> None:
    texts = [f"linha {number} " + "x" * (number % 7 * 100) for number in range(150)] + ["y" * 9000]
    seen: list[float] = []
    assert model_of(endpoint).translate(texts, "pt", "en", seen.append) == [
        text.upper().strip() for text in texts
    ]
    sizes = [len(lines_of(request)) for request in endpoint.requests]
    assert sum(sizes) == 151
    assert max(sizes) <= 40
    assert len(sizes) > 4
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_cancelling_stops_between_chunks(endpoint: Endpoint) -> None:
    def cancel_at_second(fraction: float) -> None:
        if fraction > 0:
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        model_of(endpoint).translate(["x"] * 100, "pt", "en", cancel_at_second)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("I am sorry, I cannot do that.", "not JSON"),
        (None, "not JSON"),
        ('{"translations": [{"id": 1, "text": "A"}]}', "each id from 1 to 2 exactly once"),
        ('{"translations": [{"id": 1, "text": "A"}, {"id": 1, "text": "B"}]}', "each id from 1 to 2"),
        ('{"translations": [{"id": 1, "text": "A"}, {"id": 3, "text": "B"}]}', "each id from 1 to 2"),
        ('{"translations": [{"id": 1, "text": "A"}, {"id": 2, "text": " "}]}', "line 2 is empty"),
        ('{"translations": [{"id": 1, "text": "A"}, {"id": 2, "te', "not JSON"),
    ],
)
def test_a_malformed_answer_is_asked_for_once_more(
    endpoint: Endpoint, content: str | None, problem: str
) -> None:
    endpoint.scripts = [lambda request: saying(content)]
    assert model_of(endpoint).translate(["a", "b"], "pt", "en") == ["A", "B"]
    assert problem in endpoint.requests[1]["messages"][-1]["content"]

    endpoint.scripts = [lambda request: saying(content)] * 2
    with pytest.raises(EngineError, match="twice") as caught:
        model_of(endpoint).translate(["a", "b"], "pt", "en")
    assert problem in caught.value.message


def test_order_and_fences_do_not_matter(endpoint: Endpoint) -> None:
    content = '```json\n{"translations": [{"id": 2, "text": "B"}, {"id": 1, "text": "A"}]}\n```'
    endpoint.scripts = [lambda request: saying(content)]
    assert model_of(endpoint).translate(["a", "b"], "pt", "en") == ["A", "B"]


@pytest.mark.parametrize("answer_format", ["json_object", "text"])
def test_simple_servers_can_be_asked_simply(endpoint: Endpoint, answer_format: str) -> None:
    assert model_of(endpoint, answer_format=answer_format).translate(["a"], "pt", "en") == ["A"]
    expected = {"type": "json_object"} if answer_format == "json_object" else None
    assert endpoint.requests[0].get("response_format") == expected


def test_an_overloaded_server_is_waited_for(endpoint: Endpoint) -> None:
    endpoint.scripts = [failing(429, Retry_After="0"), failing(503, Retry_After="0")]
    assert model_of(endpoint, max_retries=2).translate(["a"], "pt", "en") == ["A"]
    assert len(endpoint.requests) == 3


def test_lasting_overload_tells_how_long_to_wait(endpoint: Endpoint) -> None:
    endpoint.scripts = [failing(429, Retry_After="17")]
    with pytest.raises(TransientError, match="overloaded") as caught:
        model_of(endpoint).translate(["a"], "pt", "en")
    assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        (failing(401), InvalidSettingError, "refuses the API key"),
        (failing(403), InvalidSettingError, "refuses the API key"),
        (failing(404), InvalidSettingError, 'no model "scripted"'),
        (failing(429, "insufficient_quota"), InvalidSettingError, "quota is used up"),
        (failing(400, "response_format"), InvalidSettingError, "answer format"),
        (failing(500), TransientError, "out of order"),
        (lambda request: (200, {"Content-Type": "text/html"}, b"<html>"), EngineError, "does not answer as"),
        (
            lambda request: (200, {"Content-Type": "application/json"}, b'{"choices": []}'),
            EngineError,
            "does not answer as",
        ),
        (
            lambda request: (200, {"Content-Type": "application/json"}, b"{"),
            EngineError,
            "does not answer as",
        ),
    ],
)
def test_what_goes_wrong_is_said(
    endpoint: Endpoint, script: Script, error: type[Exception], said: str
) -> None:
    endpoint.scripts = [script]
    with pytest.raises(error, match=said):
        model_of(endpoint).translate(["a"], "pt", "en")
    assert len(endpoint.requests) == 1


def test_a_silent_server_is_transient(endpoint: Endpoint) -> None:
    release = threading.Event()

    def hang(request: dict[str, Any]) -> Reply:
        release.wait(30)
        return saying("late")

    endpoint.scripts = [hang]
    try:
        with pytest.raises(TransientError, match="is silent for"):
            model_of(endpoint, timeout=0.2).translate(["a"], "pt", "en")
    finally:
        release.set()


def test_nobody_there_is_transient() -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        TextModel(base_url="http://127.0.0.1:1/v1", model="m", max_retries=0).translate(["a"], "pt", "en")


def test_only_the_given_key_is_sent(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "someone-elses")
    model_of(endpoint).translate(["a"], "pt", "en")
    model_of(endpoint, api_key=SecretStr("ours")).translate(["a"], "pt", "en")
    assert endpoint.keys == ["Bearer none", "Bearer ours"]


def test_settings_choose_it(endpoint: Endpoint) -> None:
    assert text_model(Settings()) is None
    chosen = text_model(Settings(text_model="scripted", text_model_base_url=endpoint.address))
    assert chosen is not None
    assert chosen.translate(["a"], "pt", "en") == ["A"]
    with pytest.raises(InvalidSettingError, match="not text_model"):
        text_model(Settings(text_model_base_url=endpoint.address))

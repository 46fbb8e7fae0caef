"""Why somebody has no data, in the language of who reads it."""

import inspect
from typing import get_args

import pytest

from tasks import errors
from tasks.messages.reasons import Language, Reason, ReasonCode

JOB_CODES = {
    *(
        kind.code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.ContrapontoError) and kind is not errors.ContrapontoError
    ),
    *("internal", "crashed", "too_late", "bad_message", "refused_run"),
}


def reason(code: str, **values: object) -> Reason:
    return Reason.model_validate({"codigo": code, **values})


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("code", list(ReasonCode))
def test_what_a_conversation_says_itself_is_said_in_each_language(language: Language, code: str) -> None:
    assert reason(code, segundos=60, bastaram=1, pedidos=2).sentence(language)


@pytest.mark.parametrize("code", sorted(JOB_CODES))
def test_every_error_of_a_job_has_a_portuguese_sentence_before_its_own(code: str) -> None:
    said = reason(code).sentence("pt-BR", "There is no video.")
    assert said is not None
    assert said.endswith(". There is no video.")
    assert not said.startswith("There")


def test_an_error_in_english_is_what_was_said() -> None:
    assert reason("source_not_found").sentence("en", "There is no video.") is None


def test_what_was_filled_in_is_written_as_the_language_does() -> None:
    late = reason("no_answer", segundos=0.5, ultima_tentativa="HTTP 503.")
    assert late.sentence("pt-BR", "ignored") == "Sem resposta em 0,5 segundos. A última tentativa: HTTP 503."
    assert late.sentence("en") == "No answer within 0.5 seconds. The last attempt: HTTP 503."
    enough = reason("enough_answers", bastaram=1, pedidos=3)
    assert enough.sentence("pt-BR") == "Não foi esperado: bastavam 1 de 3."


def test_english_is_not_repeated_where_it_says_no_more() -> None:
    assert reason("no_reason").sentence("pt-BR", "It gave no reason.") == "O motivo não foi dito."
    handled = reason("unhandled_message").sentence("pt-BR", "Disk full.")
    assert handled == "A mensagem não pôde ser tratada. Disk full."


@pytest.mark.parametrize(
    "given", [{"codigo": "theirs"}, {"codigo": "no_answer"}, {"codigo": "enough_answers"}]
)
def test_a_code_that_says_nothing_here_leaves_what_was_said(given: dict[str, object]) -> None:
    """Of another program, of a newer version, or without its numbers."""
    assert Reason.model_validate(given).sentence("pt-BR", "Texto.") is None

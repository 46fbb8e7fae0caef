"""Why somebody who was asked has no data, as far as the product knows it: a code, and its sentence in each language.

Documents of jobs and logs are in English; what is made for readers of another language, such as a report, says the
reason in theirs. A code that has no sentence here is of another program or of a newer version: what was said stands.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["pt-BR", "en"]
MOST_OF_A_CODE = 80
"""Characters."""


class ReasonCode(StrEnum):
    """Reasons that a conversation itself gives; a job that was asked has the code of its error instead."""

    NO_ANSWER = "no_answer"
    ENOUGH = "enough_answers"
    ASKED_ON = "executors_asked"
    UNSAID = "no_reason"
    UNHANDLED = "unhandled_message"


LATE = (ReasonCode.NO_ANSWER, ReasonCode.ENOUGH, ReasonCode.ASKED_ON)
"""Nobody has failed: who was asked was not waited for any longer."""

_SENTENCES: dict[Language, dict[str, str]] = {
    "en": {
        ReasonCode.NO_ANSWER: "No answer within {segundos} seconds.",
        ReasonCode.ENOUGH: "It was not waited for: {bastaram} of {pedidos} were enough.",
        ReasonCode.ASKED_ON: "It had not answered when the executors were asked.",
        ReasonCode.UNSAID: "It gave no reason.",
        ReasonCode.UNHANDLED: "The message could not be handled.",
    },
    "pt-BR": {
        ReasonCode.NO_ANSWER: "Sem resposta em {segundos} segundos.",
        ReasonCode.ENOUGH: "Não foi esperado: bastavam {bastaram} de {pedidos}.",
        ReasonCode.ASKED_ON: "Ainda não tinha respondido quando os executores foram chamados.",
        ReasonCode.UNSAID: "O motivo não foi dito.",
        ReasonCode.UNHANDLED: "A mensagem não pôde ser tratada.",
        "bad_message": "A mensagem não tem a forma esperada.",
        "refused_run": "O servidor recusou o trabalho pedido.",
        "invalid_input": "Um parâmetro ou arquivo não pode ser usado.",
        "blocked_address": "O endereço é privado e não pode ser acessado.",
        "source_not_found": "Não há nada no endereço ou sob a chave.",
        "source_forbidden": "A fonte existe, mas não pode ser lida.",
        "not_media": "O que foi baixado não é áudio nem vídeo.",
        "not_an_image": "O arquivo não é uma imagem.",
        "damaged_media": "O arquivo está truncado ou corrompido.",
        "no_audio": "O arquivo não tem trilha de áudio.",
        "no_video": "O arquivo não tem imagem.",
        "limit_exceeded": "É maior ou mais longo que os limites.",
        "unknown_language": "O idioma não é conhecido.",
        "invalid_setting": "Uma configuração da instalação não pode ser usada.",
        "missing_engine": "Um modelo ou motor não está instalado.",
        "engine_failed": "Um programa ou modelo falhou.",
        "storage_full": "O disco ou o bucket está cheio.",
        "temporarily_unavailable": "A fonte ou um serviço não respondeu, mesmo depois de novas tentativas.",
        "timeout": "O trabalho demorou demais.",
        "cancelled": "O trabalho foi cancelado.",
        "unusable_document": "O documento não pode ser usado.",
        "unusable_record": "O registro não pode ser usado.",
        "unknown_record": "O registro não existe.",
        "internal": "Um erro imprevisto encerrou o trabalho.",
        "crashed": "O processo do trabalho foi encerrado.",
        "too_late": "O trabalho esperou mais do que podia e não começou.",
    },
}
"""Those of errors in Portuguese alone: an error is an English sentence, which says more than its code."""
UNSAID = _SENTENCES["en"][ReasonCode.UNSAID]
_LAST_ATTEMPT: dict[Language, str] = {"en": "The last attempt:", "pt-BR": "A última tentativa:"}


class Reason(BaseModel):
    """Why somebody who was asked has no data."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    codigo: Annotated[str, Field(max_length=MOST_OF_A_CODE)]
    """A `ReasonCode`, or the `error_code` of the job that was asked."""
    segundos: float | None = None
    """How long it was waited for."""
    bastaram: int | None = None
    """So many answers were enough."""
    pedidos: int | None = None
    """So many were asked."""
    ultima_tentativa: str | None = None
    """What its last attempt said, which was not the end of it."""

    def sentence(self, language: Language, said: str | None = None) -> str | None:
        """The reason in this language, with what was said in whatever language; None where only that is known."""
        template = _SENTENCES[language].get(self.codigo)
        if template is None:
            return None
        try:
            sentence = template.format_map(self._values(language))
        except KeyError:  # Whoever wrote the code did not say how long, or how many.
            return None
        if self.codigo in LATE:
            last = self.ultima_tentativa
            return sentence if last is None else f"{sentence} {_LAST_ATTEMPT[language]} {last}"
        # What was said is this very sentence in English, or more than it.
        is_said_already = not said or said == _SENTENCES["en"].get(self.codigo)
        return sentence if is_said_already else f"{sentence} {said}"

    def _values(self, language: Language) -> dict[str, str]:
        """Those that it has, as they are written."""
        values = {"segundos": self.segundos, "bastaram": self.bastaram, "pedidos": self.pedidos}
        written = {name: f"{value:g}" for name, value in values.items() if value is not None}
        return (
            written if language == "en" else {name: each.replace(".", ",") for name, each in written.items()}
        )

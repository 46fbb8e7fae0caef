"""Why a record has failed, in one Portuguese sentence: what is written into it."""

from blocks.record_store import UnknownRecordError
from tasks.documents.errors import UnusableDocumentError
from tasks.errors import ContrapontoError

_SENTENCES = {
    "source_not_found": "O arquivo não foi encontrado. Verifique o endereço ou a chave no registro.",
    "source_forbidden": "O arquivo não pode ser lido sem permissão. Use um endereço que abra sem senha.",
    "blocked_address": "O endereço do arquivo é de uma rede interna, que não é acessada.",
    "limit_exceeded": "O arquivo é maior do que o limite. Envie um menor.",
    "temporarily_unavailable": "O servidor do arquivo não respondeu. Coloque o registro em processar mais tarde.",
    "missing_engine": "O programa que compara documentos não está instalado neste computador.",
    "storage_full": "Não há espaço em disco para o resultado.",
    "timeout": "O documento levou tempo demais.",
}


class UnusableRecordError(UnusableDocumentError):
    """A record that lacks what its processing needs; the message is in Portuguese."""

    code = "unusable_record"


def reason(error: ContrapontoError) -> str:
    """The sentence for an error. What concerns documents is said in Portuguese already."""
    if isinstance(error, UnusableDocumentError):
        return str(error)
    if isinstance(error, UnknownRecordError):
        return f'O registro "{error.record}" de {error.collection}, que este menciona, não existe ou não pode ser lido.'
    return _SENTENCES.get(error.code) or f"O documento não pôde ser processado: {error}"

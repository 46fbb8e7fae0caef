"""What tests of comparisons share: two paragraphs, and what was found."""

from collections.abc import Callable

from tasks.documents.change import Change
from tasks.documents.comparison import Comparison
from tests.unit.documents.docx import paragraph

TITLE = paragraph("CLÁUSULA SEGUNDA - DO PREÇO")
PRICE = paragraph("O preço é de R$ 1.000,00 por mês, em 30 (trinta) dias, com multa de 2%.")

Compare = Callable[..., Comparison]


def only(found: Comparison) -> Change:
    [change] = found.findings.alteracoes
    assert found.findings.verificado
    return change


def told(found: Comparison) -> list[tuple[str, str, str]]:
    return [(each.categoria, each.conteudo, each.alteracao) for each in found.findings.alteracoes]

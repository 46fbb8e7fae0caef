"""A change between two versions of a contract, in the form in which it is stored and reported."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.documents.highlights import Highlight

Category = Literal["inclusao", "remocao", "modificacao", "comentario", "formatacao"]
ChangeStatus = Literal["draft", "aceitar", "ressalva", "ajustar", "validacao", "recusar"]


class Reference(BaseModel):
    """What an analyst should do when a clause changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str | int | None, Field(description="What names it among the caller's records.")] = None
    clausula: Annotated[str | int, Field(description="Id of its clause, or the number where it has none.")]
    orientacao_retorno: Annotated[str, Field(max_length=20_000)] = ""
    descricao: Annotated[str, Field(max_length=20_000)] = ""


class ClauseName(BaseModel):
    """Which clause something stands in."""

    model_config = ConfigDict(frozen=True)

    id: str | int | None = None
    """Of the caller's record; None for a clause that only the document knows."""
    numero: str = ""
    nome: str = ""

    def __str__(self) -> str:
        return " – ".join(part for part in (self.numero, self.nome) if part) or str(self.id or "")


class Change(BaseModel):
    """One change. The addresses are those of `Story.path`."""

    model_config = ConfigDict(frozen=True)

    id: str
    """The same whenever the same two files are compared."""
    sort: int
    bloco: int
    """Of the block of changes that are read together, from 1."""
    clausula: str | int | None
    """The caller's record of its clause."""
    clausula_numero: str
    clausula_nome: str
    categoria: Category
    conteudo: str
    """What stood there before, or what was commented or formatted; empty for an inclusion."""
    alteracao: str
    """What stands there now, what was remarked, or what became of the looks; empty for a removal."""
    caminho_inicio: str
    """In the new version; of a removal the place where it was."""
    caminho_fim: str
    caminho_anterior_inicio: str
    """In the old version; of an inclusion the place where it came in."""
    caminho_anterior_fim: str
    movida: bool
    """Whether it stands elsewhere now; then what it says may have changed, too."""
    destaques: tuple[Highlight, ...]
    """Amounts, dates, percentages and deadlines that are others now."""
    referencias: tuple[Reference, ...]
    status: ChangeStatus = "draft"

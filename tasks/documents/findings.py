"""What was found in a contract model, in the form in which it is stored and reported."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.documents.clauses import Clause, link_clauses
from tasks.documents.package import open_package
from tasks.documents.story import Story, read_story
from tasks.documents.tags import Fault, FaultKind, Tag, find_tags

_CONTEXT = 60
"""Characters of the text that are shown on each side of a fault."""


class ModelTag(BaseModel):
    """A sound tag of a contract model."""

    model_config = ConfigDict(frozen=True)

    tag_nome: str
    caminho_tag_inicio: str
    """Address of its first character; see `Story.path`."""
    caminho_tag_fim: str
    """Address behind its last character."""
    conteudo: str
    sort: int
    """Its place among the tags, from 1."""
    clausulas: tuple[str | int, ...]
    """Of the clauses that it is about: their ids, or their numbers where they have none."""


class LintFault(BaseModel):
    """Something wrong in the tags, where, and what was probably meant."""

    model_config = ConfigDict(frozen=True)

    tipo: FaultKind
    caminho: str
    escrito: str
    mensagem: str
    correcao: str
    antes: str
    """The text before it, and below the text behind it: what one looks for in the document."""
    depois: str


class ModelFindings(BaseModel):
    """All that is found in a contract model."""

    model_config = ConfigDict(frozen=True)

    tags: tuple[ModelTag, ...]
    faults: tuple[LintFault, ...]
    warnings: tuple[str, ...]


def read_model(path: Path, clauses: Sequence[Clause] = ()) -> ModelFindings:
    """The tags of a Word document with their addresses, text and clauses, and what is wrong with the others.

    Raises UnusableDocumentError.
    """
    with open_package(path) as package:
        story = read_story(package)
        warnings = [*_remarks(package.has_macros, story.revised)]
    found = find_tags(story)
    links = link_clauses(found.tags, clauses)
    return ModelFindings(
        tags=tuple(
            _stored(tag, place, story, tuple(_named(clauses[each]) for each in linked))
            for place, (tag, linked) in enumerate(zip(found.tags, links, strict=True), 1)
        ),
        faults=tuple(_reported(fault, story) for fault in found.faults),
        warnings=tuple(warnings),
    )


def _remarks(has_macros: bool, revised: bool) -> list[str]:
    remarks = []
    if has_macros:
        remarks.append("O documento tem macros, que não foram executadas.")
    if revised:
        remarks.append("O documento tem alterações controladas, que foram lidas como aceitas.")
    return remarks


def _stored(tag: Tag, place: int, story: Story, clauses: tuple[str | int, ...]) -> ModelTag:
    return ModelTag(
        tag_nome=tag.name,
        caminho_tag_inicio=story.path(tag.start),
        caminho_tag_fim=story.path(tag.end),
        conteudo=tag.content,
        sort=place,
        clausulas=clauses,
    )


def _named(clause: Clause) -> str | int:
    return clause.id if clause.id is not None else clause.numero or clause.nome


def _reported(fault: Fault, story: Story) -> LintFault:
    paragraph = story.paragraph_at(fault.start)
    return LintFault(
        tipo=fault.kind,
        caminho=story.path(fault.start),
        escrito=fault.written,
        mensagem=fault.message,
        correcao=fault.fix,
        antes=story.text[max(paragraph.start, fault.start - _CONTEXT) : fault.start],
        depois=story.text[fault.end : fault.end + _CONTEXT].partition("\n")[0],
    )

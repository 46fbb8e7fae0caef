"""What is made of a contract model and of a version of a contract, as records."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from pydantic import JsonValue

from blocks.from_settings import media_store
from blocks.record_store import Record, RecordId, RecordStore, Rows, row_id
from blocks.settings import get_settings
from blocks.store_keys import check_store_key
from tasks.documents.change import Reference
from tasks.documents.claims import Made
from tasks.documents.clauses import Clause
from tasks.documents.collections import (
    CHANGE_REFERENCES,
    CHANGES,
    CLAUSES,
    CONTRACTS,
    DRAFT,
    MODEL_TAGS,
    MODELS,
    REFERENCES,
    VERSIONS,
)
from tasks.documents.comparison import Findings
from tasks.documents.findings import ModelFindings
from tasks.documents.reasons import UnusableRecordError
from tasks.documents.record_files import file_of
from tasks.documents.steps import ComparisonRequest, TagsRequest, compare_versions, extract_tags
from tasks.errors import InvalidInputError
from tasks.jobs.step import run_step

_AUTHOR = "Contraponto"
"""Who signs tracked changes."""
_FOUND = "publicado"
"""The status of a tag that was found."""


class ContractRecords:
    """The work on single records. Its methods raise ContrapontoError for a record that cannot be processed."""

    def __init__(self, store: RecordStore, *, dry_run: bool) -> None:
        self._store = store
        self._dry_run = dry_run

    async def tags_of_model(self, model: Record) -> Made:
        """The tags of a contract model, linked to its clauses; what is wrong with others stands in a report."""
        document = await file_of(self._store, model, "arquivo_com_tags")
        clauses = await self._clauses(model.id)
        found = await run_step(
            extract_tags,
            TagsRequest(
                document_key=document.key,
                document_sha256=document.sha256,
                name=model.text("nome") or PurePosixPath(document.source).name,
                clauses=clauses,
            ),
        )
        rows = await asyncio.to_thread(_tag_rows, found.key, model)
        if not found.faults:
            return Made(rows=(rows,), note=_counted(found.tags, "tag lida", "tags lidas"))
        report = await self._kept(found.report, f"{_folder(model)}/tags.html")
        link = media_store(get_settings()).url(report)
        read = _counted(found.tags, "tag lida", "tags lidas")
        note = f"{read}, {found.faults} com falha. Relatório: {link}"
        return Made({str(MODELS.note): note}, (rows,), note)

    async def changes_of_version(self, version: Record) -> Made:
        """The changes of a version since the one before, of the first one since its model."""
        contract = await self._store.get(CONTRACTS, _named(version, "contrato"))
        before, field = await self._before(version, contract)
        old = await file_of(self._store, before, field)
        new = await file_of(self._store, version, "arquivo")
        clauses = await self._clauses(contract.text("modelo_contrato"))
        found = await run_step(
            compare_versions,
            ComparisonRequest(
                old_key=old.key,
                old_sha256=old.sha256,
                old_name=PurePosixPath(old.source).name,
                new_key=new.key,
                new_sha256=new.sha256,
                new_name=PurePosixPath(new.source).name,
                clauses=clauses,
                references=await self._references([clause.id for clause in clauses if clause.id is not None]),
                remove_markers=True,
                author=_AUTHOR,
                day=datetime.now().astimezone().date(),
            ),
        )
        note = _counted(found.changes, "modificação", "modificações")
        if not found.verified:
            note = f"{note}, não verificado"
        values: dict[str, JsonValue] = {}
        if found.warnings:
            note = values[str(VERSIONS.note)] = f"{note}. {' '.join(found.warnings)}"
        folder = _folder(version)
        values["relatorio_diff"] = await self._filed(found.report, f"{folder}/comparison.html")
        if not version.text("modifica_arquivo"):
            values["modifica_arquivo"] = await self._filed(found.redline, f"{folder}/redline.docx")
        there = await self._store.find(CHANGES, {"versao": version.id})
        rows = await asyncio.to_thread(_change_rows, found.key, version, [change.id for change in there])
        return Made(values, rows, note)

    async def _before(self, version: Record, contract: Record) -> tuple[Record, str]:
        """What a version is compared with, and the field that names its file."""
        listed = contract.values.get("versoes")
        order = [str(each) for each in listed] if isinstance(listed, list) else []
        if str(version.id) not in order:
            order = [str(each.id) for each in await self._store.find(VERSIONS, {"contrato": contract.id})]
            if len(order) > 1 and not all(each.isdecimal() for each in order):
                raise UnusableRecordError(
                    f'O contrato {contract.id} não diz a ordem das suas versões no campo "versoes".',
                    hint="Preencha-o com os ids das versões, da primeira à última.",
                )
            order.sort(key=lambda each: int(each) if each.isdecimal() else 0)
        place = order.index(str(version.id))
        if place > 0:
            return await self._store.get(VERSIONS, order[place - 1]), "arquivo"
        return await self._store.get(MODELS, _named(contract, "modelo_contrato")), "arquivo_com_tags"

    async def _clauses(self, model: RecordId) -> tuple[Clause, ...]:
        found = await self._store.find(CLAUSES, {"modelo_contrato": model}) if model else []
        return tuple(
            Clause(
                id=each.id, numero=each.text("numero"), nome=each.text("nome"), conteudo=each.text("conteudo")
            )
            for each in found
        )

    async def _references(self, clauses: Sequence[RecordId]) -> tuple[Reference, ...]:
        theirs = {str(clause): clause for clause in clauses}
        return tuple(
            Reference(
                id=each.id,
                clausula=theirs[each.text("clausula")],
                orientacao_retorno=each.text("orientacao_retorno"),
                descricao=each.text("descricao"),
            )
            for each in await self._store.find(REFERENCES, {"clausula": clauses})
        )

    async def _kept(self, key: str, target: str) -> str:
        """The key of a file that was made, one that stays."""
        if self._dry_run:
            return key
        await asyncio.to_thread(media_store(get_settings()).copy_file, key, target)
        return target

    async def _filed(self, key: str, target: str) -> str:
        """What a record names a file by that was made."""
        kept = await self._kept(key, target)
        if self._dry_run:
            return kept
        return await self._store.upload(
            await asyncio.to_thread(media_store(get_settings()).read_bytes, kept), kept
        )


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _folder(record: Record) -> str:
    """Where in the media store files of a record lie: by its id, or by one made of it that is a name of a file."""
    collection = record.collection.name
    try:
        return check_store_key(f"documents/{collection}/{record.id}", new=True)
    except InvalidInputError:
        return f"documents/{collection}/{row_id(collection, record.id)}"


def _named(record: Record, field: str) -> str:
    """The id of the record that a field names. Raises UnusableRecordError."""
    if named := record.text(field):
        return named
    raise UnusableRecordError(
        f'O campo "{field}" do registro {record.id} de {record.collection.name} está vazio.',
        hint="Preencha-o com o id do registro a que este pertence.",
    )


def _tag_rows(key: str, model: Record) -> Rows:
    """The records of the tags that a file of findings holds."""
    findings = ModelFindings.model_validate_json(media_store(get_settings()).read_bytes(key))
    seen: Counter[str] = Counter()
    rows: list[dict[str, JsonValue]] = []
    for tag in findings.tags:
        seen[tag.tag_nome] += 1
        rows.append(
            {
                "id": row_id(MODEL_TAGS.name, model.id, tag.tag_nome, seen[tag.tag_nome]),
                "modelo_contrato": model.id,
                "status": _FOUND,
                **tag.model_dump(mode="json"),
            }
        )
    return Rows(MODEL_TAGS, "modelo_contrato", (model.id,), rows, kept=("status",))


def _change_rows(key: str, version: Record, there: Sequence[RecordId]) -> tuple[Rows, ...]:
    """The records of the changes that a file of findings holds; `there`: those of an earlier comparison."""
    findings = Findings.model_validate_json(media_store(get_settings()).read_bytes(key))
    changes: list[dict[str, JsonValue]] = []
    links: list[dict[str, JsonValue]] = []
    for change in findings.alteracoes:
        change_id = row_id(CHANGES.name, version.id, change.id)
        changes.append(
            {
                "id": change_id,
                "versao": version.id,
                "clausula": change.clausula,
                "categoria": change.categoria,
                "conteudo": change.conteudo,
                "alteracao": change.alteracao,
                "caminho_inicio": change.caminho_inicio,
                "caminho_fim": change.caminho_fim,
                "status": DRAFT,
                "sort": change.sort,
            }
        )
        links += [
            {
                "id": row_id(CHANGE_REFERENCES.name, change_id, reference.id),
                "modificacao": change_id,
                "referencia": reference.id,
            }
            for reference in change.referencias
            if reference.id is not None
        ]
    ids = tuple(str(change["id"]) for change in changes)
    gone = tuple(change for change in there if str(change) not in ids)
    # Links to what goes go first, those to what is new come last: a database may check them.
    return (
        Rows(CHANGE_REFERENCES, "modificacao", gone),
        Rows(CHANGES, "versao", (version.id,), changes, kept=("status", "nota_analista")),
        Rows(CHANGE_REFERENCES, "modificacao", ids, links),
    )

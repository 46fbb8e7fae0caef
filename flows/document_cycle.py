"""One cycle over the record store: tags of contract models, comparisons of versions, what is draft again."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Literal

from prefect import get_run_logger
from pydantic import Field

from blocks.from_settings import record_store
from blocks.record_store import RecordStore, Rows
from blocks.settings import get_settings
from flows.job import job_flow
from tasks.documents.claims import Processor, process_waiting, simulate_waiting
from tasks.documents.collections import (
    ALL,
    CHANGE_REFERENCES,
    CHANGES,
    DRAFT,
    MODELS,
    VERSIONS,
)
from tasks.documents.contract_records import ContractRecords
from tasks.documents.cycle import (
    CycleOutcome,
    CycleReport,
    ProcessedRecord,
    ProcessorName,
    ProcessorReport,
    cycle_summary,
)
from tasks.documents.engine import kept_engine
from tasks.documents.reasons import reason
from tasks.errors import ContrapontoError
from tasks.jobs.artifacts import write_table
from tasks.jobs.tracker import current_job

PROCESSORS: tuple[ProcessorName, ...] = ("tags", "versions", "cleanup")
"""In the order of a sequential cycle."""
Processors = Annotated[list[ProcessorName], Field(min_length=1, max_length=len(PROCESSORS))]
Minutes = Annotated[float, Field(gt=0, le=600)]
Records = list[ProcessedRecord]
Work = Callable[[Records], Awaitable[None]]
"""Adds what became of each record to a list, which is whole up to there whenever the work is stopped."""


@job_flow(
    operation="process-documents",
    stages=PROCESSORS,
    time_limit=None,
    summary=cycle_summary,
)
async def process_documents(
    processors: Processors = ["tags", "versions", "cleanup"],  # noqa: B006 - Prefect shows the default in its form
    mode: Literal["sequential", "parallel"] = "sequential",
    dry_run: bool = False,
    max_records: Annotated[int, Field(ge=1, le=100_000)] | None = None,
    processor_minutes: Minutes = 5,
    document_minutes: Minutes = 2,
) -> CycleOutcome:
    """Work on every record of the store that is set to processar, once; a schedule repeats it.

    Args:
        processors: tags of contract models, versions compared with the ones before, cleanup of what is draft again.
        mode: sequential: one processor after the other; parallel: all at once.
        dry_run: Compute everything and write nothing.
        max_records: Records that each processor takes at most; empty for all that wait.
        processor_minutes: After so long a processor stops; what it has not done waits for the next cycle.
        document_minutes: After so long a document has failed.
    """
    started = time.monotonic()
    chosen = [name for name in PROCESSORS if name in processors]
    # The engine is closed before the run ends, whichever way it does.
    with kept_engine():
        async with _store() as store:
            cycle = _Cycle(store, dry_run, max_records, processor_minutes * 60, document_minutes * 60)
            # Whatever ends one of them, the others come to their end before the job does.
            turns = [chosen] if mode == "parallel" else [[name] for name in chosen]
            ended = [
                end
                for turn in turns
                for end in await asyncio.gather(*map(cycle.run, turn), return_exceptions=True)
            ]
    for name in set(PROCESSORS) - set(chosen):
        with current_job().stage(name) as stage:
            stage.skip()
    reports = [end for end in ended if isinstance(end, ProcessorReport)]
    report = CycleReport(
        dry_run=dry_run,
        done=sum(each.done for each in reports),
        failed=sum(each.failed for each in reports),
        seconds=round(time.monotonic() - started, 3),
        processors=tuple(reports),
    )
    # It stands in the document also where a processor has failed.
    current_job().record(CycleOutcome(result=report))
    await _show(report)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    for failure in cycle.failures:
        raise failure
    return CycleOutcome(result=report)


@asynccontextmanager
async def _store() -> AsyncIterator[RecordStore]:
    store = record_store(get_settings())
    try:
        await store.prepare(ALL)
        yield store
    finally:
        await store.aclose()


class _Cycle:
    """The processors, each of which ends by itself whatever becomes of the others."""

    def __init__(
        self,
        store: RecordStore,
        dry_run: bool,
        max_records: int | None,
        processor_seconds: float,
        record_seconds: float,
    ) -> None:
        self._store = store
        self._records = ContractRecords(store, dry_run=dry_run)
        self._dry_run = dry_run
        self._max_records = max_records
        self._processor_seconds = processor_seconds
        self._record_seconds = record_seconds
        self.failures: list[ContrapontoError] = []
        """What processors have stopped for."""

    async def run(self, name: ProcessorName) -> ProcessorReport:
        """Does the work of a processor as a stage of the job; what stops it is kept in `failures`."""
        works: dict[ProcessorName, Work] = {
            "tags": partial(self._process, Processor(MODELS, self._records.tags_of_model)),
            "versions": partial(self._process, Processor(VERSIONS, self._records.changes_of_version)),
            "cleanup": self._clean_up,
        }
        started, records, note = time.monotonic(), Records(), ""
        try:
            with current_job().stage(name):
                try:
                    async with asyncio.timeout(self._processor_seconds) as limit:
                        await works[name](records)
                except TimeoutError:
                    if not limit.expired():
                        raise
                    minutes = self._processor_seconds / 60
                    note = f"Parou depois de {minutes:g} minutos; os demais registros ficam para o próximo ciclo."
        except ContrapontoError as error:
            if error.code == "cancelled":
                raise
            get_run_logger().error("The processor %s has stopped: %s", name, error)
            self.failures.append(error)
            note = reason(error)
        return ProcessorReport.of(name, records, time.monotonic() - started, note)

    async def _process(self, processor: Processor, records: Records) -> None:
        process = simulate_waiting if self._dry_run else process_waiting
        await process(
            self._store,
            processor,
            record_seconds=self._record_seconds,
            most=self._max_records,
            done=records.append,
        )

    async def _clean_up(self, records: Records) -> None:
        """Versions that were put back to draft lose their changes."""
        for version in await self._store.find(VERSIONS, {"status": DRAFT}):
            started = time.monotonic()
            changes = [change.id for change in await self._store.find(CHANGES, {"versao": version.id})]
            if not changes:
                continue
            if not self._dry_run:
                await self._store.replace(
                    [
                        Rows(CHANGE_REFERENCES, "modificacao", tuple(changes)),
                        Rows(CHANGES, "versao", (version.id,)),
                    ]
                )
            records.append(
                ProcessedRecord(
                    collection=VERSIONS.name,
                    record=version.id,
                    status="simulated" if self._dry_run else "done",
                    note="1 modificação retirada"
                    if len(changes) == 1
                    else f"{len(changes)} modificações retiradas",
                    seconds=round(time.monotonic() - started, 3),
                )
            )


async def _show(report: CycleReport) -> None:
    rows = [
        {"processor": each.processor, **record.model_dump()}
        for each in report.processors
        for record in each.records
    ]
    if rows:
        await write_table("records", rows, "One line for each record of the cycle")

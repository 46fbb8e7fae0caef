"""Housekeeping: what is old goes away, and on demand everything."""

import asyncio
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.job import job_flow
from tasks.jobs.artifacts import write_table
from tasks.jobs.tracker import current_job
from tasks.maintenance.files import remove_results, remove_scratch, remove_stored
from tasks.maintenance.report import CleanupReport, Removed, summary
from tasks.maintenance.runs import cancel_jobs, refuse_while_jobs_run, remove_runs

Hours = Annotated[float, Field(gt=0, le=876_000)]


class MaintenanceOutcome(BaseModel):
    """What a clean-up adds to its job document."""

    result: CleanupReport


@job_flow(operation="cleanup", stages=("files", "runs"), envelope=None, time_limit=None, summary=summary)
async def cleanup(
    max_age_hours: Hours | None = None, deep: bool = False, dry_run: bool = False
) -> MaintenanceOutcome:
    """Remove old results, scratch files, stored files and ended runs with their artifacts and logs.

    Args:
        max_age_hours: Age of ended runs that are removed; empty for CONTRAPONTO_QUEUE_JOB_TTL.
        deep: Remove stored files and kept results of that age too, whatever the settings say.
        dry_run: Remove nothing, only count.
    """
    settings = get_settings()
    store = media_store(settings)
    age = timedelta(hours=max_age_hours) if max_age_hours else timedelta(seconds=settings.queue_job_ttl)
    days = settings.store_retention_days
    stored = min(
        (limit for limit in (timedelta(days=days) if days else None, age if deep else None) if limit),
        default=None,
    )
    results = timedelta(hours=settings.cache_ttl_hours)
    with current_job().stage("files") as stage:
        removed = [
            await asyncio.to_thread(
                remove_results, store, min(results, age) if deep else results, dry_run=dry_run
            )
        ]
        stage.progress(0.5)
        if stored is not None:
            removed.append(await asyncio.to_thread(remove_stored, store, stored, dry_run=dry_run))
        removed.append(await asyncio.to_thread(remove_scratch, settings.home, dry_run=dry_run))
    with current_job().stage("runs"):
        removed += await remove_runs(age, undelivered=False, dry_run=dry_run)
    return await _reported(removed, dry_run=dry_run)


@job_flow(
    operation="factory-reset", stages=("files", "runs"), envelope=None, time_limit=None, summary=summary
)
async def factory_reset(
    confirmation: Literal["remove everything"],  # noqa: ARG001 - typing it is the confirmation
    force: bool = False,
) -> MaintenanceOutcome:
    """Remove every stored file and every ended run, undelivered webhook messages too. Models and settings stay.

    Args:
        confirmation: Type: remove everything
        force: Cancel the jobs that wait or run, and wait for their end, first.
    """
    this = UUID(current_job().document.job_id)
    if force:
        await cancel_jobs(but=this)
    else:
        await refuse_while_jobs_run(but=this)
    settings = get_settings()
    at_once = timedelta(0)
    with current_job().stage("files"):
        store = media_store(settings)
        removed = [
            await asyncio.to_thread(remove_stored, store, at_once, dry_run=False),
            await asyncio.to_thread(remove_scratch, settings.home, dry_run=False),
        ]
    with current_job().stage("runs"):
        removed += await remove_runs(at_once, undelivered=True, dry_run=False)
    return await _reported(removed, dry_run=False)


async def _reported(removed: list[Removed], *, dry_run: bool) -> MaintenanceOutcome:
    rows = [entry.model_dump() for entry in removed]
    await write_table("removed", rows, "What would be removed" if dry_run else "What was removed")
    return MaintenanceOutcome(result=CleanupReport(dry_run=dry_run, removed=tuple(removed)))

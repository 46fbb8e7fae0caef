"""`jobs`, `logs`, `cancel`, `retry`, `stats`: what a server holds, and what can be done with it."""

import re
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from deployments.cli.output import print_json, say
from deployments.cli.up import JsonOption
from tasks.errors import InvalidInputError
from tasks.jobs.status import JobStatus

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LEVELS = ((40, "ERROR"), (30, "WARNING"), (20, "INFO"), (0, "DEBUG"))
_MOST = 10_000

JobsArgument = Annotated[list[UUID], typer.Argument(help="Ids that `submit` or `jobs` printed.")]


def jobs(
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs with this status.")] = None,
    operation: Annotated[
        str | None, typer.Option(help="Only this deployment, such as transcribe; else all that callers use.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Leave out jobs that ended longer ago than 90s, 30m, 12h, 7d, 2w."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="At most so many.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the newest jobs of the server.

    contraponto jobs --status failed --since 24h
    """
    from deployments.client.connection import connected
    from deployments.client.overview import list_jobs

    age = _age(since) if since else None
    with connected() as client:
        found = list_jobs(client, _operations(operation), status=status, since=age, limit=limit)
    if as_json:
        print_json(f"[{','.join(line.model_dump_json() for line in found)}]")
        return
    for line in found:
        created = f"{line.created_at.astimezone():%Y-%m-%d %H:%M}" if line.created_at else " " * 16
        reason = f"  {line.error.splitlines()[0]}" if line.error else ""
        typer.echo(f"{line.job_id}  {created}  {line.operation:<18} {line.status:<10}{reason}")
    if not found:
        say("No such jobs.")


def logs(
    job_id: Annotated[UUID, typer.Argument(help="What `submit` printed.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the log of a job; with --json one object a line.

    contraponto logs JOB_ID --follow
    """
    from deployments.client.connection import connected
    from deployments.client.logs import job_log

    try:
        with connected() as client:
            for line in job_log(client, job_id, follow=follow):
                if as_json:
                    print_json(line.model_dump_json())
                    continue
                level = next(name for least, name in _LEVELS if line.level >= least)
                typer.echo(f"{line.time.astimezone():%H:%M:%S} {level:<7} {line.message}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def cancel(job_ids: JobsArgument, as_json: JsonOption = False) -> None:
    """Cancel jobs, queued or running. One that has ended stays as it is.

    contraponto cancel JOB_ID
    """
    import json

    from deployments.client.cancel import cancel_job
    from deployments.client.connection import connected

    with connected() as client:
        cancelled = {str(job_id): cancel_job(client, job_id) for job_id in job_ids}
    if as_json:
        print_json(json.dumps({"cancelled": cancelled}))
        return
    for job_id, done in cancelled.items():
        say(f"{job_id}: {'is being cancelled' if done else 'had ended already'}")


def retry(job_ids: JobsArgument, as_json: JsonOption = False) -> None:
    """Submit ended jobs anew with their parameters; finished stages come from the cache. Prints the new ids.

    contraponto retry JOB_ID
    """
    import json

    from deployments.client.connection import connected
    from deployments.client.submit import retry_job

    with connected() as client:
        # One after the other, so that those before a wrong id are told.
        anew = {}
        for job_id in job_ids:
            anew[str(job_id)] = str(retry_job(client, job_id))
            if not as_json:
                typer.echo(anew[str(job_id)])
    if as_json:
        print_json(json.dumps({"jobs": anew}))


def stats(as_json: JsonOption = False) -> None:
    """Count the jobs of each operation and what waits and runs in each queue.

    contraponto stats --json
    """
    from deployments.client.connection import connected
    from deployments.client.overview import statistics

    with connected() as client:
        numbers = statistics(client, _operations(None))
    if as_json:
        print_json(numbers.model_dump_json())
        return
    for operation in numbers.operations:
        counts = ", ".join(f"{count} {status}" for status, count in operation.jobs.items()) or "no jobs"
        if operation.seconds_p50 is not None:
            counts += f"; seconds in the last day: p50 {operation.seconds_p50}, p95 {operation.seconds_p95}"
        typer.echo(f"{operation.operation:<18} {counts}")
    for queue in numbers.queues:
        name = f"{queue.pool}/{queue.queue}"
        typer.echo(f"{name:<18} {queue.queued} queued, {queue.running} running")


def _operations(asked: str | None) -> list[str]:
    from deployments.client.parameters import choose
    from deployments.processes.environment import PROJECT
    from deployments.server.flow_catalogue import listed_flows

    flows = listed_flows(PROJECT)
    if asked is not None:
        return [choose(asked, flows, what="operation")]
    return [name for name, listed in flows.items() if not listed.serves_jobs]


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([smhdw])", text)
    if found is None:
        raise InvalidInputError(
            f'"{text}" is no age.', hint="Write a number and s, m, h, d or w: 30m, 12h, 7d."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})

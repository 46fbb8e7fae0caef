"""`jobs`: the newest jobs of the server."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, say
from tasks.errors import InvalidInputError
from tasks.foreign_text import one_line
from tasks.jobs.status import JobStatus

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST = 10_000


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
        reason = one_line((line.error or "").strip().partition("\n")[0])
        typer.echo(f"{line.job_id}  {created}  {line.operation:<18} {line.status:<10}  {reason}".rstrip())
    if not found:
        say("No such jobs.")


def _operations(asked: str | None) -> list[str]:
    from deployments.client.parameters import choose
    from deployments.processes.environment import PROJECT
    from deployments.server.flow_catalogue import listed_flows

    flows = listed_flows(PROJECT)
    if asked is not None:
        return [flows[choose(asked, flows, what="operation")].operation]
    return [listed.operation for listed in flows.values() if not listed.serves_jobs]


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([smhdw])", text)
    if found is None:
        raise InvalidInputError(
            f'"{text}" is no age.', hint="Write a number and s, m, h, d or w: 30m, 12h, 7d."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})

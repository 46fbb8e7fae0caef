"""`sizing`: how many machines so many jobs a day need."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, say
from tasks.errors import InvalidInputError

if TYPE_CHECKING:
    from tasks.sizing.answer import Answer
    from tasks.sizing.history import RecordedJob
    from tasks.sizing.source import Source

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MINUTE, _HOUR = 60, 3600
_MOST_MINUTES, _MOST_SECONDS, _MOST_COST = 10_080.0, 86_400.0, 1e9


def sizing(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Jobs of your own: a CSV file of recorded ones, or a YAML file that describes some."
        ),
    ] = None,
    pool: Annotated[str, typer.Option(help="Without FILE: the pool whose recorded jobs are taken.")] = "gpu",
    since: Annotated[str, typer.Option(metavar="AGE", help="Those that ended within 12h, 14d, 4w.")] = "14d",
    machine_class: Annotated[
        str | None, typer.Option(help="No recorded jobs but figures from the manual: 2-cores.")
    ] = None,
    jobs_per_day: Annotated[
        float | None, typer.Option(help="So many instead of those that were recorded.")
    ] = None,
    peak: Annotated[
        float | None,
        typer.Option(help="The busiest hour has so many times what the mean hour has; 1: all alike."),
    ] = None,
    wait: Annotated[
        str, typer.Option(metavar="TIME", help="19 of 20 jobs are to begin within 90s, 5m, 2h.")
    ] = "5m",
    queue: Annotated[
        str | None, typer.Option(help="Only jobs of this queue are to: high, default or low.")
    ] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Jobs at once on one machine.", show_default="as here")
    ] = None,
    start_seconds: Annotated[
        float | None,
        typer.Option(min=0, help="From a free slot to the begin of a job.", show_default="as recorded"),
    ] = None,
    media_minutes: Annotated[
        float | None, typer.Option(help="As if media had this mean length, in minutes.")
    ] = None,
    cost_per_machine: Annotated[
        float | None, typer.Option(min=0, help="What one machine costs a month.")
    ] = None,
    most_machines: Annotated[int, typer.Option(min=1, max=1000, help="Try no more than so many.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Other random days.")] = 1,
    save: Annotated[Path | None, typer.Option(help="Also write the recorded jobs to this CSV file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find how many machines so many jobs a day need, by simulating days of jobs and the queue before the machines.

    contraponto sizing --jobs-per-day 2000 --wait 5m
    """
    from tasks.sizing.answer import Question, answer
    from tasks.sizing.arrivals import FLAT, with_peak
    from tasks.sizing.history import QUEUES

    longest_wait = _time(wait, "--wait")
    if queue is not None and queue not in QUEUES:
        raise InvalidInputError(f'There is no queue "{queue}".', hint=f"They are: {', '.join(QUEUES)}.")
    for name, value in (("--jobs-per-day", jobs_per_day), ("--media-minutes", media_minutes)):
        if value is not None and not value > 0:
            raise InvalidInputError(f"{name} is {value:g}, and has to be above 0.")
    for name, value, most in (
        ("--media-minutes", media_minutes, _MOST_MINUTES),
        ("--start-seconds", start_seconds, _MOST_SECONDS),
        ("--cost-per-machine", cost_per_machine, _MOST_COST),
    ):
        if value is not None and value > most:
            raise InvalidInputError(f"{name} is {value:g}, and may be {most:g} at most.")
    source = _source(file, pool, since, machine_class, media_minutes, save)
    rate = jobs_per_day or source.jobs_per_day
    if rate is None:
        raise InvalidInputError("How many jobs come in a day is not known.", hint="Give --jobs-per-day.")
    shape = source.hours or FLAT
    found = answer(
        Question(
            kinds=source.kinds,
            hours=shape if peak is None else with_peak(shape, peak),
            jobs_per_day=rate,
            slots=slots or source.slots or 1,
            start_seconds=source.start_seconds if start_seconds is None else start_seconds,
            wait=longest_wait,
            queue=queue,
            most_machines=most_machines,
            cost_per_machine=cost_per_machine,
            seed=seed,
            basis=source.basis,
        )
    )
    if as_json:
        print_json(found.model_dump_json())
    else:
        _show(found, source, wait, queue)
    if found.machines is None:
        raise typer.Exit(1)


def _source(
    file: Path | None,
    pool: str,
    since: str,
    machine_class: str | None,
    media_minutes: float | None,
    save: Path | None,
) -> "Source":
    from tasks.sizing.source import from_class, from_file, from_jobs

    if file is not None and machine_class is not None:
        raise InvalidInputError("FILE and --machine-class are two answers to one question.", hint="Give one.")
    if machine_class is not None:
        return from_class(machine_class, media_minutes)
    if file is not None:
        return from_file(file, media_minutes)
    from blocks.settings import get_settings
    from deployments.client.connection import connected
    from deployments.client.history import pool_slots, read_history
    from deployments.server.pools import POOL_NAMES, pools

    if pool not in POOL_NAMES:
        raise InvalidInputError(f'There is no pool "{pool}".', hint=f"They are: {', '.join(POOL_NAMES)}.")
    age = timedelta(seconds=_time(since, "--since"))
    with connected() as client:
        jobs = read_history(client, pool, age, lengths=media_minutes is not None or save is not None)
        limit = pool_slots(client, pool)
    if not jobs:
        raise InvalidInputError(
            f"No job of the pool {pool} has ended within {since}, so there is nothing to go by.",
            hint="Take an earlier --since, a file of jobs (docs/sizing.md), or figures of the manual: "
            "--machine-class 2-cores --jobs-per-day 500.",
        )
    if save is not None:
        _save(jobs, save)
    here = {known.name: known.worker_limit for known in pools(get_settings().queue_max_workers)}
    return from_jobs(
        jobs,
        f"recorded here, pool {pool}",
        media_minutes,
        slots=here[pool],
        all_slots=limit,
        period=age.total_seconds(),
    )


def _save(jobs: "list[RecordedJob]", save: Path) -> None:
    import io

    from deployments.processes.service import write_atomically
    from tasks.sizing.history import write_jobs

    text = io.StringIO()
    write_jobs(jobs, text)
    try:
        write_atomically(save, text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise InvalidInputError(f"{save} cannot be written: {error.strerror or error}.") from error
    say(f"{len(jobs)} jobs are in {save}.")


def _show(found: "Answer", source: "Source", wait: str, queue: str | None) -> None:
    whose = f" of the queue {queue}" if queue else ""
    costs = any(row.cost_a_month is not None for row in found.rows)
    say(f"Jobs: {source.basis}.")
    say(
        f"{found.jobs_per_day:g} a day, {_seconds(found.service_mean)} each and {found.start_seconds:.1f} s to start; "
        f"{found.simulated_jobs} jobs in {found.simulated_days} simulated days."
    )
    head = f"{'machines':>8} {'slots':>6} {'used':>6} {'wait p50':>9} {'p95':>9} {'max':>9} {'midnight':>9}"
    typer.echo(head + (f" {'a month':>11}" if costs else ""))
    for row in found.rows:
        line = (
            f"{row.machines:>8} {row.slots:>6} {row.utilisation:>6.0%} {_seconds(row.wait.p50):>9} "
            f"{_seconds(row.wait.p95):>9} {_seconds(row.wait.max):>9} {row.waiting_at_midnight:>9}"
        )
        line += f" {row.cost_a_month:>11.2f}" if row.cost_a_month is not None else ""
        typer.echo(line + ("  <- enough" if row.machines == found.machines else ""))
    chosen = next((row for row in found.rows if row.machines == found.machines), found.rows[-1])
    if len(chosen.queues) > 1:
        waits = ", ".join(f"{name} {_seconds(each.p95)}" for name, each in chosen.queues.items())
        typer.echo(f"With {chosen.machines}, wait p95 by queue: {waits}")
    if found.machines is None:
        more = f" It takes {found.least_machines} or more." if found.least_machines > chosen.machines else ""
        typer.echo(f"Up to {found.rows[-1].machines} machines are not enough for {wait}{whose}.{more}")
        return
    count = f"{found.machines} machine{'' if found.machines == 1 else 's'}"
    typer.echo(f"{count}: 19 of 20 jobs{whose} begin within {wait}.")


def _time(text: str, option: str) -> float:
    found = re.fullmatch(r"(\d{1,5})([smhdw])", text)
    if found is None:
        raise InvalidInputError(f'{option}: "{text}" is no time.', hint="Write a number and s, m, h, d or w.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])}).total_seconds()


def _seconds(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / _MINUTE:.1f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} h"

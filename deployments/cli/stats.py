"""`stats`: how many jobs there are, and where they wait."""

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json


def stats(as_json: JsonOption = False) -> None:
    """Count the jobs of each operation and what waits and runs in each queue.

    contraponto stats --json
    """
    from deployments.client.connection import connected
    from deployments.client.overview import statistics
    from deployments.processes.environment import PROJECT
    from deployments.server.flow_catalogue import listed_flows

    with connected() as client:
        numbers = statistics(
            client, [listed.operation for listed in listed_flows(PROJECT).values() if not listed.serves_jobs]
        )
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

"""`metrics`: numbers for Prometheus."""

from typing import Annotated

import typer

from deployments.cli.output import say


def metrics(
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Serve them at this port until Ctrl-C.")
    ] = None,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Print numbers about jobs, queues and workers in Prometheus' text format, or serve them.

    contraponto metrics --port 9464

    With CONTRAPONTO_METRICS_PORT `contraponto up` serves them. A dashboard for Grafana comes with the project:
    deployments/grafana/contraponto.json.
    """
    from blocks.settings import get_settings
    from deployments.checks.messages import read_backlogs
    from deployments.checks.metrics import as_text, registry, serve
    from deployments.client.bus import with_bus
    from deployments.client.connection import connected, find_api
    from deployments.embedded.listener import wanted as listener_wanted
    from deployments.embedded.model_host import wanted
    from deployments.processes.environment import PROJECT
    from deployments.processes.pulse import LISTENERS
    from deployments.processes.service import ServiceError
    from deployments.server.flow_catalogue import listed_flows
    from tasks.inference.sockets import host_socket

    settings = get_settings()
    host = host_socket(settings.model_host, settings.home.resolve()) if wanted(settings) else None
    heard = listener_wanted(settings)
    numbers = registry(
        connected,
        [listed.operation for listed in listed_flows(PROJECT).values()],
        host,
        backlogs=(lambda: with_bus(read_backlogs)) if heard else None,
        listeners=settings.home.resolve() / LISTENERS if heard else None,
        home=settings.home.resolve(),
    )
    url = find_api().url
    if port is None:
        typer.echo(as_text(numbers), nl=False)
        return
    say(f"http://{address}:{port}/metrics has the numbers of {url}; Ctrl-C stops it.")
    try:
        serve(numbers, address=address, port=port, names=settings.server_names)
    except OSError as error:
        raise ServiceError(
            f"Numbers cannot be served at {address}:{port}: {error.strerror or error}.",
            hint="Choose another with --port.",
        ) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None

"""`run`: one job in this process."""

from typing import Annotated

import typer

from deployments.cli.options import FileOption, JsonOption, ParameterOption
from deployments.cli.output import console, finish, say


def run(
    flow: Annotated[str, typer.Argument(help="A flow of prefect.yaml, such as transcribe.")],
    param: ParameterOption = None,
    params: FileOption = None,
    as_json: JsonOption = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log of the job.")] = False,
) -> None:
    """Run one job here and now, without server or workers, and print its job document.

    contraponto run transcribe -p youtube_url=https://example.org/talk.mp3 -p language=pt --json

    Exit code 0 if the job completed, 1 if it failed, 2 for a wrong flow or parameter, 130 after Ctrl-C.
    """
    from deployments.client.parameters import choose, parse_parameters
    from deployments.processes.environment import PROJECT
    from deployments.server.flow_catalogue import listed_flows

    flows = listed_flows(PROJECT)
    listed = flows[choose(flow, flows, what="flow")]
    parameters = parse_parameters(param or [], params)
    # Before all that takes a while, imports among it.
    say(f"Starting {listed.name}.")
    from blocks.settings import get_settings
    from deployments.cli.stage_display import stage_display
    from deployments.local.run import run_here
    from deployments.local.run_log import run_log
    from deployments.processes.private import keep_private

    settings = get_settings()
    keep_private(settings.home, store_is_shown=settings.store_is_shown)
    try:
        # With a log between them there are lines instead of bars.
        with stage_display(console, lines=verbose) as display:
            document = run_here(
                listed,
                parameters,
                home=settings.home,
                show=display.show,
                say=say,
                verbose=verbose,
                begin=display.begin,
            )
    except KeyboardInterrupt:
        say("Interrupted. Finished stages are kept: the same command goes on from there.")
        raise typer.Exit(130) from None
    if document.status != "completed" and not verbose:
        say(f"The log of the job: {run_log(settings.home)}")
    finish(document, as_json=as_json)

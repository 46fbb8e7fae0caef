"""`alerts`: whom alerts reach, and whether they do."""

import json
from typing import Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, say


def alerts(
    test: Annotated[
        bool, typer.Option("--test", help="Send one message to each, and say what came of it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say whom CONTRAPONTO_ALERTS_TO names; with --test send each a message.

    Exit code 1 if nobody is named, or somebody could not be reached.
    """
    import asyncio
    import platform

    from blocks.alerts import Outcome, send, targets
    from blocks.settings import get_settings

    settings = get_settings()
    named = [Outcome(target.shown, None) for target in targets(settings)]
    if test and named:
        subject = "Contraponto: this is a test"
        body = f"Somebody on {platform.node()} has asked whether alerts arrive here. They do."
        named = asyncio.run(send(settings, subject, body))
    if as_json:
        print_json(json.dumps([{"address": each.address, "error": each.error} for each in named]))
    for each in named:
        say(f"{each.address}: {each.error or ('taken' if test else 'set')}")
    if not named:
        say("Nobody: CONTRAPONTO_ALERTS_TO is empty.")
    if not named or any(each.error for each in named):
        raise typer.Exit(1)

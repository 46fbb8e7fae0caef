"""`replay`: deliver webhook messages again."""

import json
from typing import Annotated
from uuid import UUID

import typer

from deployments.cli.options import EndpointOption, JsonOption, SinceOption
from deployments.cli.output import print_json, say
from deployments.cli.several import Several
from tasks.errors import InvalidInputError


def replay(
    letter_id: Annotated[UUID | None, typer.Argument(help="What `dead-letters` printed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    endpoint: EndpointOption = None,
    since: SinceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver undelivered webhook messages again. Prints the runs that deliver them.

    contraponto replay --endpoint hooks.example.com
    """
    from deployments.client.connection import connected
    from deployments.client.dead_letters import list_dead_letters
    from deployments.client.dead_letters import replay as redeliver

    several = every or endpoint is not None or since is not None
    if (letter_id is not None) == several:
        raise InvalidInputError(
            "Which messages are to be delivered again?", hint="Give one id, or --all, --endpoint or --since."
        )
    one_by_one = Several()
    with connected() as client:
        chosen = (
            [letter_id]
            if letter_id
            else [letter.id for letter in list_dead_letters(client, endpoint=endpoint, since=since)]
        )
        deliveries = {}
        for chosen_id in chosen:
            with one_by_one.each(chosen_id):
                deliveries[str(chosen_id)] = str(redeliver(client, chosen_id))
                if not as_json:
                    typer.echo(deliveries[str(chosen_id)])
    if as_json:
        print_json(json.dumps({"deliveries": deliveries}))
    say(f"{len(deliveries)} are being delivered again.")
    one_by_one.finish()

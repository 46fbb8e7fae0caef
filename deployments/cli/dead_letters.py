"""`dead-letters` and `replay`: webhook messages that were not delivered."""

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from deployments.cli.output import print_json, say
from deployments.cli.up import JsonOption
from tasks.errors import InvalidInputError

EndpointOption = Annotated[
    str | None, typer.Option(help="Only of this receiver: its host, or host:port.", metavar="HOST")
]
SinceOption = Annotated[
    datetime | None, typer.Option(help="Only those that failed after this local time, 2026-01-31T08:00:00.")
]

app = typer.Typer(help="Webhook messages that were not delivered.", invoke_without_command=True)


@app.callback()
def dead_letters(
    context: typer.Context,
    endpoint: EndpointOption = None,
    since: SinceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List webhook messages that were not delivered, the newest first.

    contraponto dead-letters --endpoint hooks.example.com
    """
    if context.invoked_subcommand:
        return
    from pydantic import TypeAdapter

    from deployments.client.connection import connected
    from deployments.client.dead_letters import DeadLetter, list_dead_letters

    with connected() as client:
        letters = list_dead_letters(client, endpoint=endpoint, since=_absolute(since))
    if as_json:
        print_json(TypeAdapter(list[DeadLetter]).dump_json(letters, by_alias=True).decode())
        return
    for letter in letters:
        ended = f"{letter.ended_at:%Y-%m-%d %H:%M}" if letter.ended_at else ""
        typer.echo(f"{letter.id}  {ended}  {letter.url}  {letter.reason}")
    say(f"{len(letters)} undelivered." + (" Send one anew: contraponto replay ID" if letters else ""))


@app.command()
def show(letter_id: Annotated[UUID, typer.Argument(help="What `dead-letters` printed.")]) -> None:
    """Print one of them with its message, as JSON."""
    from deployments.client.connection import connected
    from deployments.client.dead_letters import read_dead_letter

    with connected() as client:
        print_json(read_dead_letter(client, letter_id).model_dump_json(indent=2, by_alias=True))


def replay(
    letter_id: Annotated[UUID | None, typer.Argument(help="What `dead-letters` printed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    endpoint: EndpointOption = None,
    since: SinceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send undelivered webhook messages anew. Prints the runs that deliver them.

    contraponto replay --endpoint hooks.example.com
    """
    from deployments.client.connection import connected
    from deployments.client.dead_letters import list_dead_letters
    from deployments.client.dead_letters import replay as send_anew

    several = every or endpoint is not None or since is not None
    if (letter_id is not None) == several:
        raise InvalidInputError(
            "Which messages are to be sent anew?", hint="Give one id, or --all, --endpoint or --since."
        )
    with connected() as client:
        chosen = (
            [letter_id]
            if letter_id
            else [
                letter.id for letter in list_dead_letters(client, endpoint=endpoint, since=_absolute(since))
            ]
        )
        # One after the other, so that those before a wrong id are told.
        anew = {}
        for chosen_id in chosen:
            anew[str(chosen_id)] = str(send_anew(client, chosen_id))
            if not as_json:
                typer.echo(anew[str(chosen_id)])
    if as_json:
        print_json(json.dumps({"deliveries": anew}))
    say(f"{len(chosen)} sent anew.")


def _absolute(moment: datetime | None) -> datetime | None:
    return moment.astimezone() if moment else None

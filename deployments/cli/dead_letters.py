"""`dead-letters`: webhook messages that were not delivered."""

from typing import Annotated
from uuid import UUID

import typer

from deployments.cli.options import EndpointOption, JsonOption, SinceOption, refuse_before_subcommand
from deployments.cli.output import print_json, say
from tasks.foreign_text import one_line

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
        refuse_before_subcommand(context)
        return
    from pydantic import TypeAdapter

    from deployments.client.connection import connected
    from deployments.client.dead_letters import DeadLetter, list_dead_letters

    with connected() as client:
        letters = list_dead_letters(client, endpoint=endpoint, since=since)
    if as_json:
        print_json(TypeAdapter(list[DeadLetter]).dump_json(letters, by_alias=True).decode())
        return
    for letter in letters:
        ended = f"{letter.ended_at:%Y-%m-%d %H:%M}" if letter.ended_at else ""
        typer.echo(f"{letter.id}  {ended}  {one_line(letter.url)}  {one_line(letter.reason)}")
    say(f"{len(letters)} undelivered." + (" Deliver one again: contraponto replay ID" if letters else ""))


@app.command()
def show(letter_id: Annotated[UUID, typer.Argument(help="What `dead-letters` printed.")]) -> None:
    """Print one of them with its message, as JSON."""
    from deployments.client.connection import connected
    from deployments.client.dead_letters import read_dead_letter

    with connected() as client:
        print_json(read_dead_letter(client, letter_id).model_dump_json(indent=2, by_alias=True))

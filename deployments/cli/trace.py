"""`trace`: the whole story of a correlation id."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, results, say
from tasks.errors import ContrapontoError, SourceNotFoundError
from tasks.foreign_text import printable

if TYPE_CHECKING:
    from blocks.message_bus import DeadLetter, Entry, MessageBus
    from deployments.client.trace import Trace, TraceEvent

_MOST_LETTERS = 100_000
"""Dead letters are kept in the order of time, whichever conversation they are of."""
_COLOURS = {
    "completed": "green",
    "concluida": "green",
    "delivered": "green",
    "failed": "red",
    "crashed": "red",
    "timedout": "red",
    "erro": "red",
    "error": "red",
    "warning": "yellow",
    "cancelled": "yellow",
}


def trace(
    correlation_id: Annotated[
        str, typer.Argument(help="Of the messages; or an id_roteiro, or the id of a job.")
    ],
    logs: Annotated[bool, typer.Option("--logs", help="With the lines of the log.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell the whole story of a conversation or a job: messages, runs, stages, deliveries and dead letters in order.

    contraponto trace pedido-42 --logs
    """
    from deployments.client.bus import with_bus
    from deployments.client.connection import connected
    from deployments.client.trace import trace as find_trace
    from deployments.processes.service import ServiceError

    async def ask(bus: "MessageBus") -> "tuple[list[Entry], list[DeadLetter]]":
        return await bus.story(correlation_id), await bus.dead_letters(most=_MOST_LETTERS)

    missing = []
    story: list[Entry] = []
    letters: list[DeadLetter] = []
    try:
        story, letters = with_bus(ask)
    except ContrapontoError as error:
        # What the server knows is told all the same.
        missing.append(str(error))
    try:
        with connected() as client:
            found = find_trace(client, correlation_id, story, letters, logs=logs, missing=missing)
    except ServiceError as error:
        # Nor is what the bus knows kept back.
        try:
            found = find_trace(None, correlation_id, story, letters, missing=[*missing, str(error)])
        except SourceNotFoundError:
            raise error from None
    if as_json:
        print_json(found.model_dump_json())
        return
    _show(found)


def _show(found: "Trace") -> None:
    for line in found.missing:
        say(f"Not told here: {line}")
    names = max((len(event.subject) for event in found.events), default=0)
    for event in found.events:
        _show_event(event, (event.at - found.began_at).total_seconds(), min(names, 40))
    seconds = (found.ended_at - found.began_at).total_seconds()
    runs = ", ".join(f"{run.operation} {run.status}" for run in found.runs) or "no runs"
    say(f"{found.began_at.astimezone():%Y-%m-%d %H:%M:%S}, {seconds:.1f} s: {runs}")


def _show_event(event: "TraceEvent", seconds: float, names: int) -> None:
    """One line; in colours where it is a terminal."""
    results.print(f"{seconds:>+10.3f}  ", style="dim", end="")
    results.print(f"{event.kind:<11}  {printable(event.subject):<{names}}  ", markup=False, end="")
    style = _COLOURS.get(event.what.split()[0], "bold" if event.kind == "message" else "")
    results.print(f"{printable(event.what):<20}", markup=False, style=style, end="")
    took = f"  {event.seconds:g} s" if event.seconds is not None else ""
    results.print(f"{took}  {printable(event.detail)}".rstrip(), markup=False)

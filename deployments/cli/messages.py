"""`messages`: what waits on the message bus, and what could not be handled."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.options import JsonOption, refuse_before_subcommand
from deployments.cli.output import print_json, say
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.foreign_text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from blocks.message_bus import Backlog, DeadLetter, MessageBus

app = typer.Typer(help="What waits on the message bus, and its dead letters.", invoke_without_command=True)

StreamOption = Annotated[str | None, typer.Option(metavar="STREAM", help="Only of this stream.")]
LettersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="What `messages dead-letters` printed.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All of them; with --stream all of that stream.")]


@app.callback()
def messages(context: typer.Context, stream: StreamOption = None, as_json: JsonOption = False) -> None:
    """List the streams of the message bus: what waits, what is being handled, what could not be.

    contraponto messages --stream escavador_youtube
    """
    if context.invoked_subcommand:
        refuse_before_subcommand(context)
        return
    from pydantic import TypeAdapter

    from blocks.message_bus import Backlog
    from deployments.client.bus import with_bus

    async def ask(bus: "MessageBus") -> "list[Backlog]":
        names = [stream] if stream else await bus.streams()
        return [backlog for name in names for backlog in await bus.backlog(name)]

    found = with_bus(ask)
    if as_json:
        print_json(TypeAdapter(list[Backlog]).dump_json(found).decode())
        return
    for line in found:
        typer.echo(_line(line))
    dead = sum(line.dead for line in found)
    say(f"{len(found)} streams." if found else "No messages wait, and nobody reads a stream.")
    if dead:
        say(f"{dead} could not be handled. See them: contraponto messages dead-letters")


def _line(line: "Backlog") -> str:
    oldest = f", the oldest for {line.oldest_seconds:.0f} s" if line.oldest_seconds is not None else ""
    readers = f"read by {line.consumers} of {line.group}" if line.group else "read by nobody"
    return (
        f"{one_line(line.stream):<28} {line.waiting} waiting, {line.pending} being handled, {line.dead} dead"
        f"{oldest}; {readers}"
    )


@app.command("dead-letters")
def dead_letters(stream: StreamOption = None, as_json: JsonOption = False) -> None:
    """List messages that could not be handled, the newest first.

    contraponto messages dead-letters --stream escavador_youtube
    """
    from pydantic import TypeAdapter

    from deployments.client.bus import with_bus

    letters = with_bus(lambda bus: bus.dead_letters(stream))
    if as_json:
        shown = [{**vars(letter), "raw": letter.raw.decode("utf-8", "replace")} for letter in letters]
        print_json(TypeAdapter(list[dict[str, object]]).dump_json(shown).decode())
        return
    for letter in letters:
        when = f"{letter.at.astimezone():%Y-%m-%d %H:%M}"
        typer.echo(
            f"{letter.id}  {when}  {one_line(letter.stream)}  {one_line(letter.correlation_id or '-')}  "
            f"{one_line(letter.reason)}"
        )
    say(
        f"{len(letters)} dead letters." + (" Put one back: contraponto messages replay ID" if letters else "")
    )


@app.command()
def replay(
    letter_ids: LettersArgument = None,
    every: AllOption = False,
    stream: StreamOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put dead letters back on their streams, to be handled again.

    contraponto messages replay --stream escavador_youtube --all
    """
    _do(
        letter_ids,
        stream,
        lambda bus, letters: bus.replay(letters),
        every=every,
        as_json=as_json,
        done="put back",
    )


@app.command()
def discard(
    letter_ids: LettersArgument = None,
    every: AllOption = False,
    stream: StreamOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove dead letters that nobody will handle.

    contraponto messages discard --stream escavador_youtube --all
    """
    _do(
        letter_ids,
        stream,
        lambda bus, letters: bus.discard(letters),
        every=every,
        as_json=as_json,
        done="removed",
    )


def _do(
    ids: list[str] | None,
    stream: str | None,
    act: "Callable[[MessageBus, Sequence[DeadLetter]], Awaitable[int]]",
    *,
    every: bool,
    as_json: bool,
    done: str,
) -> None:
    if bool(ids) == every:
        raise InvalidInputError(
            "Which dead letters are meant?",
            hint="Give ids that `contraponto messages dead-letters` printed, or --all.",
        )
    from deployments.client.bus import with_bus

    async def work(bus: "MessageBus") -> tuple[int, list[str]]:
        letters = await bus.dead_letters(stream, most=_MOST)
        chosen = [letter for letter in letters if every or letter.id in (ids or ())]
        unknown = sorted({*(ids or ())} - {letter.id for letter in chosen})
        return await act(bus, chosen) if chosen else 0, unknown

    count, unknown = with_bus(work)
    if as_json:
        print_json(f'{{"count": {count}}}')
    say(f"{count} {done}.")
    if unknown:
        raise SourceNotFoundError(
            f"There is no dead letter {', '.join(unknown)}.",
            hint="`contraponto messages dead-letters` lists them.",
        )


_MOST = 100_000

"""What all commands print alike: results on stdout, everything else on stderr."""

import sys

import typer
from rich.console import Console

from tasks.errors import ContrapontoError

console = Console(stderr=True, highlight=False, soft_wrap=True)
"""Progress, hints and errors. Without a terminal it writes plain lines."""


def say(line: str) -> None:
    """One line about what is going on."""
    console.print(line, markup=False)


def show_error(error: ContrapontoError) -> None:
    """The error and, below it, what to do about it."""
    console.print("Error: ", style="bold red", end="")
    say(error.message)
    if error.hint:
        say(error.hint)


def print_json(text: str) -> None:
    """A JSON document as the only thing on stdout."""
    typer.echo(text)
    sys.stdout.flush()

"""The command `contraponto`: each of its commands is the module of that name in this package."""

import gc
import sys
from importlib import import_module

import typer

from deployments.cli.output import print_whatever_it_is, show_error
from tasks.errors import ContrapontoError, InvalidInputError, InvalidSettingError

_COLLECT_AT = 50_000
"""New objects at which Python's collector looks for garbage."""

COMMANDS = (
    "run",
    "up",
    "down",
    "worker",
    "deploy",
    "submit",
    "status",
    "jobs",
    "logs",
    "trace",
    "cancel",
    "retry",
    "pipelines",
    "stats",
    "sizing",
    "metrics",
    "alerts",
    "backup",
    "restore",
    "cleanup",
    "factory-reset",
    "models",
    "dead-letters",
    "replay",
    "messages",
    "doctor",
    "health",
)
"""In the order of the help.

The module of a command has a function of the command's name, or `app` if the command has commands of its own.
"""


def _command_line() -> typer.Typer:
    """The application with all of its commands."""
    made = typer.Typer(
        name="contraponto",
        help=(
            "Transcribe recordings, on this machine or on many.\n\n"
            "One recording, nothing running: contraponto run transcribe -p youtube_url=URL\n\n"
            "With queues and a web page: contraponto up, then contraponto submit transcribe -p youtube_url=URL"
        ),
        epilog=(
            "Exit codes: 0 done; 1 it failed, or something is missing, down or damaged; 2 wrong use, or no such job, "
            "deployment, model or message; 130 Ctrl-C.\n\n"
            "Results are printed on stdout, with --json as JSON; everything else on stderr."
        ),
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in COMMANDS:
        identifier = name.replace("-", "_")
        module = import_module(f"deployments.cli.{identifier}")
        if hasattr(module, "app"):
            made.add_typer(module.app, name=name)
        else:
            made.command(name)(getattr(module, identifier))
    return made


app = _command_line()


def main() -> None:
    """Run the command line; `--help` says what its exit codes mean."""
    # By default it looks at every 700 new objects, of which the imports of some commands make half a million.
    gc.set_threshold(_COLLECT_AT)
    print_whatever_it_is()
    try:
        app()
    except (InvalidInputError, InvalidSettingError) as error:
        show_error(error)
        sys.exit(2)
    except ContrapontoError as error:
        show_error(error)
        sys.exit(1)
    finally:
        # The interpreter would go over everything once more when it ends.
        gc.freeze()


if __name__ == "__main__":
    main()

"""The command `contraponto`. Each group of commands has its module in `deployments.commands`."""

import sys

import typer

from deployments.cli import (
    cleanup as maintenance,
)
from deployments.cli import (
    dead_letters as webhooks,
)
from deployments.cli import (
    deploy,
    doctor,
    metrics,
    models,
    run,
    worker,
)
from deployments.cli import (
    jobs as queue,
)
from deployments.cli import (
    submit as jobs,
)
from deployments.cli import (
    up as stack,
)
from deployments.cli.output import show_error
from tasks.errors import ContrapontoError, InvalidInputError, InvalidSettingError

app = typer.Typer(
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
app.command("run")(run.run)
app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("worker")(worker.worker)
app.command("deploy")(deploy.deploy)
app.command("submit")(jobs.submit)
app.command("status")(jobs.status)
app.command("jobs")(queue.jobs)
app.command("logs")(queue.logs)
app.command("cancel")(queue.cancel)
app.command("retry")(queue.retry)
app.command("stats")(queue.stats)
app.command("metrics")(metrics.metrics)
app.command("cleanup")(maintenance.cleanup)
app.command("factory-reset")(maintenance.factory_reset)
app.add_typer(models.app, name="models")
app.add_typer(webhooks.app, name="dead-letters")
app.command("replay")(webhooks.replay)
app.command("doctor")(doctor.doctor)
app.command("health")(stack.health)


def main() -> None:
    """Run the command line; `--help` tells what its exit codes mean."""
    try:
        app()
    except (InvalidInputError, InvalidSettingError) as error:
        show_error(error)
        sys.exit(2)
    except ContrapontoError as error:
        show_error(error)
        sys.exit(1)


if __name__ == "__main__":
    main()

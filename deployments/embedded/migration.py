"""The tables of Prefect's database: whether the installed Prefect knows them, and how they are brought up to date.

A single process of the server does the latter when it starts. Before several use them it is done here: each of them
would do it when it starts, and two at once break each other.
"""

from importlib.metadata import version

from blocks.settings import Settings
from deployments.embedded.database import address, ask
from deployments.processes.commands import output_of
from deployments.processes.environment import Surroundings, prefect_program
from deployments.processes.service import Service, ServiceError
from deployments.server.prefect_startup import known_migrations

_SECONDS = 600
_VERSIONS = "alembic_version"


def check_version(surroundings: Surroundings, settings: Settings) -> None:
    """Look whether the installed Prefect can use the database; an empty one it can.

    Raises:
        ServiceError: a later Prefect has used it, or it does not answer.
    """
    url = address(surroundings, settings)
    if ask(url, f"SELECT to_regclass('{_VERSIONS}')::text") == (None,):
        return
    revision = ask(url, f"SELECT version_num FROM {_VERSIONS}")  # noqa: S608 - a name of this module's
    known = known_migrations()
    if known and revision and revision[0] not in known:
        raise ServiceError(
            f"A later Prefect than {version('prefect')} has used this database (its migration {revision[0]}).",
            hint="There is no way back: check out the later version of the project and run `make up`, or restore a "
            "backup of before into a new home (docs/operations.md).",
        )


def migrate(service: Service) -> None:
    """Do it in the environment of one of the processes, and return when it is done.

    Raises:
        ServiceError: it could not be done.
    """
    output_of(
        (prefect_program(), "server", "database", "upgrade", "-y"),
        failure="The tables of the database could not be brought up to date",
        seconds=_SECONDS,
        environment=service.environment,
        directory=service.directory,
    )

"""Where Prefect's database is: the embedded PostgreSQL, or the one that the setting `database_url` names."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from blocks.server_addresses import TLS_FILES
from blocks.settings import Settings
from deployments.embedded import postgres
from deployments.processes.environment import Surroundings
from deployments.processes.service import ServiceError

_DRIVER = "postgresql+asyncpg"
_CONNECT_SECONDS = 15
_ASK_SECONDS = 60


def address(surroundings: Surroundings, settings: Settings) -> str:
    """As PostgreSQL's own programs take it."""
    if settings.database_url is None:
        return postgres.database_url(surroundings).replace(f"{_DRIVER}://", "postgresql://")
    return settings.database_url.get_secret_value()


def server_variables(surroundings: Surroundings, settings: Settings) -> dict[str, str]:
    """By which Prefect's server finds it."""
    parts = urlsplit(address(surroundings, settings))
    query = parse_qsl(parts.query)
    # SQLAlchemy hands on each parameter as one of the driver's, which calls the first of these otherwise and knows the
    # files from the environment alone.
    given = [("ssl" if name == "sslmode" else name, value) for name, value in query if name not in TLS_FILES]
    url = urlunsplit(parts._replace(scheme=_DRIVER, query=urlencode(given, quote_via=quote)))
    files = {f"PG{name.upper()}": value for name, value in query if name in TLS_FILES}
    return {"PREFECT_API_DATABASE_CONNECTION_URL": url, **files}


def ask(url: str, query: str) -> tuple[object, ...]:
    """The first row that a database answers.

    Raises:
        ServiceError: it does not answer, or refuses.
    """
    # asyncpg comes with Prefect.
    import asyncio  # noqa: PLC0415 - only here, as the driver

    import asyncpg  # noqa: PLC0415

    async def fetch() -> tuple[object, ...]:
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, command_timeout=_ASK_SECONDS)
        try:
            row = await connection.fetchrow(query)
        finally:
            await connection.close()
        return () if row is None else tuple(row)

    parts = urlsplit(url)
    try:
        where = f"{parts.hostname}:{parts.port or 5432}" if parts.hostname else "its socket"
        return asyncio.run(fetch())
    except asyncpg.PostgresError as error:
        raise ServiceError(
            f"The database at {where} refuses: {error}", hint="Check CONTRAPONTO_DATABASE_URL."
        ) from error
    except (OSError, TimeoutError, ValueError, asyncpg.InterfaceError) as error:
        said = str(error) or f"nothing within {_CONNECT_SECONDS} s"
        raise ServiceError(
            f"The database at {where} does not answer: {said}",
            hint="Check that it runs and can be reached from here, and CONTRAPONTO_DATABASE_URL.",
        ) from error

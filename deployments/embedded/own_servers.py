"""The database and the Redis that the settings name, asked before anything is started that needs them.

What needs them would try again for minutes and end in many lines of a log.
"""

from blocks.settings import Settings
from deployments.embedded.database import ask
from deployments.processes.service import ServiceError

_LEAST_VERSION = 140_000
_ABOUT = """
SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_user,
       current_database(), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""
_ANSWER_SECONDS = 15


def check(settings: Settings) -> None:
    """Of the embedded ones nothing is asked.

    Raises:
        ServiceError: one cannot be reached or refuses; the database is too old, or its role may make no tables.
    """
    if settings.database_url is not None:
        _check_database(settings.database_url.get_secret_value())
    if settings.redis_url is not None:
        _check_redis(settings.redis_url)


def _check_database(url: str) -> None:
    number, version, role, name, may_create = ask(url, _ABOUT)
    if int(str(number)) < _LEAST_VERSION:
        raise ServiceError(
            f"The database of CONTRAPONTO_DATABASE_URL is a PostgreSQL {version}.",
            hint=f"It must be {_LEAST_VERSION // 10_000} or later.",
        )
    if not may_create:
        raise ServiceError(
            f'The role "{role}" may make no tables in the database "{name}" of CONTRAPONTO_DATABASE_URL.',
            hint=f'Run there as its superuser: ALTER DATABASE "{name}" OWNER TO "{role}"',
        )


def _check_redis(url: str) -> None:
    import redis  # noqa: PLC0415 - only where there is one to ask

    try:
        with redis.Redis.from_url(
            url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS
        ) as client:
            client.ping()
    except (redis.AuthenticationError, redis.ResponseError, ValueError) as error:
        said = str(error).rstrip(".")
        raise ServiceError(
            f"The Redis of CONTRAPONTO_REDIS_URL refuses: {said}.", hint="Check its address and its password."
        ) from error
    except redis.RedisError as error:
        said = str(error).rstrip(".")
        raise ServiceError(
            f"The Redis of CONTRAPONTO_REDIS_URL does not answer: {said}.",
            hint="Check that it runs and can be reached from here, and the address.",
        ) from error

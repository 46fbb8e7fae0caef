"""What a program that starts quickly takes of Prefect that its documentation does not promise.

Temporary servers and whoever imports flows need it; see `deployments.server.prefect_internals`, which has what a server
needs while it answers, for the rules.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from typing_extensions import override

from tasks.prefect_internals import Internal

_UNMADE = "_contraponto_unmade"
_MIGRATIONS = Path("server", "database", "_migrations", "versions", "postgresql")
_REVISION = re.compile(r"""^revision\b[^=\n]*=\s*["'](\w+)["']""", re.MULTILINE)

_SETUP_LOGGING = Internal(
    "prefect.logging.configuration",
    "setup_logging",
    "a temporary server starts more slowly",
    ("incremental",),
)
_LOGGING_SETTINGS = Internal(
    _SETUP_LOGGING.module, "get_current_settings", "a program that uses Prefect starts more slowly", ()
)
_HASH_KEY = Internal(
    "prefect.settings.models.root",
    "Settings.hash_key",
    "a temporary server starts more slowly",
    ("self",),
)

_MAKE_ROUTE = Internal(
    "prefect.server.utilities.server", "PrefectAPIRoute.__init__", "a temporary server starts more slowly"
)
_ROUTERS = Internal(
    "prefect.server.api.server", "API_ROUTERS", "a temporary server answers more slowly at first"
)


def make_one_application() -> None:
    """From now on, Prefect makes an application without reading all of its settings, for a process that makes one.

    It would write out every setting three times: twice to know whether it has made one for these settings already, and
    once to set up its logging by them again. No public way in 3.8.

    Raises:
        PrefectMovedError: something is not where it was.
    """
    _HASH_KEY.replace(lambda self: str(id(self)))
    _SETUP_LOGGING.replace(lambda incremental=None: {"incremental": incremental})


def look_up_settings_of_logging() -> None:
    """From now on, Prefect sets up its logging by the few settings that it names, without writing out all others.

    It writes out two hundred, with their aliases, to fill in three: a tenth of a second for whoever imports flows. To
    be called before `prefect.main` is imported. No public way in 3.8.

    Raises:
        PrefectMovedError: something is not where it was.
    """
    _LOGGING_SETTINGS.replace(_SettingsOfLogging)


def known_migrations() -> frozenset[str]:
    """Revisions that the installed Prefect can bring a PostgreSQL to; empty where it keeps them elsewhere by now.

    Read from the files: Prefect itself takes seconds to import. No public way in 3.8.
    """
    package = find_spec("prefect")
    if package is None or package.origin is None:
        return frozenset()
    files = (Path(package.origin).parent / _MIGRATIONS).glob("*.py")
    return frozenset(
        found.group(1) for file in files if (found := _REVISION.search(file.read_text(encoding="utf-8")))
    )


class _SettingsOfLogging(Mapping[str, str]):
    """Settings by the names of their environment variables, each read when it is asked for."""

    def to_environment_variables(self, **_options: bool) -> Self:
        return self

    @override
    def __getitem__(self, name: str) -> str:
        from prefect import settings  # noqa: PLC0415

        value = getattr(settings, name).value()
        return "" if value is None else str(value)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(())

    @override
    def __len__(self) -> int:
        return 0


def make_routes_when_used() -> None:
    """From now on, Prefect's server makes a route when somebody looks for it.

    FastAPI reads the signature of each when it is declared, and once more when it is looked for under its prefix: a
    tenth of the start are those that a process with one job never asks for. To be called before the server is
    imported. No public way in 3.8.

    Raises:
        PrefectMovedError: something is not where it was.
    """
    make = _MAKE_ROUTE.find()

    def remember(self: Any, *arguments: Any, **options: Any) -> None:
        vars(self)[_UNMADE] = (arguments, options)

    def make_now(self: Any, name: str) -> Any:
        if (unmade := vars(self).pop(_UNMADE, None)) is None:
            raise AttributeError(name)
        arguments, options = unmade
        make(self, *arguments, **options)
        return getattr(self, name)

    _MAKE_ROUTE.replace(remember)
    Internal(_MAKE_ROUTE.module, "PrefectAPIRoute", _MAKE_ROUTE.purpose).find().__getattr__ = make_now


def look_first_at(*prefixes: str) -> None:
    """From now on, Prefect's applications look for the addresses that begin so before all others.

    FastAPI makes what answers the addresses of a router when it first looks into it, and it looks into one after the
    other: what nobody asks for is then never made. No public way in 3.8.

    Raises:
        PrefectMovedError: the list of routers is not where it was.
    """
    _ROUTERS.replace(tuple(sorted(_ROUTERS.find(), key=lambda router: router.prefix not in prefixes)))


INTERNALS = (_SETUP_LOGGING, _LOGGING_SETTINGS, _HASH_KEY, _MAKE_ROUTE, _ROUTERS)
"""All of them."""

"""A Prefect API as a client sees it: where it answers and which credentials it wants."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr


@dataclass(frozen=True)
class Api:
    """Address and credentials of one server."""

    url: str
    """What `PREFECT_API_URL` is set to; ends in /api."""
    auth: SecretStr | None = None
    """`user:password` for a server with authentication."""

    def environment(self) -> dict[str, str]:
        """The variables by which Prefect's clients find the server."""
        secret = {"PREFECT_API_AUTH_STRING": self.auth.get_secret_value()} if self.auth else {}
        return {"PREFECT_API_URL": self.url, **secret}

    def client(self, *, seconds: float) -> httpx.Client:
        """A client for single requests; each may take so many seconds."""
        return httpx.Client(
            base_url=self.url, auth=self._basic(), timeout=seconds, trust_env=_is_elsewhere(self.url)
        )

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Have Prefect's own clients in this process talk to this server meanwhile."""
        from prefect.settings import (  # noqa: PLC0415 - takes seconds
            PREFECT_API_AUTH_STRING,
            PREFECT_API_URL,
            temporary_settings,
        )

        with temporary_settings({PREFECT_API_URL: self.url, PREFECT_API_AUTH_STRING: self.auth}):
            yield

    def _basic(self) -> httpx.BasicAuth | None:
        if self.auth is None:
            return None
        user, _, password = self.auth.get_secret_value().partition(":")
        return httpx.BasicAuth(user, password)


def _is_elsewhere(url: str) -> bool:
    """Whether proxies of the environment may concern this address."""
    return httpx.URL(url).host not in ("127.0.0.1", "localhost", "::1")

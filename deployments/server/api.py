"""A Prefect API as a client sees it: where it answers and which credentials it wants."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi
import httpx
from pydantic import SecretStr

from deployments.processes.service import write_atomically
from tasks.net.urls import mask_url


@dataclass(frozen=True)
class Api:
    """Address and credentials of one server."""

    url: str
    """What `PREFECT_API_URL` is set to; ends in /api."""
    auth: SecretStr | None = None
    """`user:password` for a server with authentication."""

    @property
    def shown(self) -> str:
        """The address for messages: a password that somebody has put into it is not in them."""
        return mask_url(self.url)

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


def one_authority(url: str, directory: Path) -> dict[str, str]:
    """Variables that spare Prefect's clients what they do not need of TLS; a file for it is put into `directory`.

    They read every known authority for each connection, also to a server without TLS: in a run three times 25 ms and
    more before it has begun. Where no certificate will ever be checked, one authority does.
    """
    if not url.startswith("http://"):
        return {}
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----\n"
    known = Path(certifi.where()).read_text(encoding="utf-8")
    first = known[known.index(begin) : known.index(end) + len(end)]
    path = directory / "one-authority.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, first)
    return {"PREFECT_API_SSL_CERT_FILE": str(path)}


def is_of_api(answer: httpx.Response) -> bool:
    """Whether an API answered, and not the server's own web page, which it shows for whatever is outside of /api."""
    return str(answer.headers.get("content-type", "")).startswith("application/json")


def _is_elsewhere(url: str) -> bool:
    """Whether proxies of the environment may concern this address."""
    return httpx.URL(url).host not in ("127.0.0.1", "localhost", "::1")

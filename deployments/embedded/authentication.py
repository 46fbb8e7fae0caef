"""The one credential of a stack's server (Prefect's servers know one, without roles), as `user:password`."""

import secrets
from pathlib import Path

from pydantic import SecretStr

from blocks.settings import Settings
from deployments.processes.service import write_atomically

_FILE = "api-auth"
_USER = "contraponto"


def credentials(home: Path, settings: Settings) -> SecretStr | None:
    """What clients have to send: the setting `api_auth`; else, in production, one that is made here and kept.

    None: the server asks for nothing (development, on this machine only).
    """
    if settings.api_auth is not None:
        return settings.api_auth
    if settings.profile != "production":
        return None
    path = credentials_file(home)
    if not path.exists():
        write_atomically(path, f"{_USER}:{secrets.token_urlsafe(24)}\n", mode=0o600)
    return SecretStr(path.read_text().strip())


def credentials_file(home: Path) -> Path:
    """Where the credential that was made lies; only its owner can read it."""
    return home / _FILE

"""Checks of what is open: to other users of the machine, to callers of the API, to what jobs may reach."""

from collections.abc import Iterator
from pathlib import Path

from blocks.settings import LOOPBACK, Settings, files_with_secrets
from deployments.checks.check import Check, State
from deployments.guard.same_user import keeps_others_out
from deployments.processes.private import open_places

_READ_BY_OTHERS = 0o044


def exposure(settings: Settings, home: Path) -> Iterator[Check]:
    """Who besides you gets at data, secrets and the server, and what jobs may read and reach of what is yours."""
    yield _home(settings, home)
    yield from _secret_files(settings)
    yield _server(settings)
    if settings.metrics_port:
        yield _well(
            "metrics", f"every user of this machine reads the numbers at port {settings.metrics_port}"
        )
    if settings.allowed_private_hosts:
        allowed = ", ".join(settings.allowed_private_hosts)
        yield _well("private addresses", f"recordings and webhooks may reach {allowed}")
    yield from _import_folders(settings, home)


def _home(settings: Settings, home: Path) -> Check:
    found = open_places(home, store_is_shown=settings.store_is_shown)
    if found:
        names = ", ".join(folder.name for folder in found)
        return _open(
            "data", f"other users of this machine can get at {names} in {home}", fix=f"chmod go= {home}"
        )
    shown = "; its media store is shown to a web server" if settings.store_is_shown else ""
    return _well("data", f"no other user of this machine can enter {home}{shown}")


def _secret_files(settings: Settings) -> Iterator[Check]:
    cookies = settings.ytdlp_cookies_file
    for file in (*files_with_secrets(), *([cookies] if cookies else [])):
        if file.is_file() and file.stat().st_mode & _READ_BY_OTHERS:
            yield _open("secrets", f"other users of this machine can read {file}", fix=f"chmod 600 {file}")


def _server(settings: Settings) -> Check:
    subject = "access to the server"
    has_credentials = settings.api_auth is not None or settings.profile == "production"
    if settings.server_host not in LOOPBACK:
        remark = (
            f"other machines reach it at {settings.server_host} with credentials, which travel unencrypted"
        )
        return _open(subject, remark, fix="put a proxy with TLS in front: docs/deploy.md#proxy")
    if has_credentials:
        return _well(subject, "it listens on this machine alone and asks for credentials")
    if keeps_others_out(settings, has_credentials=False):
        others = f", and to {', '.join(settings.server_local_users)}" if settings.server_local_users else ""
        return _well(subject, f"without a password, to you and root alone{others}")
    remark = "without a password: every user of this machine may have commands run as you"
    return _open(subject, remark, fix="set CONTRAPONTO_PROFILE=production, then contraponto up")


def _import_folders(settings: Settings, home: Path) -> Iterator[Check]:
    for folder in settings.import_folders:
        if home.is_relative_to(folder):
            remark = f"whoever submits a batch may read all of {folder}, this installation's data and secrets included"
            yield _open("import folders", remark, fix="name narrower folders in CONTRAPONTO_IMPORT_FOLDERS")
        elif not folder.is_relative_to(home):
            yield _well("import folders", f"whoever submits a batch may read {folder}")


def _well(subject: str, remark: str) -> Check:
    return Check(subject=subject, state=State.HEALTHY, remark=remark)


def _open(subject: str, remark: str, *, fix: str) -> Check:
    """Jobs do not mind."""
    return Check(subject=subject, state=State.DEGRADED, remark=remark, fix=fix, needed=False)

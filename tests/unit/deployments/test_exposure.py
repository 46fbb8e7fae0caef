"""What `doctor` says is open, and what it says is not."""

from pathlib import Path
from typing import Any

import pytest

from blocks.settings import Settings
from deployments.checks.check import Check, State
from deployments.checks.exposure import exposure
from deployments.processes.private import keep_private


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    keep_private(tmp_path / "home")
    return tmp_path / "home"


def found(home: Path, subject: str, **settings: Any) -> list[Check]:
    return [check for check in exposure(Settings(home=home, **settings), home) if check.subject == subject]


def only(home: Path, subject: str, **settings: Any) -> Check:
    (check,) = found(home, subject, **settings)
    return check


def test_nothing_is_open_by_default(home: Path) -> None:
    assert {check.state for check in exposure(Settings(home=home), home)} == {State.HEALTHY}


def test_a_home_that_others_can_enter_is_named_with_the_command_that_closes_it(home: Path) -> None:
    home.chmod(0o755)
    (home / "store").mkdir(mode=0o755)
    (home / "store").chmod(0o755)
    check = only(home, "data")
    assert check.state == State.DEGRADED
    assert "store" in check.remark
    assert check.fix == f"chmod go= {home}"
    home.chmod(0o700)
    assert only(home, "data").state == State.HEALTHY


def test_a_file_of_secrets_that_others_can_read_is_named(home: Path) -> None:
    environment = Path(".env").absolute()
    environment.write_text("WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    environment.chmod(0o644)
    assert only(home, "secrets").fix == f"chmod 600 {environment}"
    environment.chmod(0o600)
    assert found(home, "secrets") == []
    environment.write_text("CONTRAPONTO_WHISPER_MODEL=base\n")
    environment.chmod(0o644)
    assert found(home, "secrets") == [], "nothing in it is a secret"


def test_cookies_are_secrets(home: Path, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n")
    cookies.chmod(0o640)
    assert str(cookies) in only(home, "secrets", ytdlp_cookies_file=cookies).remark


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({}, State.HEALTHY, "to you and root alone"),
        ({"server_local_users": ("n8n",)}, State.HEALTHY, "n8n"),
        ({"server_local_users": ("*",)}, State.DEGRADED, "every user of this machine"),
        ({"profile": "production"}, State.HEALTHY, "asks for credentials"),
        ({"api_auth": "someone:a-long-password"}, State.HEALTHY, "asks for credentials"),
        ({"profile": "production", "server_host": "0.0.0.0"}, State.DEGRADED, "unencrypted"),
    ],
)
def test_who_may_use_the_server(home: Path, settings: dict[str, Any], state: State, words: str) -> None:
    check = only(home, "access to the server", **settings)
    assert check.state == state
    assert words in check.remark
    assert bool(check.fix) == (state == State.DEGRADED)


def test_what_jobs_may_reach_and_read_is_named(home: Path, tmp_path: Path) -> None:
    assert "10.0.0.0/8" in only(home, "private addresses", allowed_private_hosts=("10.0.0.0/8",)).remark
    assert "/srv/talks" in only(home, "import folders", import_folders=("/srv/talks",)).remark
    check = only(home, "import folders", import_folders=(str(tmp_path),))
    assert check.state == State.DEGRADED
    assert "secrets included" in check.remark
    assert "9464" in only(home, "metrics", metrics_port=9464).remark

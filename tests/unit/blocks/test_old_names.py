"""Every name of earlier systems, with the values that their `.env` files held: one had milliseconds."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.old_names import OLD_NAMES, UnknownUnitError, in_seconds
from blocks.settings import explain, overruled, reload_settings
from deployments.checks.setting_names import setting_names
from tasks.errors import InvalidSettingError

HELD: list[tuple[str, str, Any]] = [
    ("REDIS_URL", "redis://cache:6379/0", "redis://cache:6379/0"),
    ("CACHE_TTL_HOURS", "24", 24),
    ("JOB_TIMEOUT_MINUTES", "60", 60),
    ("POLL_INTERVAL", "3", 3),
    ("POLL_INTERVAL", "3000", 3),
    ("MAX_POLL_ATTEMPTS", "600", 600),
    ("HTTP_MAX_RETRIES", "3", 3),
    ("RETRY_BACKOFF_BASE_SECONDS", "2", 2),
    ("VIDEO_DOWNLOADER_URL", "http://downloader:8001", "http://downloader:8001"),
    ("AUDIO_NORMALIZATION_URL", "http://normaliser:8002", "http://normaliser:8002"),
    ("AUDIO_TRANSCRIBER_URL", "http://transcriber:8003", "http://transcriber:8003"),
    ("VIDEO_DOWNLOADER_TIMEOUT", "300", 300),
    ("VIDEO_DOWNLOADER_URL_TIMEOUT", "300000", 300),
    ("AUDIO_NORMALIZATION_TIMEOUT", "180000", 180),
    ("AUDIO_NORMALIZATION_URL_TIMEOUT", "180", 180),
    ("AUDIO_TRANSCRIBER_TIMEOUT", "600000", 600),
    ("AUDIO_TRANSCRIBER_URL_TIMEOUT", "3600", 3600),
    ("DEFAULT_LANGUAGE", "pt", "pt"),
    ("DEFAULT_REMOVE_NOISE", "True", True),
    ("DEFAULT_CONVERT_MONO", "false", False),
    ("DEFAULT_SAMPLE_RATE_16K", "1", True),
    ("QUEUE_MAX_WORKERS", "3", 3),
    ("QUEUE_POLLING_INTERVAL", "5000", 5),
    ("QUEUE_POLLING_INTERVAL", "250", 0.25),
    ("QUEUE_POLLING_INTERVAL", "5", 5),
    ("QUEUE_JOB_TTL", "86400000", 86_400),
    ("QUEUE_JOB_TTL", "86400", 86_400),
    ("QUEUE_JOB_TTL", "2592000", 2_592_000),
    ("WEBHOOK_SECRET", "o segredo de antes", "o segredo de antes"),
    ("WEBHOOK_MAX_RETRIES", "3", 3),
    ("WEBHOOK_RETRY_DELAYS", "1000,5000,15000", (1, 5, 15)),
    ("WEBHOOK_RETRY_DELAYS", "[1000, 5000, 15000]", (1, 5, 15)),
    ("WEBHOOK_RETRY_DELAYS", "0, 1500", (0, 1.5)),
    ("WEBHOOK_RETRY_DELAYS", "1,5,15,300,1800,7200", (1, 5, 15, 300, 1800, 7200)),
]


def setting_of(old: str) -> str:
    return next(setting for setting, names in OLD_NAMES.items() if old in names)


def test_no_old_name_is_left_out() -> None:
    assert {name for name, _, _ in HELD} == {name for names in OLD_NAMES.values() for name in names}


@pytest.mark.parametrize(("name", "written", "meant"), HELD)
def test_what_old_files_hold_means_what_it_meant(
    bare_environment: Path, name: str, written: str, meant: object
) -> None:
    (bare_environment / ".env").write_text(f"{name}={written}\n", encoding="utf-8")
    found = getattr(reload_settings(), setting_of(name))
    assert (found.get_secret_value() if hasattr(found, "get_secret_value") else found) == meant


def test_milliseconds_are_told_where_the_settings_are_shown(bare_environment: Path) -> None:
    (bare_environment / ".env").write_text("QUEUE_POLLING_INTERVAL=5000\nPOLL_INTERVAL=3\n", encoding="utf-8")
    sources = {setting.name: (setting.value, setting.source) for setting in explain()}
    assert sources["queue_polling_interval"] == (
        "5",
        ".env (old name) QUEUE_POLLING_INTERVAL, in milliseconds",
    )
    assert sources["poll_interval"] == ("3", ".env (old name) POLL_INTERVAL")
    [remark] = [check.remark for check in setting_names()]
    assert "queue_polling_interval was read as milliseconds, which is 5 s" in remark


def test_new_names_are_seconds_whatever_their_size(
    bare_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_WEBHOOK_RETRY_DELAYS", "1000,5000")
    monkeypatch.setenv("CONTRAPONTO_QUEUE_JOB_TTL", "3600000")
    settings = reload_settings()
    assert settings.webhook_retry_delays == (1000, 5000)
    assert settings.queue_job_ttl == 3_600_000


def test_of_both_names_the_new_one_counts_and_the_old_one_is_named(
    bare_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The old value could not be understood: nobody asks.
    (bare_environment / ".env").write_text("QUEUE_JOB_TTL=3600000\nHTTP_MAX_RETRIES=4\n", encoding="utf-8")
    monkeypatch.setenv("CONTRAPONTO_QUEUE_JOB_TTL", "3600")
    assert reload_settings().queue_job_ttl == 3600
    assert overruled() == [
        ".env (old name) QUEUE_JOB_TTL has no effect: environment CONTRAPONTO_QUEUE_JOB_TTL is in force. "
        "Remove one of the two."
    ]
    assert any("QUEUE_JOB_TTL has no effect" in check.remark for check in setting_names())


@given(st.sampled_from(sorted(OLD_NAMES)), st.text() | st.floats() | st.integers() | st.none())
def test_any_value_is_read_or_left_to_the_setting(setting: str, value: object) -> None:
    with contextlib.suppress(UnknownUnitError):
        found, milliseconds = in_seconds(setting, value)
        assert milliseconds or found is value


def test_a_unit_that_nobody_can_know_is_asked_for(bare_environment: Path) -> None:
    (bare_environment / ".env").write_text("QUEUE_JOB_TTL=3600000\n", encoding="utf-8")
    with pytest.raises(InvalidSettingError) as caught:
        reload_settings()
    assert caught.value.message == (
        'The setting queue_job_ttl is "3600000" (.env (old name) QUEUE_JOB_TTL): it may be seconds and may be '
        "milliseconds: give it in seconds as CONTRAPONTO_QUEUE_JOB_TTL."
    )

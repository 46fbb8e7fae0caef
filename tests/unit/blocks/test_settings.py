"""Settings: precedence, old names, clear errors, what doctor prints."""

import subprocess
import sys
from pathlib import Path

import pytest

from blocks.settings import (
    OLD_NAMES,
    PROJECT_ROOT,
    Settings,
    explain,
    get_settings,
    reload_settings,
    unrecognised,
)
from tasks.errors import InvalidSettingError


def source_of(name: str) -> str:
    return next(setting.source for setting in explain() if setting.name == name)


def test_defaults_of_a_checkout() -> None:
    settings = get_settings()
    assert settings.home == PROJECT_ROOT / ".contraponto"
    assert settings.models_dir == settings.home / "models"
    assert (settings.cache_ttl_hours, settings.job_timeout_minutes) == (24, 60)
    assert (settings.download_timeout, settings.normalisation_timeout, settings.transcription_timeout) == (
        300,
        180,
        600,
    )
    assert (settings.max_download_mb, settings.max_duration_minutes) == (2048, 120)
    assert (settings.poll_interval, settings.max_poll_attempts) == (3, 600)
    assert settings.webhook_retry_delays == (1, 5, 15, 300, 1800, 7200, 18000, 36000)
    assert source_of("home") == "default"


def test_each_source_yields_to_the_one_above(bare_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare_environment / "contraponto.toml").write_text("cache_ttl_hours = 1\n")
    assert reload_settings().cache_ttl_hours == 1
    assert source_of("cache_ttl_hours") == f"{bare_environment / 'contraponto.toml'} cache_ttl_hours"
    (bare_environment / ".env").write_text("CACHE_TTL_HOURS=2\n")
    assert reload_settings().cache_ttl_hours == 2
    assert source_of("cache_ttl_hours") == ".env (old name) CACHE_TTL_HOURS"
    (bare_environment / ".env").write_text("CACHE_TTL_HOURS=2\nCONTRAPONTO_CACHE_TTL_HOURS=3\n")
    assert reload_settings().cache_ttl_hours == 3
    assert source_of("cache_ttl_hours") == ".env CONTRAPONTO_CACHE_TTL_HOURS"
    monkeypatch.setenv("CACHE_TTL_HOURS", "4")
    assert reload_settings().cache_ttl_hours == 4
    assert source_of("cache_ttl_hours") == "environment (old name) CACHE_TTL_HOURS"
    monkeypatch.setenv("CONTRAPONTO_CACHE_TTL_HOURS", "5")
    assert reload_settings().cache_ttl_hours == 5
    assert source_of("cache_ttl_hours") == "environment CONTRAPONTO_CACHE_TTL_HOURS"
    monkeypatch.setenv("CONTRAPONTO_CACHE_TTL_HOURS", "")
    assert reload_settings().cache_ttl_hours == 4, "an empty value counts as not given"


def test_an_old_env_file_is_understood(bare_environment: Path) -> None:
    (bare_environment / ".env").write_text(
        "REDIS_URL=redis://:geheim@cache:6379/0\nPOLL_INTERVAL=5\nMAX_POLL_ATTEMPTS=10\nHTTP_MAX_RETRIES=4\n"
        "RETRY_BACKOFF_BASE_SECONDS=1.5\nVIDEO_DOWNLOADER_URL=http://downloader:8001/\nVIDEO_DOWNLOADER_TIMEOUT=400\n"
        "AUDIO_NORMALIZATION_URL=http://normaliser:8002\nAUDIO_TRANSCRIBER_URL=http://transcriber:8003\n"
        "DEFAULT_LANGUAGE=pt\nDEFAULT_REMOVE_NOISE=false\nDEFAULT_CONVERT_MONO=0\nDEFAULT_SAMPLE_RATE_16K=no\n"
        "JOB_TIMEOUT_MINUTES=30\nQUEUE_MAX_WORKERS=2\nQUEUE_POLLING_INTERVAL=0.5\nQUEUE_JOB_TTL=3600\n"
        "WEBHOOK_SECRET=segredo antigo\nWEBHOOK_MAX_RETRIES=3\nWEBHOOK_RETRY_DELAYS=1, 5, 15\n"
        "SOMETHING_ELSE=of another program\n",
        encoding="utf-8",
    )
    settings = reload_settings()
    assert settings.redis_url == "redis://:geheim@cache:6379/0"
    assert (settings.poll_interval, settings.max_poll_attempts, settings.http_max_retries) == (5, 10, 4)
    assert settings.video_downloader_url == "http://downloader:8001"
    assert (settings.download_timeout, settings.normalisation_timeout) == (400, 180)
    assert (settings.default_language, settings.default_remove_noise) == ("pt", False)
    assert (settings.default_convert_mono, settings.default_sample_rate_16k) == (False, False)
    assert settings.webhook_retry_delays == (1, 5, 15)
    assert settings.webhook_secret is not None
    assert settings.webhook_secret.get_secret_value() == "segredo antigo"


def test_nothing_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:geheim@cache:6379/0")
    monkeypatch.setenv("WEBHOOK_SECRET", "segredo antigo")
    monkeypatch.setenv("CONTRAPONTO_YTDLP_PROXY", "http://me:geheim@proxy:3128")
    shown = repr(explain()) + repr(reload_settings().webhook_secret)
    assert "geheim" not in shown
    assert "segredo" not in shown
    assert "cache:6379" in shown


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "POLL_INTERVAL",
            "abc",
            'poll_interval is "abc" (environment (old name) POLL_INTERVAL): it should be a valid number',
        ),
        ("QUEUE_POLLING_INTERVAL", "500000", "it should be less than or equal to 300"),
        (
            "QUEUE_JOB_TTL",
            "3600000",
            "it may be seconds and may be milliseconds: give it in seconds as CONTRA",
        ),
        ("WEBHOOK_RETRY_DELAYS", "300,1800", "it may be seconds and may be milliseconds"),
        ("WEBHOOK_SECRET", "whsec_", "it must have a key after whsec_"),
        ("WEBHOOK_SECRET", "um segredo,whsec_?", "it must be base64 after whsec_"),
        ("WEBHOOK_SECRET", "segredo", "it must have 8 or more characters"),
        ("CONTRAPONTO_WEBHOOK_SECRET", ",", "it must hold a secret"),
        ("CONTRAPONTO_STORE", "gcs://bucket", "it must be local, s3://BUCKET/PREFIX"),
        ("CONTRAPONTO_STORE", "s3://", "it must be local, s3://BUCKET/PREFIX"),
        ("CONTRAPONTO_RECORD_STORE", "mysql://db/jobs", "it must be local, postgresql://"),
        ("CONTRAPONTO_RECORD_STORE", "postgresql://db/jobs?ssl=1", "knows the parameters host, sslmode"),
        ("CONTRAPONTO_MESSAGE_BUS", "redis://bus:x", "a port that is a number"),
        ("CONTRAPONTO_WHISPER_DEVICE", "tpu", "it should be 'auto', 'cpu' or 'cuda'"),
        ("CONTRAPONTO_ALLOWED_PRIVATE_HOSTS", "10.0.0.0/99", "10.0.0.0/99"),
        ("VIDEO_DOWNLOADER_URL", "downloader:8001", "it must begin with http:// or https://"),
        ("VIDEO_DOWNLOADER_URL", "http://", "it must have a host"),
        ("VIDEO_DOWNLOADER_URL", "http://[downloader", "it must have a host"),
        ("CONTRAPONTO_S3_ENDPOINT_URL", "https://s3:port", "a port that is a number"),
        ("CONTRAPONTO_VIDEO_ENDPOINT_URL", "https://api.runpod.ai /v2/x", "no spaces"),
        ("WEBHOOK_RETRY_DELAYS", "1,five", "it should be a valid number"),
        ("WEBHOOK_RETRY_DELAYS", "-1", "0 to 604800 seconds"),
        ("DEFAULT_REMOVE_NOISE", "perhaps", "it should be a valid boolean"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettingError) as caught:
        get_settings()
    assert said in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


def test_a_wrong_secret_is_not_shown(bare_environment: Path) -> None:
    (bare_environment / "contraponto.toml").write_text("webhook_secret = 12345\n")
    with pytest.raises(InvalidSettingError) as caught:
        get_settings()
    assert "12345" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["REDIS_URL", "MESSAGE_BUS", "RECORD_STORE", "DATABASE_URL", "YTDLP_PROXY", "S3_ENDPOINT_URL"]
)
@pytest.mark.parametrize(
    "address",
    ["ana:geheim@db.example.org", ":ge@heim@db.example.org:6379/0", "redis:/:a geheim@db.example.org"],
)
def test_a_password_in_an_address_without_its_scheme_is_not_shown(
    name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CONTRAPONTO_{name}", address)
    with pytest.raises(InvalidSettingError) as caught:
        reload_settings()
    assert "heim" not in str(caught.value)
    assert "it String" not in str(caught.value)


@pytest.mark.parametrize("name", ["ALERTS_PENDING_MINUTES", "ALERTS_RUNNING_HOURS"])
@pytest.mark.parametrize("value", ["inf", "1e12", "nan"])
def test_no_time_is_without_an_end(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CONTRAPONTO_{name}", value)
    with pytest.raises(InvalidSettingError, match=f'is "{value}"|is "1e\\+12"'):
        reload_settings()


@pytest.mark.parametrize("name", ["REDIS_URL", "MESSAGE_BUS", "RECORD_STORE", "DATABASE_URL"])
@pytest.mark.parametrize("password", ["ge#heim", "1/geheim", "1?geheim", "a geheim#", "[geheim", "@/geheim"])
def test_a_password_that_must_be_encoded_is_not_shown(
    name: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "redis" if name in ("REDIS_URL", "MESSAGE_BUS") else "postgresql"
    monkeypatch.setenv(f"CONTRAPONTO_{name}", f"{kind}://ana:{password}@db.example.org/1")
    with pytest.raises(InvalidSettingError) as caught:
        reload_settings()
    assert "heim" not in str(caught.value)
    assert "written as %XX" in str(caught.value)


def test_a_misspelt_name_in_the_file_is_refused(bare_environment: Path) -> None:
    (bare_environment / "contraponto.toml").write_text("cache_ttl_hour = 1\n")
    with pytest.raises(InvalidSettingError, match='Did you mean "cache_ttl_hours"'):
        get_settings()


def test_a_settings_file_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "site.toml"
    file.write_text('allowed_private_hosts = ["nas.lan", "10.0.0.0/8"]\nwebhook_retry_delays = [1, 2.5]\n')
    monkeypatch.setenv("CONTRAPONTO_SETTINGS_FILE", str(file))
    assert get_settings().allowed_private_hosts == ("nas.lan", "10.0.0.0/8")
    assert get_settings().webhook_retry_delays == (1, 2.5)
    monkeypatch.setenv("CONTRAPONTO_SETTINGS_FILE", str(tmp_path / "missing.toml"))
    with pytest.raises(InvalidSettingError, match="which is not a file"):
        reload_settings()


def test_a_broken_file_is_named(bare_environment: Path) -> None:
    (bare_environment / "contraponto.toml").write_text("cache_ttl_hours = \n")
    with pytest.raises(InvalidSettingError, match=r"contraponto\.toml cannot be read"):
        get_settings()


def test_a_misspelt_variable_is_listed(bare_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_CACHE_TTL", "1")
    (bare_environment / ".env").write_text("CONTRAPONTO_HOUSE=here\n")
    assert unrecognised() == ["CONTRAPONTO_CACHE_TTL", "CONTRAPONTO_HOUSE"]


def test_the_models_follow_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path / "data"))
    assert get_settings().models_dir == tmp_path / "data" / "models"


def test_old_names_belong_to_settings_and_to_one_only() -> None:
    assert set(OLD_NAMES) <= set(Settings.model_fields)
    names = [name for names in OLD_NAMES.values() for name in names]
    assert len(names) == len(set(names))


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_need_no_prefect() -> None:
    code = (
        "import blocks.settings, blocks.store_keys, blocks.scratch, sys; sys.exit('prefect' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=PROJECT_ROOT)


def test_the_server_is_open_to_others_only_with_credentials(
    bare_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_SERVER_HOST", "0.0.0.0")
    with pytest.raises(
        InvalidSettingError, match=r'server_host is "0\.0\.0\.0".*CONTRAPONTO_PROFILE=production'
    ):
        reload_settings()
    monkeypatch.setenv("CONTRAPONTO_PROFILE", "production")
    assert reload_settings().server_host == "0.0.0.0"


@pytest.mark.parametrize("value", ["short:pass", "no-colon-in-here", ":a-password-without-user"])
def test_weak_credentials_are_refused_and_not_repeated(
    bare_environment: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CONTRAPONTO_API_AUTH", value)
    with pytest.raises(InvalidSettingError, match=r"user:password with a password of 12") as caught:
        reload_settings()
    assert value not in str(caught.value)

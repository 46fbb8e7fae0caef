"""Every setting of the product: its meaning, its default and what it may be.

`get_settings()` is what the rest of the code calls. A value comes from, first found wins:

1. the environment, `CONTRAPONTO_` + the name in capitals (`CONTRAPONTO_CACHE_TTL_HOURS`);
2. the environment, by a name that earlier `.env` files used (`CACHE_TTL_HOURS`; all of them, and their units, in
   `blocks.old_names`);
3. the file `.env` in the working directory, by either name;
4. the settings file: `contraponto.toml` in the working directory, or what `CONTRAPONTO_SETTINGS_FILE` names;
   its keys are the names below in lower case (`cache_ttl_hours = 24`);
5. the default below.

An empty value counts as not given. Times are seconds unless the name says otherwise. This module imports no
Prefect, so that commands which only need a setting start fast.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from blocks import setting_types as types
from blocks import settings_sources as sources
from blocks.old_names import OLD_NAMES as OLD_NAMES  # noqa: PLC0414 - belongs to the settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""What the server may listen on without credentials."""

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _default_home() -> Path:
    if (PROJECT_ROOT / "pyproject.toml").is_file():
        return PROJECT_ROOT / ".contraponto"
    return Path(platformdirs.user_data_dir("contraponto", appauthor=False))


class Settings(BaseSettings):
    """What is in force. Frozen; call `get_settings()` instead of building one, except in tests."""

    model_config = SettingsConfigDict(env_prefix="CONTRAPONTO_", extra="forbid", frozen=True)

    # Places
    home: types.LocalPath = Field(
        default_factory=_default_home, description="Folder of all data: models, media store, scratch files."
    )
    models_dir: types.LocalPath = Field(
        default_factory=lambda data: data["home"] / "models", description="Folder of the models."
    )
    allowed_private_hosts: types.Hosts = Field(
        (), description="Private hosts and networks that may be reached nevertheless; comma-separated."
    )
    import_folders: types.LocalPaths = Field(
        default_factory=lambda data: (data["home"] / "inbox",),
        description="Folders of this machine that batches may read; comma-separated.",
    )
    pipelines_file: types.LocalPath = Field(
        default_factory=lambda data: data["home"] / "pipelines.yaml",
        description="Your own pipelines of promotional content.",
    )

    # Media store
    store: types.StoreName = Field(
        "local",
        description="local, s3://BUCKET/PREFIX, local-media-store/NAME or s3-media-store/NAME (saved block).",
    )
    store_base_url: types.WebAddress | None = Field(
        None, description="Public address under which a web server shows the local store."
    )
    store_retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Age at which clean-up deletes stored files; empty: never."
    )
    s3_endpoint_url: types.WebAddress | None = Field(
        None, description="Address of an S3-compatible server; empty: Amazon S3."
    )
    s3_public_endpoint_url: types.WebAddress | None = Field(
        None, description="The same server as callers reach it, for the links given to them."
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key_id: SecretStr | None = Field(
        None, description="Empty: the usual AWS places (environment, profile, role)."
    )
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret that belongs to the access key.")
    s3_path_style: bool | None = Field(
        None, description="Bucket in the path, not in the host name; empty: yes if an endpoint is set."
    )

    # Record store
    record_store: types.RecordStoreName = Field(
        "local",
        description="local (SQLite), postgresql://…, the https:// address of a Directus, or the name of a saved block.",
    )
    record_store_token: SecretStr | None = Field(
        None,
        description="Token of that Directus; or the password of the database, instead of one in its address.",
    )

    # Messages
    message_bus: types.BusName = Field(
        "auto",
        description="auto (redis_url, the embedded one where there is none), local (within one process), redis://…, "
        "amqp://… (RabbitMQ), or the name of a saved block.",
    )
    message_max_kb: int = Field(256, ge=1, le=16_384, description="Largest message, in KiB.")
    message_most_waiting: int = Field(
        10_000,
        ge=10,
        le=10_000_000,
        description="Messages that may wait in one stream; publishers wait for room then.",
    )
    message_retention_hours: float = Field(
        168, gt=0, le=8_760, description="How long a conversation can be traced, and repeats are known."
    )
    message_claim_seconds: float = Field(
        30, ge=1, le=3_600, description="Silence of a consumer after which others take what it had."
    )
    message_max_attempts: int = Field(
        5, ge=1, le=100, description="Attempts at one message before it is a dead letter."
    )

    # Jobs
    redis_url: types.RedisUrl | None = Field(
        None, description="Redis or Valkey server; empty: the embedded one."
    )
    cache_ttl_hours: float = Field(
        24, ge=0, le=8_760, description="How long finished work is reused; 0: never."
    )
    job_timeout_minutes: float = Field(
        60, gt=0, le=10_080, description="Time limit of a job that has none of its own below."
    )
    img2vid_timeout_minutes: float = Field(60, gt=0, le=10_080, description="Time limit of one img2vid job.")
    caption_timeout_minutes: float = Field(
        10,
        gt=0,
        le=10_080,
        description="Time limit of one caption, caption-segments or caption-highlight job.",
    )
    addaudio_timeout_minutes: float = Field(5, gt=0, le=10_080, description="Time limit of one addaudio job.")
    job_time_limits: types.JobMinutes = Field(
        (), description="Minutes for single jobs, before all other limits: trim=20,convert=120."
    )
    video_encoder: Literal["auto", "libx264", "h264_nvenc"] = Field(
        "auto", description="H.264 encoder; auto: the GPU's where a trial encode works, else libx264."
    )
    ffmpeg_memory_mb: int | None = Field(
        None,
        ge=64,
        description="Megabytes that one ffmpeg may hold before it is ended; half of the memory if not given.",
    )
    download_timeout: float = Field(300, gt=0, le=86_400, description="Seconds for the download stage.")
    normalisation_timeout: float = Field(
        180, gt=0, le=86_400, description="Seconds for the normalisation stage; long media get more."
    )
    transcription_timeout: float = Field(
        600, gt=0, le=86_400, description="Seconds for the transcription stage; long media get more."
    )
    max_download_mb: int = Field(
        2048, ge=1, le=1_048_576, description="Largest file that is fetched, in MiB."
    )
    max_duration_minutes: float = Field(
        120, gt=0, le=10_080, description="Longest recording that is accepted."
    )
    default_language: str = Field(
        "auto", pattern=r"^(auto|[a-zA-Z]{2,3}(-[a-zA-Z]{2,4})?)$", description="Language code, or auto."
    )
    default_remove_noise: bool = Field(True, description="Remove noise unless a job says otherwise.")
    default_convert_mono: bool = Field(True, description="Make audio mono unless a job says otherwise.")
    default_sample_rate_16k: bool = Field(True, description="Resample to 16 kHz unless a job says otherwise.")
    default_apply_highpass_filter: bool = Field(
        False, description="Cut below 80 Hz unless a job says otherwise."
    )
    default_isolate_vocals: bool = Field(
        False, description="Keep only the voice unless a job says otherwise."
    )

    # Engines
    whisper_model: str = Field(
        "base", min_length=1, description="Speech model: a size such as base or large-v3, or a folder."
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where the speech model runs; auto: by probe."
    )
    whisper_compute_type: str = Field(
        "auto", min_length=1, description="Number format, such as int8 or float16; auto: by probe."
    )
    whisper_threads: int = Field(
        0, ge=0, le=1024, description="CPU threads of the speech model; 0: by probe."
    )
    speaker_model: str = Field(
        "speakers",
        min_length=1,
        description="Model of the speaker labels: speakers, or a folder with segmentation.onnx and embedding.onnx.",
    )
    model_host: types.ModelHost = Field(
        "auto",
        description="auto: jobs use the model host that runs for this home; off; or its socket's path.",
    )
    model_host_memory_mb: int | None = Field(
        None, ge=64, description="Memory for the models that it keeps loaded; empty: half of the machine's."
    )
    model_host_idle_minutes: float = Field(
        15, gt=0, le=10_080, description="Unused for so long, a model is unloaded."
    )
    text_model_base_url: types.WebAddress | None = Field(
        None, description="OpenAI-compatible endpoint, with its /v1; translates and writes copy."
    )
    text_model_api_key: SecretStr | None = Field(None, description="Key of that endpoint, if it wants one.")
    text_model: str | None = Field(
        None, description="Name of the model there, or text-model/NAME (a saved block)."
    )
    voice_endpoint_base_url: types.WebAddress | None = Field(
        None, description="OpenAI-compatible speech endpoint, with its /v1; empty: the embedded voices speak."
    )
    voice_endpoint_api_key: SecretStr | None = Field(
        None, description="Key of that endpoint, if it wants one."
    )
    voice_endpoint_model: str | None = Field(
        None, description="Name of the speech model there, or voice-endpoint/NAME (a saved block)."
    )
    voice_endpoint_voice: str = Field(
        "alloy", min_length=1, description="Voice there of jobs that name none."
    )

    # Fetching
    http_max_retries: int = Field(
        3, ge=0, le=20, description="Retries of a failed request (5xx, timeout, lost connection)."
    )
    retry_backoff_base_seconds: float = Field(
        2, gt=0, le=300, description="Seconds before the first of them; doubles each time."
    )
    ytdlp_cookies_file: types.LocalPath | None = Field(
        None, description="Netscape cookies file for sites that want a login."
    )
    ytdlp_proxy: str | None = Field(
        None, pattern=r"^(https?|socks5h?)://", description="Proxy for downloads from sites."
    )

    # Remote stage services
    video_downloader_url: types.Service | None = Field(
        None, description="Service that downloads, or remote-engine/NAME; empty: done here."
    )
    audio_normalization_url: types.Service | None = Field(
        None, description="Service that normalises audio, or remote-engine/NAME."
    )
    audio_transcriber_url: types.Service | None = Field(
        None, description="Service that transcribes, or remote-engine/NAME."
    )
    video_endpoint_url: types.WebAddress | None = Field(
        None, description="RunPod serverless endpoint that makes the clips of img2vid; empty: this machine."
    )
    remote_api_key: SecretStr | None = Field(None, description="Sent to these services as a bearer token.")
    poll_interval: float = Field(3, gt=0, le=300, description="Seconds between two polls of a remote job.")
    max_poll_attempts: int = Field(
        600, ge=1, le=1_000_000, description="Polls after which a remote job is given up and cancelled."
    )

    # Queues and webhooks
    queue_max_workers: int = Field(3, ge=1, le=1000, description="Jobs of the gpu pool that run at once.")
    gpu_pool_on_cpu: bool = Field(
        True, description="Where no GPU can be used the gpu pool has a worker that computes on the CPU."
    )
    queue_polling_interval: float = Field(
        0.25, ge=0.1, le=300, description="Seconds between two polls of a worker for new jobs."
    )
    queue_job_ttl: int = Field(
        2_592_000, ge=60, le=31_536_000, description="Seconds that finished jobs stay listed."
    )
    webhook_secret: types.SigningSecret | None = Field(None, description="Signs webhook messages.")
    webhook_max_retries: int | None = Field(
        None,
        ge=0,
        le=20,
        description="Retries of a delivery; empty: one per delay. More than that repeat the last delay.",
    )
    webhook_retry_delays: types.Delays = Field(
        (1, 5, 15, 300, 1800, 7200, 18_000, 36_000),
        description="Seconds before each retry of a delivery; comma-separated.",
    )
    webhook_deliveries_per_receiver: int = Field(
        3, ge=1, le=100, description="Deliveries to one host that go on at once."
    )
    webhook_pause_after_days: float = Field(
        3,
        gt=0,
        le=365,
        description="An endpoint that has failed for so many days gets nothing until resumed.",
    )
    webhook_timeout: float = Field(30, gt=0, le=300, description="Seconds an endpoint has to answer.")

    # The server of this machine, and its clients
    profile: Literal["development", "production"] = Field(
        "development", description="production: the server answers only to those who have its credentials."
    )
    api_auth: types.Credentials | None = Field(
        None, description="Credentials of the server, user:password; empty in production: made and kept."
    )
    server_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address that the server listens on; one that others reach only in production.",
    )
    server_port: int | None = Field(
        None, ge=1, le=65_535, description="Port of the server; empty: 4200 or the next free one."
    )
    api_processes: int | None = Field(
        None, ge=1, le=8, description="Processes of the server that answer; empty: one for four processors."
    )
    server_names: types.HostNames = Field(
        (),
        description="Names under which the server may be asked for, besides its addresses; comma-separated.",
    )
    server_origins: types.Origins = Field(
        (), description="Web pages elsewhere that may use the server, https://HOST; comma-separated."
    )
    server_local_users: types.Names = Field(
        (),
        description="Other users of this machine who may use a server without credentials, by name or number; "
        "comma-separated, * for all.",
    )
    database_url: types.DatabaseUrl | None = Field(
        None, description="Prefect's database, postgresql://USER:PASSWORD@HOST/NAME; empty: the embedded one."
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65_535, description="Port of the numbers for Prometheus; empty: not served."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Log lines of services and jobs: for people, or JSON objects."
    )
    alerts_to: types.AlertAddresses = None
    alerts_smtp: types.SmtpServer = None
    alerts_pending_minutes: types.PendingMinutes = 20
    alerts_running_hours: types.RunningHours = 3

    @field_validator("server_host")
    @classmethod
    def _reached_with_credentials_only(cls, value: str, info: ValidationInfo) -> str:
        if value not in LOOPBACK and info.data.get("profile") != "production":
            raise ValueError(f"must be one of {', '.join(LOOPBACK)} unless CONTRAPONTO_PROFILE=production")
        return value

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, *sources.all_sources(settings_cls, OLD_NAMES))

    @property
    def store_is_shown(self) -> bool:
        """Whether a web server of this machine is to read the media store in the home."""
        return self.store == "local" and self.store_base_url is not None

    @classmethod
    def load(cls) -> Self:
        """Reads all sources. InvalidSettingError says which setting is wrong, where from, what is allowed."""
        try:
            return cls()
        except ValidationError as error:
            raise sources.explain_invalid(error, cls, OLD_NAMES) from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings in force, read once a process. Raises InvalidSettingError."""
    return Settings.load()


def reload_settings() -> Settings:
    """Reads the settings again (long-lived services); later calls of `get_settings()` see the new ones."""
    get_settings.cache_clear()
    return get_settings()


def explain() -> list[sources.SettingSource]:
    """Every setting with its value (secrets masked) and where it comes from, in the order of this file."""
    return sources.explain_values(Settings.load(), OLD_NAMES)


def overruled() -> list[str]:
    """One sentence for each old name that has no effect, because the new name is given as well."""
    return sources.overruled_names(Settings, OLD_NAMES)


def files_with_secrets() -> list[Path]:
    """The `.env` and settings file in force, as far as they hold a secret."""
    return sources.files_with_secrets(Settings, OLD_NAMES)


def unrecognised() -> list[str]:
    """Environment and `.env` names that begin like a setting but are none: most likely misspelt."""
    return sources.unrecognised_names(Settings)

"""What settings may be: the forms that `blocks.settings` gives its values, each with its check."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from blocks.server_addresses import postgresql_address, redis_address
from tasks.errors import InvalidInputError
from tasks.net.addresses import AddressPolicy
from tasks.net.origins import check_host_name, check_origin
from tasks.net.standard_webhooks import check_secrets

_LEAST_PASSWORD = 12
_MOST_MINUTES = 10_080
"""A week."""
_MOST_HOURS = 8_760
"""A year."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _each(check: Callable[[str], None]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    def check_all(values: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for value in values:
                check(value)
        except InvalidInputError as error:
            raise ValueError(f"holds {error.message} {error.hint}") from error
        return values

    return check_all


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() for letter in value):
        raise ValueError(
            "must have a host, perhaps a port that is a number, and no spaces: https://HOST:8443/path"
        )
    return value.rstrip("/")


def _service(value: str) -> str:
    return value if value.startswith("remote-engine/") else _web_address(value)


def _model_host(value: str) -> str:
    if value in ("auto", "off"):
        return value
    if "/" not in value:
        raise ValueError("must be auto, off, or the path of a socket (with a slash)")
    return str(Path(value).expanduser().absolute())


def _store(value: str) -> str:
    kind, _, rest = value.partition("://" if "://" in value else "/")
    if value == "local" or (kind in ("s3", "local-media-store", "s3-media-store") and rest.strip("/")):
        return value
    raise ValueError("must be local, s3://BUCKET/PREFIX, local-media-store/NAME or s3-media-store/NAME")


_REDIS = ("redis", "rediss", "valkey", "valkeys", "unix")
_BUSES = (*_REDIS, "amqp", "amqps", "redis-message-bus", "amqp-message-bus")


def _message_bus(value: str) -> str:
    kind, _, rest = value.partition("://" if "://" in value else "/")
    if value in ("auto", "local"):
        return value
    if kind in _BUSES and rest.strip("/"):
        return redis_address(value) if kind in _REDIS and "://" in value else value
    raise ValueError(
        "must be auto, local, redis://…, amqp://…, redis-message-bus/NAME or amqp-message-bus/NAME"
    )


_RECORD_STORES = ("sqlite", "https", "http", "sql-record-store", "directus-record-store")


def _record_store(value: str) -> str:
    kind, _, rest = value.partition("://" if "://" in value else "/")
    if kind.startswith("postgres") and "://" in value:
        return postgresql_address(value)
    if value == "local" or (kind in _RECORD_STORES and rest.strip("/")):
        return value
    raise ValueError(
        "must be local, postgresql://…, sqlite:///FILE, https://…, sql-record-store/NAME or directus-record-store/NAME"
    )


def _postgresql(value: SecretStr) -> SecretStr:
    return SecretStr(postgresql_address(value.get_secret_value()))


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        AddressPolicy(allowed=value)
    except InvalidInputError as error:
        raise ValueError(error.message) from error
    return value


def _jobs_with_minutes(value: tuple[str, ...]) -> tuple[str, ...]:
    for limit in value:
        job, _, minutes = (part.strip() for part in limit.partition("="))
        try:
            usable = bool(job) and 0 < float(minutes) <= _MOST_MINUTES
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"must be JOB=MINUTES with up to {_MOST_MINUTES} minutes, not {limit!r}")
    return value


def _user_and_password(value: SecretStr) -> SecretStr:
    user, _, password = value.get_secret_value().partition(":")
    if not (user and len(password) >= _LEAST_PASSWORD):
        raise ValueError(f"must be user:password with a password of {_LEAST_PASSWORD} or more characters")
    return value


def _that_can_sign(value: SecretStr) -> SecretStr:
    check_secrets(value.get_secret_value())
    return value


def _alert_addresses(value: SecretStr) -> SecretStr:
    parts = [part.strip() for part in value.get_secret_value().split(",") if part.strip()]
    for number, part in enumerate(parts, start=1):
        if not re.fullmatch(r"mailto:[^@\s/?]+@[^@\s/?]+|(?!mailto)[a-z][a-z0-9+]*://\S+", part):
            raise ValueError(
                f"holds as number {number} of {len(parts)} no address: write mailto:NAME@HOST, or the address of a "
                "webhook as Slack or Discord shows it"
            )
    return value


def _smtp_server(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("smtp", "smtps", "smtp+insecure") or not parts.hostname:
        raise ValueError("must be smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://USER:PASSWORD@HOST:465")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("must have a port that is a number") from None
    if parts.scheme == "smtp+insecure" and parts.username:
        raise ValueError(
            "must be smtp:// or smtps:// where it has a password, which nobody is to read on the way"
        )
    return value


def _sane_delays(value: tuple[float, ...]) -> tuple[float, ...]:
    if len(value) > 20 or any(not 0 <= delay <= 604_800 for delay in value):
        raise ValueError("must be at most 20 delays of 0 to 604800 seconds each")
    return value


LocalPath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
LocalPaths = Annotated[tuple[LocalPath, ...], BeforeValidator(_split)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Given with commas between them."""
WebAddress = Annotated[str, AfterValidator(_web_address)]
Service = Annotated[str, AfterValidator(_service)]
ModelHost = Annotated[str, AfterValidator(_model_host)]
StoreName = Annotated[str, AfterValidator(_store)]
BusName = Annotated[str, AfterValidator(_message_bus)]
RecordStoreName = Annotated[str, AfterValidator(_record_store)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_postgresql)]
RedisUrl = Annotated[str, Field(pattern=r"^(rediss?|unix|valkeys?)://"), AfterValidator(redis_address)]
Hosts = Annotated[Names, AfterValidator(_hosts)]
HostNames = Annotated[Names, AfterValidator(_each(check_host_name))]
Origins = Annotated[Names, AfterValidator(_each(check_origin))]
JobMinutes = Annotated[Names, AfterValidator(_jobs_with_minutes)]
Credentials = Annotated[SecretStr, AfterValidator(_user_and_password)]
AlertAddresses = Annotated[
    Annotated[SecretStr, AfterValidator(_alert_addresses)] | None,
    Field(description="Whom alerts reach: mailto:NAME@HOST, webhooks of Slack or Discord; comma-separated."),
]
SmtpServer = Annotated[
    Annotated[SecretStr, AfterValidator(_smtp_server)] | None,
    Field(description="Server that sends e-mail: smtp://USER:PASSWORD@HOST:587?from=NAME@HOST, or smtps://."),
]
PendingMinutes = Annotated[
    float,
    Field(
        ge=1,
        le=_MOST_MINUTES,
        description="After how many minutes people are alerted to a job that a worker took and did not start.",
    ),
]
RunningHours = Annotated[
    float,
    Field(
        ge=0.1,
        le=_MOST_HOURS,
        description="After how many hours people are alerted to a job that runs; not to conversations.",
    ),
]
SigningSecret = Annotated[SecretStr, AfterValidator(_that_can_sign)]
Delays = Annotated[tuple[float, ...], BeforeValidator(_split), AfterValidator(_sane_delays)]

"""Alerts to people: Slack, Discord, e-mail and whatever else apprise reaches, all named by one setting.

The addresses carry credentials, so no saved block holds them: a server shows what blocks hold to whoever may call
it. The block here holds none; the process that sends reads CONTRAPONTO_ALERTS_TO.
"""

import asyncio
import logging
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from prefect.blocks.abstract import NotificationBlock, NotificationError
from prefect.logging import LogEavesdropper
from pydantic import Field, SecretStr

from blocks.alert_pace import Pace
from blocks.settings import Settings, get_settings
from tasks.errors import ContrapontoError, InvalidSettingError, TransientError

logger = logging.getLogger("contraponto.alerts")

_TIMEOUT = 15.0
_LONGEST = 1500
"""Characters of a message: Discord takes 2000."""
_MAIL = "mailto:"


@dataclass(frozen=True)
class Outcome:
    """What became of a message to one address."""

    address: str
    """As it may be shown."""
    error: str | None
    """None: it was taken."""


class AlertsNotification(NotificationBlock):
    """Sends to the addresses of CONTRAPONTO_ALERTS_TO of the process that it runs in, that of the server."""

    _block_type_name = "Contraponto Alerts"
    _block_type_slug = "contraponto-alerts"
    _description = "Slack, Discord, e-mail: whatever CONTRAPONTO_ALERTS_TO names on the server's machine."

    pause_seconds: float = Field(
        600,
        ge=1,
        title="Pause",
        description="Seconds between two messages with one subject; what comes meanwhile is told in one after it.",
    )

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Send a message. One that comes too soon after another of this subject is told of with others, later.

        Raises:
            NotificationError: an address did not take it, or none is set.
        """
        settings = get_settings()
        if settings.alerts_to is None:
            raise NotificationError("CONTRAPONTO_ALERTS_TO is empty in the process of the server.")
        title = subject or "Contraponto"
        if _PACE.passes(title, self.pause_seconds):
            await _notify(settings, title, body)
            return
        first, *_ = body.strip().splitlines() or [""]
        wait = _PACE.hold_back(title, first, self.pause_seconds)
        if wait is not None:
            later = asyncio.create_task(_tell_later(title, wait))
            _LATER.add(later)
            later.add_done_callback(_LATER.discard)


_PACE = Pace()
_LATER: set[asyncio.Task[None]] = set()
"""A loop does not keep its tasks."""


async def _tell_later(title: str, seconds: float) -> None:
    await asyncio.sleep(seconds)
    if not (body := _PACE.told(title)):
        return
    try:
        await _notify(get_settings(), title, body)
    except (NotificationError, InvalidSettingError) as error:
        logger.warning("What was held back of “%s” could not be told: %s", title, error)


async def _notify(settings: Settings, title: str, body: str) -> None:
    outcomes = await send(settings, title, _shortened(body))
    if faults := [f"{found.address}: {found.error}" for found in outcomes if found.error]:
        raise NotificationError(" ".join(faults))


async def send(settings: Settings, subject: str, body: str) -> list[Outcome]:
    """Send a message to every address; none keeps the others from theirs.

    Raises:
        InvalidSettingError: an address cannot be used.
    """
    return list(await asyncio.gather(*(_sent(target, subject, body) for target in targets(settings))))


def targets(settings: Settings) -> "list[Mail | Service]":
    """Those that the settings name.

    Raises:
        InvalidSettingError: one of them cannot be used; the sentence does not repeat it.
    """
    written = settings.alerts_to.get_secret_value() if settings.alerts_to else ""
    parts = [part.strip() for part in written.split(",") if part.strip()]
    return list(_each_target(parts, settings))


def _each_target(parts: list[str], settings: Settings) -> "Iterator[Mail | Service]":
    for number, part in enumerate(parts, start=1):
        if not part.startswith(_MAIL):
            yield Service.of(part, f"address {number} of {len(parts)} in CONTRAPONTO_ALERTS_TO")
        elif settings.alerts_smtp is None:
            raise InvalidSettingError(
                f"CONTRAPONTO_ALERTS_TO names {part}, but no server that sends e-mail is set.",
                hint="Set CONTRAPONTO_ALERTS_SMTP=smtp://USER:PASSWORD@HOST:587.",
            )
        else:
            yield Mail(unquote(part.removeprefix(_MAIL)), settings.alerts_smtp)


async def _sent(target: "Mail | Service", subject: str, body: str) -> Outcome:
    try:
        await asyncio.to_thread(target.send, subject, body)
    except ContrapontoError as error:
        return Outcome(target.shown, str(error))
    return Outcome(target.shown, None)


@dataclass(frozen=True)
class Mail:
    """An e-mail address, and the server that sends: `smtp://` (STARTTLS), `smtps://`, `smtp+insecure://`."""

    to: str
    server: SecretStr

    @property
    def shown(self) -> str:
        """As it may be shown."""
        return f"{_MAIL}{self.to}"

    def send(self, subject: str, body: str) -> None:
        """Hand one e-mail to the server.

        Raises:
            TransientError: the server does not answer, or refuses.
        """
        parts = urlsplit(self.server.get_secret_value())
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        where = f"{parts.hostname}:{parts.port or self._PORTS[parts.scheme]}"
        message = EmailMessage()
        message["From"] = parse_qs(parts.query).get("from", [user if "@" in user else self.to])[0]
        message["To"] = self.to
        message["Subject"] = subject
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid(domain="contraponto.invalid")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        host, port = str(parts.hostname), parts.port or self._PORTS[parts.scheme]
        try:
            with self._connected(parts.scheme, host, port) as server:
                if user:
                    server.login(user, password)
                server.send_message(message)
        except smtplib.SMTPAuthenticationError as error:
            raise TransientError(f"The e-mail server {where} refuses user or password.") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise TransientError(f"The e-mail server {where} refuses the address {self.to}.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransientError(
                f"The e-mail server {where} did not take it ({type(error).__name__})."
            ) from error

    _PORTS: ClassVar = {"smtp": 587, "smtps": 465, "smtp+insecure": 25}

    @staticmethod
    def _connected(scheme: str, host: str, port: int) -> smtplib.SMTP:
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=ssl.create_default_context())
        server = smtplib.SMTP(host, port, timeout=_TIMEOUT)
        if scheme == "smtp":
            server.starttls(context=ssl.create_default_context())
        return server


@dataclass(frozen=True)
class Service:
    """Anything that apprise reaches: Slack's and Discord's webhooks as these show them, and its own addresses."""

    url: SecretStr
    shown: str

    @classmethod
    def of(cls, url: str, place: str) -> "Service":
        """The service behind an address.

        Raises:
            InvalidSettingError: apprise knows none.
        """
        from apprise import Apprise  # noqa: PLC0415 - brings all its services; most installations send no alerts

        with LogEavesdropper("apprise"):
            found = Apprise.instantiate(url)
        if found is None:
            raise InvalidSettingError(
                f"The {place} is none that messages can be sent to.",
                hint="Copy the webhook address out of Slack or Discord whole, write mailto:NAME@HOST, or an address "
                "in the form that apprise has for the service.",
            )
        return cls(SecretStr(url), f"{found.service_name} ({urlsplit(url).hostname or urlsplit(url).scheme})")

    def send(self, subject: str, body: str) -> None:
        """Send one message.

        Raises:
            TransientError: the service did not take it.
        """
        from apprise import Apprise, NotifyFormat  # noqa: PLC0415

        service = Apprise.instantiate(self.url.get_secret_value())
        # What it says of a failure goes to its log. Details are debug lines, which may hold the address.
        with LogEavesdropper("apprise", level=30) as log:
            taken = service is not None and service.notify(
                body=body, title=subject, body_format=NotifyFormat.TEXT, overflow="truncate"
            )
        if not taken:
            raise TransientError(f"It did not take the message. {_last_line(log.text())}")


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "No reason was given."


def _shortened(body: str) -> str:
    return body if len(body) <= _LONGEST else f"{body[: _LONGEST - 1]}…"

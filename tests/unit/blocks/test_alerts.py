"""Alerts to people: real SMTP, Slack's and Discord's own addresses, and what is said of wrong ones."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.blocks.abstract import NotificationError
from pydantic import SecretStr

from blocks import alerts
from blocks.alert_pace import Pace
from blocks.alerts import AlertsNotification, Outcome, send, targets
from blocks.settings import Settings, reload_settings
from deployments.processes.sockets import free_port
from tasks.errors import ContrapontoError, InvalidInputError, InvalidSettingError, TransientError
from tasks.jobs.unexpected import is_unexpected
from tests.servers.chats import Chats, certificate, tls_of
from tests.servers.mailbox import Mailbox

SLACK = "https://hooks.slack.com/services/T01AB2CDE/B01AB2CDE/abcdefghijklmnopqrstuvwx"
DISCORD = "https://discord.com/api/webhooks/123456789012345678/" + "a1B2" * 17
SUBJECT, BODY = "Contraponto: a job has crashed", "talk.mp3: its process died\n\nState: Crashed"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    running = Mailbox()
    yield running
    running.close()


@pytest.fixture
def chats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chats]:
    running = Chats(certificate(tmp_path, "hooks.slack.com", "discord.com"))
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    yield running
    running.close()


def settings(to: str, smtp: str | None = None) -> Settings:
    return Settings(alerts_to=SecretStr(to), alerts_smtp=SecretStr(smtp) if smtp else None)


async def test_an_e_mail_arrives_in_readable_form(mailbox: Mailbox) -> None:
    relay = f"smtp+insecure://127.0.0.1:{mailbox.port}?from=contraponto@example.org"
    assert await send(settings("mailto:ops@example.org", relay), SUBJECT, BODY) == [
        Outcome("mailto:ops@example.org", None)
    ]
    [mail] = mailbox.received
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "ops@example.org",
        "contraponto@example.org",
        SUBJECT,
    )
    assert mail.get_content().split() == BODY.split()


async def test_a_password_is_sent_encrypted_only_and_a_wrong_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    mailbox = Mailbox(tls_of(file))
    try:
        for password, error in (("correct%20horse", None), ("wrong", "refuses user or password")):
            relay = f"smtp://sender%40example.org:{password}@localhost:{mailbox.port}"
            [outcome] = await send(settings("mailto:ops@example.org", relay), SUBJECT, BODY)
            assert (error in outcome.error) if error and outcome.error else outcome.error is None, outcome
            assert password not in str(outcome)
    finally:
        mailbox.close()
    [mail] = mailbox.received
    assert mail["From"] == mailbox.user


async def test_one_address_that_fails_keeps_no_other_from_its_message(mailbox: Mailbox) -> None:
    relay = f"smtp+insecure://127.0.0.1:{mailbox.port}"
    nobody, somebody = await send(
        settings("mailto:nobody@example.org,mailto:ops@example.org", relay), SUBJECT, BODY
    )
    assert nobody.error
    assert "refuses the address nobody@example.org" in nobody.error
    assert somebody.error is None
    [gone] = await send(
        settings("mailto:ops@example.org", f"smtp+insecure://127.0.0.1:{free_port()}"), SUBJECT, BODY
    )
    assert gone.error
    assert "ConnectionRefusedError" in gone.error


async def test_slack_and_discord_are_reached_at_the_addresses_that_they_show(chats: Chats) -> None:
    outcomes = await send(settings(f"{SLACK}, {DISCORD}"), SUBJECT, BODY)
    assert [outcome.error for outcome in outcomes] == [None, None]
    slack, discord = sorted(chats.posted, key=lambda posted: posted.host, reverse=True)
    assert slack.host + slack.path == SLACK.removeprefix("https://")
    assert discord.path.partition("?")[0] == DISCORD.removeprefix("https://discord.com")
    for posted in (slack, discord):
        text = json.dumps(json.loads(posted.body), ensure_ascii=False)
        assert "talk.mp3: its process died" in text
        assert SUBJECT in text
    shown = str(outcomes)
    assert "abcdefghijkl" not in shown
    assert "a1B2" not in shown


async def test_a_webhook_that_was_removed_is_said(chats: Chats) -> None:
    chats.status, chats.answer = 404, b"no_service"
    [outcome] = await send(settings(SLACK), SUBJECT, BODY)
    assert outcome.error
    assert "404" in outcome.error
    assert "abcdefghijkl" not in outcome.error


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("ops@example.org", "number 1 of 1"),
        (f"{SLACK},mailto:ops", "number 2 of 2"),
        ("mailto:ops@example.org;mailto:x@example.org", "number 1 of 1"),
    ],
)
def test_what_is_no_address_is_refused_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, to: str, sentence: str
) -> None:
    monkeypatch.setenv("CONTRAPONTO_ALERTS_TO", to)
    with pytest.raises(InvalidSettingError) as refused:
        reload_settings()
    assert sentence in str(refused.value)
    assert to not in str(refused.value), "it may hold a password"
    monkeypatch.undo()
    reload_settings()


@pytest.mark.parametrize(
    "to",
    [
        "https://hooks.slack.com/services/T01AB2CDE/B01AB2CDE",
        "https://discord.com/api/webhooks/1234",
        "https://example.org/geheim",
        "nosuchservice://geheim",
    ],
)
def test_what_no_service_has_is_refused_before_anything_starts(to: str) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        targets(settings(f"json://127.0.0.1,{to}"))
    assert "address 2 of 2" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_e_mail_needs_a_server() -> None:
    with pytest.raises(InvalidSettingError, match="CONTRAPONTO_ALERTS_SMTP"):
        targets(settings("mailto:ops@example.org"))


@pytest.mark.parametrize(
    "smtp", ["mail.example.org", "http://mail.example.org", "smtp://h:x", "smtp+insecure://u:p@h"]
)
def test_a_mail_server_is_named_in_its_form(monkeypatch: pytest.MonkeyPatch, smtp: str) -> None:
    monkeypatch.setenv("CONTRAPONTO_ALERTS_SMTP", smtp)
    with pytest.raises(InvalidSettingError, match="alerts_smtp"):
        reload_settings()
    monkeypatch.undo()
    reload_settings()


def test_what_comes_between_two_messages_is_told_in_one() -> None:
    pace, pause = Pace(), 600.0
    assert pace.passes("crashed", pause, 0)
    assert pace.passes("no worker", pause, 1), "another matter"
    assert not pace.passes("crashed", pause, 300)
    assert pace.hold_back("crashed", "talk.mp3: killed", pause, 300) == 300
    assert pace.hold_back("crashed", "film.mp4: killed", pause, 400) is None, (
        "somebody waits for that already"
    )
    assert pace.hold_back("crashed", "talk.mp3: killed", pause, 500) is None
    assert not pace.passes("crashed", pause, 601), "what is held back goes first"
    assert pace.told("crashed", 602) == (
        "3 more since the last message:\n- talk.mp3: killed (2 times)\n- film.mp4: killed"
    )
    assert not pace.passes("crashed", pause, 1200)
    assert pace.hold_back("crashed", "late.mp3", pause, 1202) == 0
    assert pace.told("crashed", 1202).endswith("- late.mp3")
    assert pace.passes("crashed", pause, 1802)


def test_what_nobody_tells_is_told_by_the_next() -> None:
    pace, pause = Pace(), 600.0
    assert pace.passes("crashed", pause, 0)
    assert pace.hold_back("crashed", "talk.mp3", pause, 1) == 599
    assert pace.hold_back("crashed", "film.mp4", pause, 605) is None, "it may be about to"
    assert pace.hold_back("crashed", "song.mp3", pause, 700) == 0
    assert pace.told("crashed", 700).startswith("3 more ")
    assert pace.told("crashed", 700) == ""


def test_subjects_of_long_ago_are_forgotten() -> None:
    pace = Pace()
    for number in range(1000):
        assert pace.passes(f"job {number}", 1, 1000.0 * number)
    assert len(pace._sent) < 100


@given(lines=st.lists(st.text(), min_size=1, max_size=200))
def test_nothing_is_left_out_of_the_number_and_the_list_is_bounded(lines: list[str]) -> None:
    pace = Pace()
    assert pace.passes("crashed", 1, 0)
    waits = [pace.hold_back("crashed", line, 1, 0) for line in lines]
    assert [waits[0], *{*waits[1:]}] in ([1.0], [1.0, None])
    told = pace.told("crashed", 1)
    assert told.startswith(f"{len(lines)} more ")
    assert len(told) < 6000


async def test_the_block_sends_at_once_and_then_what_it_held_back(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = f"smtp+insecure://127.0.0.1:{mailbox.port}"
    monkeypatch.setattr(alerts, "get_settings", lambda: settings("mailto:ops@example.org", relay))
    monkeypatch.setattr(alerts, "_PACE", Pace())
    block = AlertsNotification.model_construct(pause_seconds=0.3)
    await block.notify("x" * 5000, SUBJECT)
    for number in range(3):
        await block.notify(f"job {number}: its process died\n\nState: Crashed", SUBJECT)
    await block.notify("", SUBJECT)
    assert len(mailbox.received) == 1
    await asyncio.gather(*alerts._LATER)
    first, rest = [mail.get_content() for mail in mailbox.received]
    assert len(first) < 2000, "Discord takes no more"
    assert [line.strip() for line in rest.strip().splitlines()] == [
        "4 more since the last message:",
        *(f"- job {number}: its process died" for number in range(3)),
        "-",
    ]
    await asyncio.sleep(0.4)
    await block.notify("much later", SUBJECT)
    assert mailbox.received[-1].get_content().strip() == "much later"


async def test_what_was_held_back_and_nobody_takes_is_a_line_in_the_log(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    relay = f"smtp+insecure://127.0.0.1:{mailbox.port}"
    monkeypatch.setattr(alerts, "get_settings", lambda: settings("mailto:ops@example.org", relay))
    monkeypatch.setattr(alerts, "_PACE", Pace())
    block = AlertsNotification.model_construct(pause_seconds=0.1)
    await block.notify("first", SUBJECT)
    await block.notify("second", SUBJECT)
    gone = f"smtp+insecure://127.0.0.1:{free_port()}"
    monkeypatch.setattr(alerts, "get_settings", lambda: settings("mailto:ops@example.org", gone))
    await asyncio.gather(*alerts._LATER)
    assert "could not be told" in caplog.text


async def test_without_addresses_the_block_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "get_settings", lambda: Settings())
    with pytest.raises(NotificationError, match="CONTRAPONTO_ALERTS_TO"):
        await AlertsNotification().notify("third", SUBJECT)


def test_what_a_caller_can_mend_alerts_nobody() -> None:
    assert not is_unexpected(InvalidInputError("No file."))
    assert not is_unexpected(TransientError("The site does not answer."))
    assert is_unexpected(ContrapontoError("ffmpeg failed."))
    assert is_unexpected(KeyError("bug"))

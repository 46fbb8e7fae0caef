"""Signatures, checked by the public library that endpoints use."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tasks.errors import InvalidSettingError
from tasks.jobs.document import JobDocument
from tasks.net.standard_webhooks import check_secrets, parse_secrets, standard_headers
from tasks.webhooks.headers import signed_headers
from tasks.webhooks.message import WebhookMessage

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ok!").decode()
NEXT = "whsec_" + base64.b64encode(b"the secret that comes after it.!").decode()


@pytest.fixture
def message(document: JobDocument) -> WebhookMessage:
    return WebhookMessage.of(document)


def headers_of(message: WebhookMessage, *secrets: str) -> dict[str, str]:
    return signed_headers(message, message.webhook_id, timestamp=int(time.time()), secrets=secrets)


def test_the_public_library_accepts_it(message: WebhookMessage) -> None:
    verified = Webhook(SECRET).verify(message.body(), headers_of(message, SECRET))
    assert verified == json.loads(message.body())


@pytest.mark.parametrize("known", [SECRET, NEXT])
def test_while_a_secret_changes_both_are_good(message: WebhookMessage, known: str) -> None:
    Webhook(known).verify(message.body(), headers_of(message, NEXT, SECRET))


def test_a_secret_that_was_taken_out_is_good_no_more(message: WebhookMessage) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(message.body(), headers_of(message, NEXT))


def test_a_changed_body_is_refused(message: WebhookMessage) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(message.body() + b" ", headers_of(message, SECRET))


def test_a_plain_secret_is_its_own_bytes(message: WebhookMessage) -> None:
    key = base64.b64encode("segredo é".encode()).decode()
    Webhook(key).verify(message.body(), headers_of(message, "segredo é"))


def test_the_old_headers(message: WebhookMessage) -> None:
    headers = headers_of(message, "old-secret", SECRET)
    expected = hmac.new(b"old-secret", message.body(), hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == f"sha256={expected}"
    assert headers["X-Webhook-JobId"] == message.job_id
    assert headers["X-Webhook-Status"] == "COMPLETED"
    assert headers["X-Webhook-Timestamp"] == headers["webhook-timestamp"]


def test_without_a_secret_nothing_is_signed(message: WebhookMessage) -> None:
    headers = headers_of(message)
    assert headers["webhook-id"] == message.webhook_id
    assert not [name for name in headers if name.lower().endswith("signature")]


def test_a_mangled_secret_is_a_setting_that_cannot_be_used(message: WebhookMessage) -> None:
    with pytest.raises(InvalidSettingError, match="base64") as caught:
        headers_of(message, "whsec_not base64!")
    assert "not base64!" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "secrets"),
    [(None, ()), ("", ()), ("one", ("one",)), (" one , two,", ("one", "two"))],
)
def test_secrets_stand_between_commas(setting: str | None, secrets: tuple[str, ...]) -> None:
    assert parse_secrets(setting) == secrets


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("whsec_", "nothing stands there"),
        ("um bom segredo, whsec_", r"nothing stands there.*\(number 2 of 2\)"),
        ("whsec_não é", "must be base64"),
        ("whsec_abc", "must be base64"),
        ("whsec_c2VncmVkbw==", "16 or more bytes after whsec_, and has 7"),
        ("segredo", "8 or more characters"),
        (" , ", "nothing but commas"),
    ],
)
def test_what_cannot_sign_is_refused_with_a_sentence(setting: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_secrets(setting)


@given(st.text())
def test_what_is_accepted_signs_and_what_is_not_signs_nothing(setting: str) -> None:
    secrets = parse_secrets(setting)
    try:
        check_secrets(setting)
    except ValueError:
        if secrets:
            with pytest.raises(InvalidSettingError):
                standard_headers(b"{}", "msg_1", timestamp=1, secrets=secrets)
    else:
        signed = standard_headers(b"{}", "msg_1", timestamp=1, secrets=secrets)["webhook-signature"]
        assert len(signed.split(" ")) == len(secrets)

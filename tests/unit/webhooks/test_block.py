"""The block that automations send messages by."""

import json

import pytest
from prefect.blocks.abstract import NotificationError
from pydantic import SecretStr, ValidationError
from standardwebhooks.webhooks import Webhook

from blocks.webhook import WebhookNotification
from tasks.errors import BlockedAddressError
from tests.servers.endpoint import Answer, WebhookEndpoint

SECRETS = ("whsec_dW0gc2VncmVkbyBjb21wcmlkbw==", "whsec_b3V0cm8gc2VncmVkbyBjb21wcmlkbw==")


def _block(url: str, allowed: str = "127.0.0.1") -> WebhookNotification:
    return WebhookNotification(
        url=SecretStr(url), secrets=SecretStr(",".join(SECRETS)), allowed_private_hosts=allowed
    )


async def test_a_notification_is_signed_with_each_secret(endpoint: WebhookEndpoint) -> None:
    await _block(endpoint.url).notify("O disco está cheio.", subject="Aviso")
    [received] = endpoint.received
    for secret in SECRETS:
        Webhook(secret).verify(received.body, received.headers)
    assert json.loads(received.body) == {"subject": "Aviso", "body": "O disco está cheio."}


@pytest.mark.parametrize("answer", [Answer(500), Answer(302, {"Location": "/elsewhere"})])
async def test_a_refused_notification_is_an_error(endpoint: WebhookEndpoint, answer: Answer) -> None:
    endpoint.answers = [answer]
    with pytest.raises(NotificationError, match=f"HTTP {answer.status}"):
        await _block(endpoint.url).notify("x")
    assert len(endpoint.received) == 1


async def test_a_long_answer_is_cut(endpoint: WebhookEndpoint) -> None:
    endpoint.answers = [Answer(body=b"x" * 1_000_000)]
    assert len((await _block(endpoint.url).call({"a": 1})).content) == 65_536


async def test_a_private_address_is_blocked(endpoint: WebhookEndpoint) -> None:
    with pytest.raises(BlockedAddressError):
        await _block(endpoint.url, allowed="").call({})
    assert endpoint.received == []


@pytest.mark.parametrize("secrets", ["whsec_", "whsec_não é base64", f"{SECRETS[0]},curto"])
def test_secrets_that_cannot_sign_are_refused_and_not_repeated(secrets: str) -> None:
    with pytest.raises(ValidationError, match=r"secrets\n.*must") as caught:
        WebhookNotification(url=SecretStr("https://example.org/hook"), secrets=SecretStr(secrets))
    assert secrets.removeprefix("whsec_") not in str(caught.value) or secrets == "whsec_"


def test_the_form_hides_url_and_secrets() -> None:
    assert set(WebhookNotification.model_json_schema()["secret_fields"]) >= {"url", "secrets"}
    assert "notify" in WebhookNotification.get_block_capabilities()

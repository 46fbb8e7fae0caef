"""What `health` says of saved endpoints, to a server that a test stands for."""

import json
from typing import Any

import httpx
import pytest

from deployments.checks.check import State
from deployments.checks.webhooks import blocks_that_cannot_sign


def server(*secrets: Any) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        assert asked["include_secrets"], "without them there is nothing to look at"
        assert asked["block_types"] == {"slug": {"any_": ["webhook-notification"]}}
        return httpx.Response(
            200,
            json=[{"name": f"block-{n}", "data": {"secrets": secret}} for n, secret in enumerate(secrets)],
        )

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1:1/api")


@pytest.mark.parametrize("secrets", ["whsec_", "whsec_não", "curto", "um bom segredo,whsec_"])
def test_blocks_whose_secrets_cannot_sign_are_named_and_their_secrets_are_not(secrets: str) -> None:
    [check] = blocks_that_cannot_sign(server("um bom segredo", None, "", secrets))
    assert check.state == State.DEGRADED
    assert not check.needed
    assert "webhook-notification/block-3" in check.remark
    assert secrets.replace("whsec_", "") == "" or secrets not in check.remark

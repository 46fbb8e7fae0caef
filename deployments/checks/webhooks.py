"""Checks of the endpoints of webhooks, over the API."""

from collections.abc import Iterator

import httpx
from pydantic import ValidationError

from deployments.checks.check import Check, State
from tasks.net.standard_webhooks import check_secrets
from tasks.webhooks.endpoint import TAG, Endpoint


def paused_endpoints(client: httpx.Client) -> Iterator[Check]:
    """Endpoints that get nothing any more; those in order are not listed."""
    wanted = {"variables": {"tags": {"all_": [TAG]}}, "limit": 200}
    for found in client.post("/variables/filter", json=wanted).raise_for_status().json():
        try:
            endpoint = Endpoint.model_validate(found["value"])
        except ValidationError:
            continue  # edited by hand
        if endpoint.paused:
            yield Check(
                subject="webhooks",
                state=State.DEGRADED,
                remark=f"{endpoint.remark} {endpoint.reason}",
                fix="fix the endpoint, then deliver its messages again: contraponto replay --endpoint HOST",
                needed=False,
            )


def blocks_that_cannot_sign(client: httpx.Client) -> Iterator[Check]:
    """Saved blocks of endpoints whose secrets are none: the form of the web page takes anything."""
    wanted = {
        "block_types": {"slug": {"any_": ["webhook-notification"]}},
        "include_secrets": True,
        "limit": 200,
    }
    for found in client.post("/block_documents/filter", json=wanted).raise_for_status().json():
        secrets = found["data"].get("secrets")
        if not (isinstance(secrets, str) and secrets):
            continue
        try:
            check_secrets(secrets)
        except ValueError as error:
            yield Check(
                subject="webhooks",
                state=State.DEGRADED,
                remark=f"the secrets of the saved block webhook-notification/{found['name']}: each {error}",
                fix="correct them on the Blocks page of the web page",
                needed=False,
            )

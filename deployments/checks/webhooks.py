"""Checks of the endpoints of webhooks, over the API."""

from collections.abc import Iterator

import httpx
from pydantic import ValidationError

from deployments.checks.check import Check, State
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

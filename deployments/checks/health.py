"""How the installation is: each part checked by using it.

What can be asked over the API is asked of any server. The rest (services, store, engines) is checked only when the
server is that of this machine, where it is this machine that runs the jobs.
"""

from collections.abc import Iterator

import httpx
from pydantic import BaseModel, ConfigDict, computed_field

from deployments.checks.check import ANSWER_SECONDS, UP, Check, State, judged, worst
from deployments.checks.messages import messages
from deployments.checks.models import all_models
from deployments.checks.pools import pools
from deployments.checks.record_store import record_store
from deployments.checks.server import server
from deployments.checks.services import loaded_models, server_processes, services
from deployments.checks.storage import media_store, redis_server
from deployments.checks.video import ffmpeg
from deployments.checks.webhooks import blocks_that_cannot_sign, paused_endpoints
from deployments.embedded.stack import EmbeddedStack
from deployments.server.api import Api


class Health(BaseModel):
    """The parts, and how the whole is."""

    model_config = ConfigDict(frozen=True)

    api_url: str
    checks: tuple[Check, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> State:
        """The worst of what is needed."""
        return worst(self.checks)


def examine(api: Api, stack: EmbeddedStack) -> Health:
    """Check every part; takes seconds at most, also when nothing answers."""
    status = stack.status()
    is_here = status.api is not None and status.api.url == api.url
    own = "see that the database of CONTRAPONTO_DATABASE_URL runs" if stack.settings.database_url else None
    checks = list(_api_checks(api, is_here=is_here, database_fix=own if is_here else None))
    if is_here:
        checks += services(status.services, stack)
        checks += server_processes(status.services)
        checks += _local(api, stack)
    return Health(api_url=api.shown, checks=tuple(checks))


def _api_checks(api: Api, *, is_here: bool, database_fix: str | None) -> Iterator[Check]:
    """What can be asked over the API; of a server that is down nothing else is claimed."""
    fix = UP if is_here else f"{UP} (on the server's machine), or check PREFECT_API_URL"
    with api.client(seconds=ANSWER_SECONDS) as client:
        found = list(server(client, fix=fix, database_fix=database_fix))
        yield from found
        if worst(found) == State.DOWN:
            return
        # What is wrong with the one hides nothing of the other.
        for checks in (
            pools(client, is_here=is_here),
            paused_endpoints(client),
            blocks_that_cannot_sign(client),
        ):
            try:
                yield from checks
            except (httpx.HTTPError, ValueError) as error:
                yield judged(
                    "API", well=False, remark=str(error).partition("\n")[0] or type(error).__name__, fix=fix
                )


def _local(api: Api, stack: EmbeddedStack) -> Iterator[Check]:
    """What the jobs of this machine use."""
    yield redis_server(stack)
    yield from messages(stack)
    with api.in_force():
        yield media_store(stack.settings)
        yield record_store(stack.settings)
    yield ffmpeg()
    yield all_models(stack.settings)
    yield from loaded_models(stack)

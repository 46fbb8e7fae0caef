"""How the installation is: each part looked at by using it, with a sentence and the command that mends it.

What can be asked over the API is asked of any server. The rest (services, store, engines) is looked at only
when the server is that of this machine, where it is this machine that runs the jobs.
"""

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from blocks.settings import Settings
from deployments.embedded import metrics, model_host, valkey
from deployments.embedded.stack import EmbeddedStack
from deployments.embedded.supervisor import ServiceState
from deployments.processes.service import last_lines
from deployments.server.api import Api
from deployments.server.pools import POOL_NAMES
from tasks.errors import ContrapontoError
from tasks.webhooks.endpoint import TAG, Endpoint

_ANSWER_SECONDS = 10.0
_SLOW_SECONDS = 2.0
_UP = "contraponto up"
_CRASHES_WITHIN = timedelta(minutes=10)
_MANY_CRASHES = 5
"""The supervisor gives up what ends within its first seconds; one that ends later is started again for ever."""


class State(StrEnum):
    """How a part is; from good to bad."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """It works, but not as it should."""
    DOWN = "down"


class Check(BaseModel):
    """One part that was looked at."""

    model_config = ConfigDict(frozen=True)

    subject: str
    state: State
    remark: str
    mend: str = ""
    """The command or step that mends it."""
    needed: bool = True
    """Whether jobs need it; what they can do without does not count for the whole."""


class Health(BaseModel):
    """The parts, and how the whole is."""

    model_config = ConfigDict(frozen=True)

    api_url: str
    checks: tuple[Check, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> State:
        """The worst of what is needed."""
        states = [check.state for check in self.checks if check.needed]
        return max(states, key=list(State).index, default=State.HEALTHY)


def examine(api: Api, stack: EmbeddedStack) -> Health:
    """Look at every part; takes seconds at most, also when nothing answers."""
    status = stack.status()
    is_here = status.api is not None and status.api.url == api.url
    with api.client(seconds=_ANSWER_SECONDS) as client:
        checks = [
            *_server(client, _UP if is_here else f"{_UP} (on the server's machine), or check PREFECT_API_URL")
        ]
        if all(check.state != State.DOWN for check in checks):
            checks += _pools(client, is_here=is_here)
            checks += _receivers(client)
    if is_here:
        checks += service_checks(status.services, stack)
        checks += _here(api, stack)
    return Health(api_url=api.url, checks=tuple(checks))


def _server(client: httpx.Client, mend: str) -> Iterator[Check]:
    start = time.monotonic()
    try:
        alive = client.get("/health")
        ready = client.get("/ready")
        allowed = client.get("/admin/version")
    except httpx.TransportError as error:
        yield Check(
            subject="server", state=State.DOWN, remark=f"no answer ({type(error).__name__})", mend=mend
        )
        return
    seconds = (time.monotonic() - start) / 3
    if not alive.is_success:
        yield Check(subject="server", state=State.DOWN, remark=f"status {alive.status_code}", mend=mend)
    elif allowed.status_code == httpx.codes.UNAUTHORIZED:
        remark = "it wants other credentials"
        yield Check(
            subject="server",
            state=State.DOWN,
            remark=remark,
            mend="set CONTRAPONTO_API_AUTH to its user:password",
        )
    else:
        yield Check(
            subject="server",
            state=State.DEGRADED if seconds > _SLOW_SECONDS else State.HEALTHY,
            remark=f"Prefect {allowed.text.strip()!s} answers in {1000 * seconds:.0f} ms".replace('"', ""),
        )
    yield Check(
        subject="database",
        state=State.HEALTHY if ready.is_success else State.DOWN,
        remark="reached by the server" if ready.is_success else "not reached by the server",
        mend="" if ready.is_success else mend,
    )


def _pools(client: httpx.Client, *, is_here: bool) -> Iterator[Check]:
    found = {pool["name"]: pool for pool in client.post("/work_pools/filter", json={}).json()}
    for name in dict.fromkeys((*POOL_NAMES, *found)):
        needed = name in POOL_NAMES
        mend = _UP if is_here and needed else f"prefect worker start --pool {name}"
        if name not in found:
            yield Check(subject=f"pool {name}", state=State.DOWN, remark="does not exist", mend=_UP)
            continue
        online = {"workers": {"status": {"any_": ["ONLINE"]}}}
        workers = client.post(f"/work_pools/{name}/workers/filter", json=online).json()
        count = f"{len(workers)} worker{'s' if len(workers) != 1 else ''} listening"
        if found[name]["is_paused"]:
            state, remark, mend = State.DEGRADED, f"paused; {count}", f"prefect work-pool resume {name}"
        elif not workers:
            state, remark = State.DOWN, "no worker listens"
        else:
            state, remark, mend = State.HEALTHY, count, ""
        yield Check(subject=f"pool {name}", state=state, remark=remark, mend=mend, needed=needed)


def _receivers(client: httpx.Client) -> Iterator[Check]:
    """Receivers of webhooks that get nothing any more."""
    wanted = {"variables": {"tags": {"all_": [TAG]}}, "limit": 200}
    for found in client.post("/variables/filter", json=wanted).json():
        try:
            receiver = Endpoint.model_validate(found["value"])
        except ValidationError:
            continue  # edited by hand
        if receiver.paused:
            yield Check(
                subject="webhooks",
                state=State.DEGRADED,
                remark=f"{receiver.remark} {receiver.reason}",
                mend="mend the receiver, then send its messages anew: contraponto replay --endpoint HOST",
                needed=False,
            )


def service_checks(states: dict[str, ServiceState], stack: EmbeddedStack) -> Iterator[Check]:
    """What the supervisor starts again at the moment or again and again, and what it has given up."""
    troubled = False
    for name, service in states.items():
        crashes = stack.crashes(name, _CRASHES_WITHIN)
        given_up = service.state == "FATAL"
        down = given_up or service.state == "STOPPED"
        if service.is_running and crashes < _MANY_CRASHES:
            continue
        troubled = True
        if given_up:
            remark = "keeps ending; given up"
        elif service.is_running:
            minutes = _CRASHES_WITHIN.total_seconds() / 60
            remark = f"runs, but has ended by itself {crashes} times in {minutes:.0f} minutes"
        else:
            remark = f"{service.state.lower()}: {service.remark}"
        wait = "look at its log" if service.is_running else "wait: it is being started again"
        yield Check(
            subject=f"service {name}",
            state=State.DOWN if down else State.DEGRADED,
            remark=f"{remark}. The end of {stack.log(name)}:\n{last_lines(stack.log(name), count=5)}",
            mend=_UP if down else wait,
            needed=name not in (model_host.NAME, metrics.NAME),
        )
    if states and not troubled:
        yield Check(subject="services", state=State.HEALTHY, remark=f"{', '.join(states)} run")


def _here(api: Api, stack: EmbeddedStack) -> Iterator[Check]:
    settings = stack.settings
    redis_url = settings.redis_url or valkey.redis_url(stack.surroundings)
    mend = "check CONTRAPONTO_REDIS_URL" if settings.redis_url else _UP
    yield _used("redis", mend, lambda: _ping(redis_url))
    with api.in_force():
        yield _used("media store", "see CONTRAPONTO_STORE", lambda: _write_and_read(settings))
    yield _used("ffmpeg", ".venv/bin/pip install -e .", _run_ffmpeg)
    yield _models(settings)
    if model_host.wanted(settings):
        yield _model_host(stack)


def _used(subject: str, mend: str, use: Callable[[], str]) -> Check:
    """Healthy if it can be used; `use` returns the remark."""
    start = time.monotonic()
    try:
        remark = use()
    except ContrapontoError as error:
        return Check(subject=subject, state=State.DOWN, remark=error.message, mend=error.hint or mend)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(subject=subject, state=State.DOWN, remark=f"{type(error).__name__}: {error}", mend=mend)
    slow = time.monotonic() - start > _SLOW_SECONDS
    return Check(
        subject=subject,
        state=State.DEGRADED if slow else State.HEALTHY,
        remark=f"{remark}, but slowly" if slow else remark,
    )


def _ping(url: str) -> str:
    import redis  # noqa: PLC0415 - only where there is one to ask

    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        raise ConnectionError(str(error)) from error
    return "answers"


def _write_and_read(settings: Settings) -> str:
    from blocks.from_settings import media_store  # noqa: PLC0415 - brings Prefect, which takes seconds

    store = media_store(settings)
    key, content = f"health/{uuid.uuid4().hex}", uuid.uuid4().bytes
    store.put_bytes(content, key)
    try:
        if store.read_bytes(key) != content:
            raise OSError("what was read is not what was written")
    finally:
        store.remove(key)
    return f"{settings.store}: written, read and deleted"


def _run_ffmpeg() -> str:
    from tasks.media.ffmpeg import ffmpeg_binary  # noqa: PLC0415

    result = subprocess.run(
        [ffmpeg_binary(), "-version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=True
    )
    return " ".join(result.stdout.split()[:3])


def _models(settings: Settings) -> Check:
    from deployments.checks.models import default_models  # noqa: PLC0415
    from tasks.models.install import installed  # noqa: PLC0415

    wanted = default_models()
    missing = [
        name for name in wanted if name not in {record.name for record in installed(settings.models_dir)}
    ]
    return Check(
        subject="models",
        state=State.DOWN if missing else State.HEALTHY,
        remark=f"missing: {', '.join(missing)}" if missing else ", ".join(wanted) or "none wanted",
        mend=f"contraponto models get {' '.join(missing)}" if missing else "",
    )


def _model_host(stack: EmbeddedStack) -> Check:
    from tasks.inference.client import host_status  # noqa: PLC0415
    from tasks.inference.sockets import host_socket  # noqa: PLC0415

    status = host_status(host_socket(stack.settings.model_host, stack.surroundings.home))
    if status is None:
        remark = "no answer: jobs load their models themselves"
        return Check(subject="model host", state=State.DOWN, remark=remark, mend=_UP, needed=False)
    loaded = ", ".join(model.model for model in status.models) or "none"
    return Check(
        subject="model host",
        state=State.HEALTHY,
        remark=f"loaded: {loaded}; {status.served} served",
        needed=False,
    )

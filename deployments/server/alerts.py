"""Which events people are alerted to, where CONTRAPONTO_ALERTS_TO names some: automations of the server.

Each sends through the block `contraponto-alerts`, which holds no address, and lets one message of each kind pass in ten
minutes; what comes meanwhile it tells in one.
"""

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from blocks.alerts import AlertsNotification
from blocks.settings import Settings
from deployments.server.automations import LEFT
from deployments.server.saved_blocks import DOCUMENT
from tasks.jobs.unexpected import OPERATION_LABEL, UNEXPECTED_EVENT
from tasks.recovery.ends import JOB_TAG

PREFIX = "contraponto alert: "
"""Of the names of these automations."""

_WITHOUT_WORKERS = timedelta(minutes=5)
"""Workers that are restarted are away for a minute or two."""
_CYCLES = 3
_CYCLES_WITHIN = timedelta(minutes=15)

_CYCLE = "process-documents"
_RUN = """{{ flow_run.name }}: {{ flow_run.state.message }}

State: {{ flow_run.state.name }}
Job: {{ flow_run.id }}
{{ flow_run|ui_url }}
"""
_FAILED = """{{ flow_run.name }}: {{ event.payload.message }}

State: Failed
Job: {{ flow_run.id }}
{{ flow_run|ui_url }}
"""


def ensure_alerts(client: SyncPrefectClient, settings: Settings) -> None:
    """Make the automations that alert people, or bring them up to date; without addresses remove them."""
    automations = _automations(client, settings) if settings.alerts_to else []
    kept = {automation.name for automation in automations}
    for found in client.read_automations():
        if found.name.startswith(PREFIX) and found.name not in kept:
            client.delete_automation(found.id)
    for automation in automations:
        there = client.read_automations_by_name(automation.name)
        if not there:
            client.create_automation(automation)
        elif there[0].model_dump(exclude={"id"}) != automation.model_dump():
            client.update_automation(there[0].id, automation)


def _automations(client: SyncPrefectClient, settings: Settings) -> list[AutomationCore]:
    try:
        block = client.read_block_document_by_name(DOCUMENT, AlertsNotification.get_block_type_slug())
    except ObjectNotFound:
        return []

    def alert(name: str, trigger: EventTrigger, body: str, advice: str) -> AutomationCore:
        return AutomationCore(
            name=f"{PREFIX}{name}",
            description=f"Sends to CONTRAPONTO_ALERTS_TO. {advice}",
            enabled=True,
            trigger=trigger,
            actions=[
                SendNotification(
                    block_document_id=block.id, subject=f"Contraponto: {name}", body=f"{body}\n{advice}"
                )
            ],
        )

    return [
        # Bad input is the caller's matter: only what no caller can mend. The event comes just before the run ends.
        alert(
            "a job has failed unexpectedly",
            EventTrigger(
                expect={UNEXPECTED_EVENT},
                match=ResourceSpecification(
                    {"prefect.resource.id": "prefect.flow-run.*", OPERATION_LABEL: f"!{_CYCLE}"}
                ),
                posture=Posture.Reactive,
                threshold=1,
            ),
            _FAILED,
            "The log of the run has the details: contraponto logs JOB.",
        ),
        # Its process was killed, or its machine is gone: never the caller's fault, though it may start again by itself.
        alert(
            "a job has crashed",
            _reactive(("Crashed",), _tag(JOB_TAG), _not("deployment", _CYCLE)),
            _RUN,
            "Its process is gone. Jobs that can are started again by themselves; look whether memory was short.",
        ),
        # The tries of a day are used up: an endpoint misses a message.
        alert(
            "a webhook message is a dead letter",
            _reactive(("Failed", "Crashed"), _role("flow", "deliver-webhook")),
            _RUN,
            "contraponto dead-letters lists them; contraponto replay sends them when the endpoint works again.",
        ),
        # One cycle may fail; several are a record store that is away.
        alert(
            "the cycle over the record store fails",
            _reactive(
                ("Failed", "TimedOut", "Crashed"),
                _role("deployment", _CYCLE),
                threshold=_CYCLES,
                within=_CYCLES_WITHIN,
            ),
            _RUN,
            "Contracts wait until a cycle succeeds. Look whether the record store answers.",
        ),
        alert(
            "a pool has no worker",
            EventTrigger(
                after={"prefect.work-pool.not-ready"},
                expect={"prefect.work-pool.ready"},
                match=_resource("prefect.work-pool.*"),
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=_WITHOUT_WORKERS,
            ),
            "The pool {{ event.resource.name }} has had no worker for five minutes; its jobs wait.\n",
            "contraponto health says more; contraponto up restarts the workers of its machine.",
        ),
        # Unless the setting is shorter, `end-jobs` has not worked: it ends what is pending after 15 minutes at most.
        alert(
            "a job is pending and does not start",
            _silent(
                "Pending",
                ("Running", *(state for state in LEFT if state != "Pending")),
                timedelta(minutes=settings.alerts_pending_minutes),
            ),
            _RUN,
            "A worker took it and did not start it, and nobody ended it. contraponto cancel JOB does.",
        ),
        # Conversations wait for others, for days where they may.
        alert(
            "a job runs for very long",
            _silent(
                "Running",
                LEFT,
                timedelta(hours=settings.alerts_running_hours),
                _not("work-pool", "conversations"),
            ),
            _RUN,
            "contraponto logs JOB says what it does; contraponto cancel JOB ends it.",
        ),
    ]


def _reactive(
    states: tuple[str, ...],
    *related: ResourceSpecification,
    threshold: int = 1,
    within: timedelta = timedelta(),
) -> EventTrigger:
    """Of each run that comes into a state; with a `threshold` when so many did within a time."""
    return EventTrigger(
        expect={f"prefect.flow-run.{state}" for state in states},
        match=_resource("prefect.flow-run.*"),
        match_related=list(related),
        posture=Posture.Reactive,
        threshold=threshold,
        within=within,
    )


def _silent(
    state: str, left: tuple[str, ...], within: timedelta, *related: ResourceSpecification
) -> EventTrigger:
    """Of a job that stays in a state."""
    return EventTrigger(
        after={f"prefect.flow-run.{state}"},
        expect={f"prefect.flow-run.{other}" for other in left},
        match=_resource("prefect.flow-run.*"),
        match_related=[_tag(JOB_TAG), *related],
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _resource(pattern: str) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.id": [pattern]})


def _tag(tag: str) -> ResourceSpecification:
    return ResourceSpecification(
        {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
    )


def _role(role: str, name: str) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.role": role, "prefect.resource.name": name})


def _not(role: str, name: str) -> ResourceSpecification:
    return _role(role, f"!{name}")

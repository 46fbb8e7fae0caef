"""What the server does by itself when a run falls silent or ends without a word.

Runs that a worker took and never started are looked for by `end-jobs`, in the database: an automation that waits for
the event of the start would take a healthy run for a lost one when the server was killed with that event.
"""

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from tasks.recovery.ends import JOB_TAG

END_JOBS = "end-jobs/end-jobs"
"""The deployment that brings jobs to their end, as `flow/deployment`."""

_SILENCE = timedelta(seconds=75)
"""A run that has sent no heartbeat for this long is dead."""
_BETWEEN_POLLS = timedelta(seconds=5)
"""Of many ends at once the first is dealt with now, the others at the next poll."""

_HEARTBEAT = "prefect.flow-run.heartbeat"
LEFT = (
    *("Completed", "Failed", "TimedOut", "Cancelled", "Cancelling", "Crashed", "Paused", "Suspended"),
    # Waiting for another try or another start: no process, no heartbeat.
    *("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot", "Late", "Pending"),
)
"""States of a run that has no process."""
_EARLIER = (
    "contraponto: a run that stays pending has crashed",
    "contraponto: a process that stays pending has crashed",
    "contraponto: an ended job is announced",
)
"""Automations of earlier versions."""


def ensure_automations(client: SyncPrefectClient) -> None:
    """Create the project's automations, or bring them up to date. Those that name a deployment need it first."""
    for name in _EARLIER:
        for earlier in client.read_automations_by_name(name):
            client.delete_automation(earlier.id)
    for automation in (_silent(), *_ending(client)):
        found = client.read_automations_by_name(automation.name)
        if not found:
            client.create_automation(automation)
        elif found[0].model_dump(exclude={"id"}) != automation.model_dump():
            client.update_automation(found[0].id, automation)


def _silent() -> AutomationCore:
    """Its slot is freed and its end is known."""
    return AutomationCore(
        name="contraponto: a run that falls silent has crashed",
        description="Runs send a heartbeat every 30 s; one that stops without an end lost its process.",
        enabled=True,
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *_events(LEFT)},
            match=_resource("prefect.flow-run.*"),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=_SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message="The process of this run died: no heartbeat for 75 s.",
            )
        ],
    )


def _ending(client: SyncPrefectClient) -> list[AutomationCore]:
    try:
        deployment = client.read_deployment_by_name(END_JOBS)
    except ObjectNotFound:
        return []
    return [
        AutomationCore(
            name="contraponto: the end of a job is notified",
            description="Cancelled in the queue, killed, crashed: no process is left to notify of the end.",
            enabled=True,
            trigger=EventTrigger(
                expect=_events(("Cancelled", "Crashed", "Failed")),
                match=_resource("prefect.flow-run.*"),
                match_related=[
                    ResourceSpecification(
                        {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{JOB_TAG}"}
                    )
                ],
                posture=Posture.Reactive,
                threshold=1,
                within=_BETWEEN_POLLS,
            ),
            actions=[RunDeployment(deployment_id=deployment.id)],
        ),
    ]


def _events(states: tuple[str, ...]) -> set[str]:
    return {f"prefect.flow-run.{state}" for state in states}


def _resource(pattern: str) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.id": [pattern]})

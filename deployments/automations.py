"""What the server does by itself when a run falls silent, waits for nothing or ends without a word."""

from collections.abc import Iterable
from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from deployments.pools import POOL_NAMES
from tasks.endings.steps import JOB_TAG, PENDING, PENDING_PROCESS, pending_reason

END_JOBS = "end-jobs/end-jobs"
"""The deployment that brings jobs to their end, as `flow/deployment`."""

_SILENCE = timedelta(seconds=75)
"""A run that has sent no heartbeat for this long (they come every 30 s) is dead."""
_BETWEEN_LOOKS = timedelta(seconds=5)
"""Of many ends at once the first is dealt with now, the others at the next look."""

_LEFT = (
    *("Completed", "Failed", "TimedOut", "Cancelled", "Cancelling", "Crashed", "Paused", "Suspended"),
    # Waiting for another try or another start: no process, no heartbeat.
    *("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot", "Late", "Pending"),
)
_STARTED = ("Running", "Retrying", *(name for name in _LEFT if name != "Pending"))


def ensure_automations(client: SyncPrefectClient) -> None:
    """Create the project's automations, or bring them up to date. Those that name a deployment need it first."""
    for automation in (_silent(), _stuck(), _stuck_process(), *_ending(client)):
        found = client.read_automations_by_name(automation.name)
        if not found:
            client.create_automation(automation)
        elif found[0].model_dump(exclude={"id"}) != automation.model_dump():
            client.update_automation(found[0].id, automation)


def _silent() -> AutomationCore:
    """Its slot is freed and its end is known."""
    return _lost(
        "a run that falls silent has crashed",
        "Runs send a heartbeat every 30 s; one that stops without an end lost its process.",
        after={"prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.heartbeat", *_events(_LEFT)},
        within=_SILENCE,
        reason="The process of this run died: no heartbeat for 75 s.",
    )


def _stuck() -> AutomationCore:
    return _lost(
        "a run that stays pending has crashed",
        "A worker took the run and never started it. Long enough to fetch an image.",
        after={"prefect.flow-run.Pending"},
        expect=_events(_STARTED),
        within=PENDING,
        reason=pending_reason(PENDING),
    )


def _stuck_process() -> AutomationCore:
    return _lost(
        "a process that stays pending has crashed",
        "A worker took the run and never started it.",
        after={"prefect.flow-run.Pending"},
        expect=_events(_STARTED),
        within=PENDING_PROCESS,
        reason=pending_reason(PENDING_PROCESS),
        pools=POOL_NAMES,
    )


def _lost(
    name: str,
    description: str,
    *,
    after: set[str],
    expect: set[str],
    within: timedelta,
    reason: str,
    pools: Iterable[str] = (),
) -> AutomationCore:
    """A run, of these pools or of any, that after one event shows none of the others in time has crashed."""
    of_pools = {"prefect.resource.role": "work-pool", "prefect.resource.name": list(pools)}
    return AutomationCore(
        name=f"contraponto: {name}",
        description=description,
        enabled=True,
        trigger=EventTrigger(
            after=after,
            expect=expect,
            match=_resource("prefect.flow-run.*"),
            match_related=ResourceSpecification(of_pools if pools else {}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=reason)],
    )


def _ending(client: SyncPrefectClient) -> list[AutomationCore]:
    try:
        deployment = client.read_deployment_by_name(END_JOBS)
    except ObjectNotFound:
        return []
    return [
        AutomationCore(
            name="contraponto: an ended job is announced",
            description="Cancelled in the queue, killed, crashed: no process is left to announce the end.",
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
                within=_BETWEEN_LOOKS,
            ),
            actions=[RunDeployment(deployment_id=deployment.id)],
        )
    ]


def _events(states: tuple[str, ...]) -> set[str]:
    return {f"prefect.flow-run.{state}" for state in states}


def _resource(pattern: str) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.id": [pattern]})

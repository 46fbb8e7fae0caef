"""How long Prefect's database keeps what nobody removes: events, and what a run that is gone has left.

Ended runs with their logs and artifacts are removed by the job `cleanup`, which knows what is still needed (messages
that were not delivered, and the documents they speak of). Prefect's own clean-up of runs would take these, too, so only
its two other kinds are on.
"""

from datetime import timedelta

from blocks.settings import Settings

_EVENTS = timedelta(days=7)
"""Automations look back a minute; the web page shows days."""
_HEARTBEATS = timedelta(days=1)
"""Two a minute of every run that goes on."""
_LOOK = timedelta(hours=1)
_ORPHANS = timedelta(days=1)
_LEAST_LOOK = 30
_PARTS = 4
"""How much longer than it should something may stay: by a quarter."""


def environment(settings: Settings) -> dict[str, str]:
    """Variables of the server: nothing stays for longer than ended jobs do (`queue_job_ttl`)."""
    jobs = timedelta(seconds=settings.queue_job_ttl)
    events, heartbeats = min(_EVENTS, jobs), min(_HEARTBEATS, jobs)
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
        # Unlike the others this one is no number.
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"PT{_seconds(events)}S",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": (
            f'{{"prefect.flow-run.heartbeat": {_seconds(heartbeats)}}}'
        ),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": _every(_LOOK, events),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ORPHAN_CLEANUP_LOOP_SECONDS": _every(_ORPHANS, jobs),
        # Two hundred at a time, Prefect's default, are a request's worth; a night's worth is a hundred thousand.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_BATCH_SIZE": "1000",
    }


def _seconds(period: timedelta) -> str:
    return f"{period.total_seconds():.0f}"


def _every(usual: timedelta, kept: timedelta) -> str:
    return _seconds(min(usual, max(kept / _PARTS, timedelta(seconds=_LEAST_LOOK))))

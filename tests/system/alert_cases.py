"""For each alert rule: numbers at which it fires, and numbers like them at which it does not."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Series in Prometheus' notation for tests, one value a minute."""

    alert: str
    fires: str
    quiet: str
    at: str = "40m"
    """When both are looked at."""


def _level(name: str, bad: str, good: str, labels: str = "") -> tuple[str, str]:
    return f"contraponto_{name}{labels} {bad}x60", f"contraponto_{name}{labels} {good}x60"


_GPU = '{pool="gpu"}'
_STREAM = '{stream="videos", group="contraponto", status="dead"}'
_CYCLE = '{operation="process-documents", status="failed"}'

CASES = (
    Case("ContrapontoMetricsGone", 'up{job="contraponto"} 0x60', 'up{job="contraponto"} 1x60'),
    # A target that nobody scrapes any more has no series at all.
    Case("ContrapontoMetricsGone", 'up{job="other"} 1x60', 'up{job="contraponto"} 1x60'),
    Case("ContrapontoServerDown", *_level("up", "0", "1")),
    Case("ContrapontoNumbersMissing", *_level("collect_errors", "1", "0")),
    Case("ContrapontoEventsStuck", *_level("last_event_seconds", "400", "60")),
    Case("ContrapontoNobodyEndsJobs", *_level("end_jobs_seconds", "3600", "61")),
    Case("ContrapontoNoWorker", *_level("workers", "0", "1", _GPU)),
    # Workers that are restarted are away for a minute or two.
    Case(
        "ContrapontoNoWorker",
        "contraponto_workers{pool='gpu'} 1x20 0x40",
        "contraponto_workers{pool='gpu'} 1x37 0 0 1x30",
    ),
    Case("ContrapontoPoolStill", *_level("pool_still", "1", "0", _GPU)),
    Case("ContrapontoJobsWaitLong", *_level("pool_oldest_due_seconds", "2000", "1500", _GPU)),
    Case(
        "ContrapontoPendingLong",
        *_level("pool_longest_seconds", "1300", "900", '{pool="gpu", status="pending"}'),
    ),
    Case(
        "ContrapontoRunningLong",
        *_level("pool_longest_seconds", "11000", "10000", '{pool="gpu", status="running"}'),
    ),
    Case(
        "ContrapontoRunningLong",
        'contraponto_pool_longest_seconds{pool="cpu", status="running"} 11000x60',
        'contraponto_pool_longest_seconds{pool="conversations", status="running"} 90000x60',
    ),
    Case("ContrapontoSlotsHeld", *_level("slots_without_a_run", "1", "0", '{limit="deployment"}')),
    Case("ContrapontoModelHostDown", *_level("model_host_up", "0", "1")),
    # Old dead letters that nobody wants are no news.
    Case("ContrapontoDeadLetters", "contraponto_dead_letters 2x30 3x30", "contraponto_dead_letters 2x60"),
    Case("ContrapontoEndpointFailing", *_level("endpoints", "1", "0", '{state="failing"}')),
    Case("ContrapontoEndpointPaused", *_level("endpoints", "1", "0", '{state="paused"}')),
    Case("ContrapontoMessageBusDown", *_level("message_bus_up", "0", "1")),
    Case("ContrapontoListenerDown", *_level("listener_up", "0", "1", '{host="one"}')),
    Case(
        "ContrapontoMessagesOld",
        *_level("messages_oldest_seconds", "1000", "20", '{stream="videos", group="contraponto"}'),
    ),
    Case(
        "ContrapontoMessagesDead",
        f"contraponto_messages{_STREAM} 5x30 6x30",
        f"contraponto_messages{_STREAM} 5x60",
    ),
    # One document that cannot be read is no failing cycle.
    Case(
        "ContrapontoDocumentCycleFails",
        f"contraponto_jobs{_CYCLE} 7x36 8 9 10x30",
        f"contraponto_jobs{_CYCLE} 7x36 8 9x30",
    ),
    Case(
        "ContrapontoDiskNearlyFull",
        "contraponto_home_free_bytes 5x60\ncontraponto_home_size_bytes 100x60",
        "contraponto_home_free_bytes 20x60\ncontraponto_home_size_bytes 100x60",
    ),
    Case(
        "ContrapontoDiskFull",
        "contraponto_home_free_bytes 2x60\ncontraponto_home_size_bytes 100x60",
        "contraponto_home_free_bytes 5x60\ncontraponto_home_size_bytes 100x60",
    ),
)

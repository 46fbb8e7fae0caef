"""Numbers of messages for Prometheus: what waits on the bus, and what the listeners have done."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from blocks.message_bus import Backlog
from deployments.processes.pulse import pulses
from tasks.errors import ContrapontoError

Backlogs = Callable[[], Sequence[Backlog]]
"""Asks the bus how its streams stand. Raises a ContrapontoError if it does not answer."""


def bus_numbers(backlogs: Backlogs) -> Iterator[Metric]:
    """How each stream stands with each group that reads it."""
    up = GaugeMetricFamily("contraponto_message_bus_up", "Whether the message bus answers.")
    try:
        found = backlogs()
    except ContrapontoError:
        up.add_metric([], 0)
        yield up
        return
    up.add_metric([], 1)
    yield up
    by = ("stream", "group")
    state = GaugeMetricFamily(
        "contraponto_messages",
        "Messages that wait, that are being handled, and that could not be.",
        labels=(*by, "status"),
    )
    oldest = GaugeMetricFamily(
        "contraponto_messages_oldest_seconds", "Age of the oldest message that is not done.", labels=by
    )
    consumers = GaugeMetricFamily(
        "contraponto_message_consumers", "Consumers that have lately shown themselves.", labels=by
    )
    for each in found:
        names = [each.stream, each.group]
        for status, count in (("waiting", each.waiting), ("pending", each.pending), ("dead", each.dead)):
            state.add_metric([*names, status], count)
        oldest.add_metric(names, each.oldest_seconds or 0)
        consumers.add_metric(names, each.consumers)
    yield state
    yield oldest
    yield consumers


def listener_numbers(folder: Path) -> Iterator[Metric]:
    """What the listeners of the machines that share a home have done since their start."""
    up = GaugeMetricFamily(
        "contraponto_listener_up", "Whether a listener lives and has what it needs.", labels=("host",)
    )
    handled = CounterMetricFamily(
        "contraponto_messages_handled", "Messages that have started a run.", labels=("host", "stream")
    )
    failed = CounterMetricFamily(
        "contraponto_messages_failed", "Attempts at messages that failed.", labels=("host", "stream")
    )
    ended = CounterMetricFamily(
        "contraponto_ends", "Ends of runs that were answered or announced.", labels=("host", "kind")
    )
    for pulse in pulses(folder):
        up.add_metric([pulse.host], float(pulse.is_fresh and pulse.well))
        for family, kind in ((handled, "handled"), (failed, "failed"), (ended, "ended")):
            for name, count in pulse.counts.get(kind, {}).items():
                family.add_metric([pulse.host, name], count)
    yield up
    yield handled
    yield failed
    yield ended

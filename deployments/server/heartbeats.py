"""How runs say that they live. Without Prefect, for whoever only starts workers."""

HEARTBEAT_SECONDS = 30
"""How often a run reports that it lives."""

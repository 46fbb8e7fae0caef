"""What a submit consists of: the fields of `create_flow_run` and their types.

Prefect says nothing about some of them, and fails: the caller gets a 500 without a word.
"""

from typing import Any

_MAP, _TEXT, _LIST, _YES_OR_NO = "an object", "text", "a list", "true or false"
_TYPES: dict[str, type] = {_MAP: dict, _TEXT: str, _LIST: list, _YES_OR_NO: bool}

_FIELDS = {
    "parameters": _MAP,
    "labels": _MAP,
    "job_variables": _MAP,
    "context": _MAP,
    "empirical_policy": _MAP,
    "state": _MAP,
    "tags": _LIST,
    "name": _TEXT,
    "idempotency_key": _TEXT,
    "work_queue_name": _TEXT,
    "parent_task_run_id": _TEXT,
    "infrastructure_document_id": _TEXT,
    "enforce_parameter_schema": _YES_OR_NO,
}
"""All of `DeploymentFlowRunCreate` in Prefect 3.8; each may be left out, and all but the policy be null."""


_BANNED = frozenset("/%&><")
"""What no name has in Prefect's API, which fails when it would make a queue of such a name."""


def refusal(sent: Any) -> str | None:
    """A sentence about what is wrong with the fields of one submit; None if nothing is."""
    if not isinstance(sent, dict):
        return 'The body must be an object such as {"parameters": {…}}.'
    if "empirical_policy" in sent and sent["empirical_policy"] is None:
        return "empirical_policy must be an object, or be left out."  # Prefect fails at null
    for field, kind in _FIELDS.items():
        value = sent.get(field)
        if value is not None and not isinstance(value, _TYPES[kind]):
            return f"{field} must be {kind}."
    if not _BANNED.isdisjoint(sent.get("work_queue_name") or ""):
        return f"work_queue_name may not hold any of {' '.join(sorted(_BANNED))}."
    for number, tag in enumerate(sent.get("tags") or ()):
        if not isinstance(tag, str):
            return f"tags[{number}] must be text."
    for label, value in (sent.get("labels") or {}).items():
        if not isinstance(value, str | int | float):
            return f"labels.{label} must be text, a number, or true or false."
    return _state_refusal(sent.get("state") or {})


def _state_refusal(state: dict[str, Any]) -> str | None:
    """A job begins as scheduled: in any other state no worker would ever take it."""
    if state.get("type", "SCHEDULED") != "SCHEDULED":
        return "state.type must be SCHEDULED: a job begins by waiting for its turn."
    if state.get("data") is not None:
        return "state.data must be left out: a job that has not begun has no result."
    if not isinstance(state.get("state_details") or {}, dict):
        return "state.state_details must be an object."
    return None

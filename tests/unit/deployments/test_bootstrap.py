"""Which deployments have changed since they were last applied."""

from typing import Any

from deployments.server.bootstrap import _versions

ENTRY = {"name": "trim", "entrypoint": "flows/editing.py:trim", "work_pool": {"name": "gpu"}}
PIPELINE = {"name": "film", "flow_name": "promote", "entrypoint": "flows/promotion.py:promote"}
SCHEMAS = {"trim/trim": {"properties": {"start": {}}}, "promote/film": {"properties": {}}}


def versions(entry: dict[str, Any] = ENTRY, schemas: dict[str, Any] = SCHEMAS, **more: Any) -> dict[str, str]:
    return _versions({"pull": [], "definitions": {}, **more, "deployments": [entry, PIPELINE]}, schemas)


def changed(other: dict[str, str]) -> set[str]:
    before = versions()
    assert before.keys() == other.keys() == SCHEMAS.keys()
    return {name for name, version in other.items() if version != before[name]}


def test_what_is_the_same_is_not_applied_again() -> None:
    assert changed(versions(dict(reversed(ENTRY.items())), definitions={"cpu": {"name": "cpu"}})) == set()


def test_an_entry_or_a_schema_concerns_its_own_deployment_and_what_is_common_all() -> None:
    assert changed(versions({**ENTRY, "work_pool": {"name": "gpu-docker"}})) == {"trim/trim"}
    assert changed(versions({**ENTRY, "schedules": [{"slug": "nightly", "interval": 60}]})) == {"trim/trim"}
    assert changed(versions(schemas={**SCHEMAS, "promote/film": {"properties": {"a": {}}}})) == {
        "promote/film"
    }
    assert changed(versions(pull=[{"step": {"directory": "/app"}}])) == SCHEMAS.keys()

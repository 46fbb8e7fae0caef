"""`prefect server start`, tuned in some places for the one process that answers everybody.

    python -m deployments.embedded.serve [OPTIONS OF prefect server start]

- Some 400,000 objects live as long as the server. Each full garbage collection would look at all of them, and for a
  fifth of a second no request would be answered. They are kept out of its way.
- At each submit Prefect checks twice that the schema of the work pool is one, and once that of the parameters: two
  milliseconds and more. What has been found right once is right.
- For each access to the database Prefect reads its address anew, to know which kind it is. An address has one kind.
- Prefect's times are pendulum's, whose subtraction is slow, and the database's driver subtracts from each one that is
  written. They are given to it as Python's own.
- A submit is answered before what workers and runs ask for (`callers_first.py`).
"""

import functools
import gc
import importlib
import sys
from datetime import datetime
from typing import Any

from deployments.embedded.callers_first import CallersFirst

_KNOWN_SCHEMAS = 500


def check_each_schema_once() -> None:
    """From now on, Prefect does not check a schema again that it has found to be one in this process."""
    validator: Any = importlib.import_module("prefect.utilities.schema_tools.validation")._VALIDATOR
    check = validator.check_schema
    known: set[tuple[str, bool]] = set()

    def check_schema(schema: object, **options: Any) -> None:
        # `jsonschema.validate` asks without a checker of formats, Prefect with one.
        key = (repr(schema), "format_checker" in options)
        if key in known:
            return
        check(schema, **options)
        if len(known) >= _KNOWN_SCHEMAS:
            known.clear()
        known.add(key)

    validator.check_schema = check_schema


def read_each_address_once() -> None:
    """From now on, Prefect knows the kind of a database whose address it has read in this process."""
    dependencies: Any = importlib.import_module("prefect.server.database.dependencies")
    dependencies.get_dialect = functools.lru_cache(maxsize=8)(dependencies.get_dialect)


def write_plain_times() -> None:
    """From now on, Prefect gives the driver of its database times of the standard library, which mean the same."""
    timestamp: Any = importlib.import_module("prefect.server.utilities.database").Timestamp
    bind = timestamp.process_bind_param

    def process_bind_param(self: Any, value: datetime | None, dialect: Any) -> datetime | None:
        time = bind(self, value, dialect)
        return time if time is None or type(time) is datetime else _plain(time)

    timestamp.process_bind_param = process_bind_param


def _plain(time: datetime) -> datetime:
    return datetime(
        time.year,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
        time.microsecond,
        time.tzinfo,
        fold=time.fold,
    )


def answer_callers_first() -> None:
    """From now on, the application that Prefect serves lets submits pass; what it calls within itself does not wait."""
    server: Any = importlib.import_module("prefect.server.api.server")
    create_app = server.create_app

    def create(*arguments: Any, final: bool = False, **options: Any) -> Any:
        app = create_app(*arguments, final=final, **options)
        return CallersFirst(app) if final else app

    server.create_app = create


def main() -> None:
    """Be Prefect's server until it is told to stop."""
    gc.disable()  # what imports make stays
    answer_callers_first()
    command = importlib.import_module("prefect.cli").app
    check_each_schema_once()
    read_each_address_once()
    write_plain_times()
    gc.freeze()
    gc.enable()
    sys.argv[1:1] = ["server", "start"]
    command()


if __name__ == "__main__":
    main()

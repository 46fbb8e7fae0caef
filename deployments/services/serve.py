"""`prefect server start`, tuned in two places for the one process that answers everybody.

    python -m deployments.services.serve [OPTIONS OF prefect server start]

- Some 400,000 objects live as long as the server. Each full garbage collection would look at all of them, and for a
  fifth of a second no request would be answered. They are kept out of its way.
- At each submit Prefect checks twice that the schema of the work pool is one, and once that of the parameters: two
  milliseconds and more. What has been found right once is right.
"""

import gc
import importlib
import sys
from typing import Any

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


def main() -> None:
    """Be Prefect's server until it is told to stop."""
    gc.disable()  # what imports make stays
    importlib.import_module("prefect.server.api.server")
    command = importlib.import_module("prefect.cli").app
    check_each_schema_once()
    gc.freeze()
    gc.enable()
    sys.argv[1:1] = ["server", "start"]
    command()


if __name__ == "__main__":
    main()

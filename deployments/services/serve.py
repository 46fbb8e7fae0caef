"""`prefect server start`, with what it is made of kept out of the garbage collector's way.

    python -m deployments.services.serve [OPTIONS OF prefect server start]

Some 400,000 objects live as long as the server. Each full collection would look at all of them, and for a fifth of a
second no request would be answered.
"""

import gc
import importlib
import sys


def main() -> None:
    """Be Prefect's server until it is told to stop."""
    gc.disable()  # what imports make stays
    importlib.import_module("prefect.server.api.server")
    command = importlib.import_module("prefect.cli").app
    gc.freeze()
    gc.enable()
    sys.argv[1:1] = ["server", "start"]
    command()


if __name__ == "__main__":
    main()

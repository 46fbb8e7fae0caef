"""Makes the tables of Prefect's database those of this version, and enters the kinds of blocks that Prefect brings.

Servers do both when they start; of several that start at once on an empty database all but one would fail.
"""

import asyncio
import subprocess
import sys

from deployments.processes.environment import prefect_program
from deployments.server.prefect_internals import register_block_types


def main() -> None:
    """Do it in the database that Prefect's settings name; the exit code is 0 when all is there."""
    command = (prefect_program(), "server", "database", "upgrade", "--yes")
    # Without a bound: a large table takes as long as it takes.
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        sys.exit(code)
    asyncio.run(register_block_types())


if __name__ == "__main__":
    main()

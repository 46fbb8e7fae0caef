"""What jobs of each deployment take, as the code of the flows has it now.

    python -m deployments.server.flow_schemas FILE

It imports every flow, and is a process of its own for that: a program that stays would know them only as they were when
it first asked.
"""

import json
import sys
from pathlib import Path

from deployments.processes.environment import PROJECT
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pipelines import schema_of


def main() -> None:
    """Write the closed schemas into the file, by the full names of the deployments."""
    schemas = {listed.full_name: schema_of(listed) for listed in listed_flows(PROJECT).values()}
    Path(sys.argv[1]).write_text(json.dumps(schemas), encoding="utf-8")


if __name__ == "__main__":
    main()

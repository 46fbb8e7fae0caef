"""Warm starts of flow runs: a zygote with everything imported forks each run.

A process worker starts a fresh interpreter for every run, which takes seconds to import Prefect and the flows.
Here the worker starts `launch` instead, a tiny program that hands the run over to the zygote and then stands
for it: it carries signals one way and the exit status the other. To the worker it *is* the run.

    service ── worker ── launch ┄┄┄┄┄┄ socket ┄┄┄┄┄┄┐
        └──── zygote ── monitor (one a run) ── the run

A monitor leaves a mark of its run (`taken`); by those that a killed worker left, `lost_runs` tells the server at the
next start which runs are lost.

`service` is the service: it starts the worker and the zygote, and ends with them. A monitor watches one run: it
does not depend on the zygote any more, so a zygote that dies or restarts takes no run with it.

Linux only (`available`): elsewhere runs start in fresh interpreters.
"""

import sys
from pathlib import Path

from deployments.launcher.launch import LAUNCH_VARIABLE

available = sys.platform == "linux"
"""Whether runs can be forked here: the parts are tied together by features of Linux."""

SERVICE = Path(__file__).with_name("service.py")
LAUNCH = Path(__file__).with_name("launch.py")

RUN_COMMAND = (
    "sh -c 'set -- -m; "
    f'test -z "${LAUNCH_VARIABLE}" || set -- -I -S -E "${LAUNCH_VARIABLE}"; '
    """exec python "$@" prefect.engine'"""
)
"""Through the launcher of the worker, if it has one. Any command of its own spares a run the workspace that the
worker would build for it: two seconds less."""

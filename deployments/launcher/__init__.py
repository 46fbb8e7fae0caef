"""Warm starts of flow runs: a resident process with everything imported forks each run.

A process worker starts a fresh interpreter for every run, which takes seconds to import Prefect and the flows.
Here the worker starts `launch` instead, a tiny program that hands the run over to the resident and then stands
for it: it carries signals one way and the exit status the other. To the worker it *is* the run.

    keeper ── worker ── launch ┄┄┄┄┄┄ socket ┄┄┄┄┄┄┐
        └──── resident ── guard (one a run) ── the run

A guard leaves a mark of its run (`taken`); by those that a killed worker left, `lost_runs` tells the server at the
next start which runs are lost.

`keeper` is the service: it starts the worker and the resident, and ends with them. A guard watches one run: it
does not depend on the resident any more, so a resident that dies or starts anew takes no run with it.

Linux only (`available`): elsewhere runs start in fresh interpreters.
"""

import sys
from pathlib import Path

available = sys.platform == "linux"
"""Whether runs can be forked here: the parts are tied together by features of Linux."""

KEEPER = Path(__file__).with_name("keeper.py")
LAUNCH = Path(__file__).with_name("launch.py")

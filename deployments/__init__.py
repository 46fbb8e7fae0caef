"""Where and how it runs: the services on one machine, the server's contents, the command line."""

import os

# Prefect reports its use to its makers unless told not to; it reads this when it is imported.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

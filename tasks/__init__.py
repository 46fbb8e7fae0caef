"""The work that flows do: plain modules, joined to Prefect by `steps.py` and by what a job is on a server."""

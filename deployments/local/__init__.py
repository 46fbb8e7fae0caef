"""`contraponto run`: one job in one process, with a Prefect server of its own."""

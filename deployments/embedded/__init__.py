"""The stack of one machine: PostgreSQL, Valkey, Prefect server, workers and model host under a supervisor."""

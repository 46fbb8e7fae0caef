"""The pipelines: flows that name their stages in their order and leave the work to `tasks`."""

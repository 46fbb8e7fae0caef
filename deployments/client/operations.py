"""What is known here of the operation of a job: it comes with the module of its flow."""

from importlib import import_module

from deployments.processes.environment import PROJECT
from deployments.server.flow_catalogue import listed_flows
from tasks.jobs.document import JobDocument
from tasks.jobs.operations import Operation, find_operation


def operation_of(document: JobDocument) -> Operation | None:
    """The operation of a document; None if this checkout has no such flow."""
    known = find_operation(document.operation)
    listed = listed_flows(PROJECT).get(document.operation)
    if known is None and listed is not None:
        import_module(listed.module)
        known = find_operation(document.operation)
    return known

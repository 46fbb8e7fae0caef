"""Values of callers that cannot be told further: nested too deep, or no text or number that JSON can hold."""

UNREADABLE = (
    "Its parameters hold a value that is nested too deep, or that is no text or number that JSON can hold. "
    "Submit the job again without it."
)
"""The state of a run that was not handed to a worker says so."""

MOST_LEVELS = 64
"""Of lists and objects in each other that a job takes: documents and messages put it a few levels deeper."""


def is_nested_too_deep(value: object) -> bool:
    """Whether there are more than `MOST_LEVELS` lists and objects in each other."""
    level, levels = [value], 0
    while level:
        held = [found for found in level if isinstance(found, list | dict)]
        if held and levels == MOST_LEVELS:
            return True
        levels += 1
        level = [item for each in held for item in (each.values() if isinstance(each, dict) else each)]
    return False

"""Values of callers that cannot be told further: nested too deep, or no text or number that JSON can hold."""

UNREADABLE = (
    "Its parameters hold a value that is nested too deep, or that is no text or number that JSON can hold. "
    "Submit the job again without it."
)
"""The state of a run that was not handed to a worker says so."""

LEFT_OUT = "(left out: it is nested too deep, or is no text or number that JSON can hold)"
"""Stands in what a server tells where something cannot be told."""

MOST_LEVELS = 62
"""Of lists and objects in each other that a parameter may have: a body may have two more, which are around it."""


def is_nested_deeper(value: object, most: int) -> bool:
    """Whether there are more than so many lists and objects in each other."""
    level, levels = [value], 0
    while level:
        held = [found for found in level if isinstance(found, list | dict)]
        if held and levels == most:
            return True
        levels += 1
        level = [item for each in held for item in (each.values() if isinstance(each, dict) else each)]
    return False

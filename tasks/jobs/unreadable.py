"""Jobs whose parameters cannot be told: nested too deep, or no text or number that JSON can hold."""

UNREADABLE = (
    "Its parameters hold a value that is nested too deep, or that is no text or number that JSON can hold. "
    "Submit the job again without it."
)
"""The state of a run that was not handed to a worker says so."""

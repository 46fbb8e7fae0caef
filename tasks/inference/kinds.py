"""The kinds of work that a model host accepts: where each one's class is, imported only by who does the work."""

from importlib import import_module
from typing import Any

from tasks.inference.work import Work

KINDS = {
    "recognition": "tasks.speech.work:Recognition",
    "normalisation": "tasks.audio.work:Normalisation",
    "speech": "tasks.voice.work:Speaking",
    "sentences": "tasks.voice.work:SpeakingSentences",
    "diarization": "tasks.speakers.work:Diarization",
    "alignment": "tasks.narration.work:ScriptAlignment",
}
"""The class of each kind of work, as `module:name`."""


def work_class(target: str) -> type[Work[Any]]:
    """The class that a target of `KINDS` names."""
    module, _, name = target.partition(":")
    found = getattr(import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, Work)):
        raise TypeError(f"{target} is not work for a model")
    return found

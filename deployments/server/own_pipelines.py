"""The names of the user's own pipelines, for lists of what can be run."""

from collections.abc import Iterator

from blocks.settings import get_settings
from tasks.promotion.yaml_lines import YamlError, read_yaml

PARAMETER = "pipeline"
"""Of the flow that runs pipelines: which one."""


def own_pipelines() -> Iterator[tuple[str, str]]:
    """Name and description of each pipeline of the user's file.

    What is wrong with the file is said where its pipelines are deployed, run and listed (`flows.pipelines`), and not
    by every command that needs a name.
    """
    try:
        read, _ = read_yaml(get_settings().pipelines_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YamlError):
        return
    entries = read.get("pipelines") if isinstance(read, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(name := entry.get("name"), str):
            yield name, str(entry.get("description", ""))

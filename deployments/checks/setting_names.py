"""Checks of the names that settings are given by: misspelt ones, and those of earlier systems."""

from collections.abc import Iterator

from blocks.settings import explain, overruled, unrecognised
from blocks.settings_sources import MILLISECONDS
from deployments.checks.check import Check, judged


def setting_names() -> Iterator[Check]:
    """What is not understood, what has no effect, and what was read in another unit."""
    if unknown := unrecognised():
        remark = f"not understood: {', '.join(unknown)}"
        yield judged("settings", well=False, remark=remark, fix="correct or remove these names")
    for sentence in overruled():
        yield judged("settings", well=True, remark=sentence)
    for setting in explain():
        if setting.source.endswith(MILLISECONDS):
            new = f"CONTRAPONTO_{setting.name.upper()}"
            yield judged(
                "settings",
                well=True,
                remark=f"{setting.name} was read as milliseconds, which is {setting.value} s ({setting.source})",
                fix=f"{new} instead of the old name takes seconds",
            )

"""`changed_packages.py REQUIREMENTS`: the installed packages that the file pins to another version, with both."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

_PIN = re.compile(r"^[A-Za-z0-9][^\\\n]*", re.MULTILINE)
"""A line without what it is continued by: the hashes."""


def changes(requirements: str) -> Iterator[tuple[str, str, str]]:
    """Name, installed version and pinned one of each package that is there and would be replaced."""
    for line in _PIN.findall(requirements):
        pin = Requirement(line)
        if pin.marker and not pin.marker.evaluate():
            continue
        try:
            installed = version(pin.name)
        except PackageNotFoundError:
            continue
        if not pin.specifier.contains(installed, prereleases=True):
            yield pin.name, installed, str(pin.specifier).removeprefix("==")


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    found = ", ".join(f"{name} {before} -> {after}" for name, before, after in changes(text))
    sys.stdout.write(found)

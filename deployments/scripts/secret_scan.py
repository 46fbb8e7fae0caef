"""Looks for secrets among the files of the project; what a person has looked at and accepted is in `.secrets.baseline`.

    python -m deployments.scripts.secret_scan             exit code 1 for one that is new
    python -m deployments.scripts.secret_scan --accept    writes down that all that is found now is none

detect-secrets finds them. Its own hook wants its list written anew whenever a line moves; here the place of a finding
is its file alone. All files take some 15 s of processor: what was found in one is kept until it changes.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

from deployments.processes.environment import PROJECT

Findings = dict[str, dict[str, str]]
"""Of a file the digests of what looks like a secret, and of which kind each is."""

BASELINE = PROJECT / ".secrets.baseline"
_CACHE = PROJECT / ".secrets.cache"
_VERSION = version("detect-secrets")
_FOLDERS = ("flows", "tasks", "blocks", "deployments", "benchmarks", "docs", "tests", ".github")
_DIGESTS_AND_BINARIES = re.compile(
    r"(requirements.*\.txt|manifest\.toml|\.ttf|\.woff|\.pyc|\.svg|\.json|OFL\.txt)$"
)


def main() -> None:
    """Scan, and accept or compare."""
    found = scan(sorted(files()))
    if "--accept" in sys.argv[1:]:
        BASELINE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return
    known = json.loads(BASELINE.read_text(encoding="utf-8"))
    new = [f"{place}: {what}" for place, what in places(found, known)]
    if new:
        print("\n".join(new))  # noqa: T201
        sys.exit(
            "These look like secrets. Take them out, and change those that are real; for those that are none run:\n"
            "  python -m deployments.scripts.secret_scan --accept"
        )


def files() -> Iterator[str]:
    """Those of the checkout that a person writes, relative to it."""
    yield from (path.name for path in PROJECT.iterdir() if path.is_file() and _is_read(path))
    for folder in _FOLDERS:
        yield from (
            str(path.relative_to(PROJECT)) for path in (PROJECT / folder).rglob("*") if _is_read(path)
        )


def scan(paths: list[str]) -> Findings:
    """For each file with findings their digests and kinds."""
    kept = _kept()
    now = {path: hashlib.sha256((PROJECT / path).read_bytes()).hexdigest() for path in paths}
    changed = [path for path in paths if kept.get(path, ("", {}))[0] != now[path]]
    found = SecretsCollection(root=str(PROJECT))
    with default_settings():
        found.scan_files(*changed, num_processors=os.cpu_count() or 1)
    fresh: Findings = {path: {} for path in changed}
    for path, secret in found:
        fresh[path][secret.secret_hash] = secret.type
    every = {path: (now[path], fresh[path] if path in fresh else kept[path][1]) for path in paths}
    _CACHE.write_text(json.dumps([_VERSION, every]), encoding="utf-8")
    return {path: dict(sorted(secrets.items())) for path, (_, secrets) in every.items() if secrets}


def _kept() -> dict[str, tuple[str, dict[str, str]]]:
    """Of each file its digest and what was found in it."""
    try:
        by, kept = json.loads(_CACHE.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if by == _VERSION else {}


def places(found: dict[str, dict[str, str]], known: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    """File and kind of what has been found and is not known there."""
    for path, secrets in found.items():
        yield from ((path, kind) for digest, kind in secrets.items() if digest not in known.get(path, {}))


def _is_read(path: Path) -> bool:
    # An .env holds secrets and is nobody's but the user's; git ignores it.
    return (
        path.is_file()
        and path.name not in (".env", BASELINE.name, _CACHE.name)
        and not _DIGESTS_AND_BINARIES.search(path.name)
    )


if __name__ == "__main__":
    main()

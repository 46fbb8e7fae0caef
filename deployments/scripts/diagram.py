"""The packages of the project and their arrows, drawn from the imports."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from blocks.settings import PROJECT_ROOT

_TOP = ("deployments", "flows", "tasks", "blocks")
_SPLIT = ("deployments", "tasks")
"""Folders whose packages are drawn one by one."""
_EVERYWHERE = ("tasks.errors", "tasks.progress")
"""Two modules that nearly every other one uses: their arrows would hide the rest."""


def arrows(project: Path = PROJECT_ROOT) -> dict[str, set[str]]:
    """For each package those that its modules import."""
    modules = {
        ".".join(path.relative_to(project).with_suffix("").parts).removesuffix(".__init__"): path
        for top in _TOP
        for path in (project / top).rglob("*.py")
    }
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in modules.items():
        for imported in _imported(path, modules):
            if _package(imported) not in (_package(name), *_EVERYWHERE):
                found[_package(name)].add(_package(imported))
    return found


def _imported(path: Path, modules: Iterable[str]) -> Iterator[str]:
    known = set(modules)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                if name in known or node.module in known:
                    yield name if name in known else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


def _package(module: str) -> str:
    top, _, rest = module.partition(".")
    return f"{top}.{rest.partition('.')[0]}" if top in _SPLIT and rest else top


def reduced(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that a longer way says already.

    Raises:
        ValueError: packages form a circle, which is named.
    """
    below: dict[str, set[str]] = {}

    def reached(package: str, way: tuple[str, ...] = ()) -> set[str]:
        if package in way:
            raise ValueError(f"a circle of packages: {' → '.join([*way, package])}")
        if package not in below:
            direct = found.get(package, set())
            below[package] = direct.union(*(reached(each, (*way, package)) for each in direct))
        return below[package]

    return {
        package: {each for each in direct if not any(each in reached(other) for other in direct - {each})}
        for package, direct in found.items()
    }


def mermaid() -> str:
    """The diagram as a Mermaid block."""
    drawn = reduced(arrows())
    packages = sorted({*drawn, *(each for direct in drawn.values() for each in direct)})
    lines = ["```mermaid", "flowchart TD"]
    for top in _TOP:
        own = [package for package in packages if package.partition(".")[0] == top]
        if top in _SPLIT:
            lines += [
                f"  subgraph {top}",
                *(f"    {package}[{package.partition('.')[2]}]" for package in own),
                "  end",
            ]
        else:
            lines += [f"  {package}" for package in own]
    lines += [f"  {package} --> {each}" for package in packages for each in sorted(drawn.get(package, ()))]
    return "\n".join([*lines, "```"]) + "\n"

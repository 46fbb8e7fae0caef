"""Only three modules touch what Prefect's documentation does not promise; whoever needs more puts it there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.blocks.core import Block

ROOT = Path(__file__).parents[2]
CODE = ("flows", "tasks", "blocks", "deployments")
ALLOWED = (
    "tasks/prefect_internals.py",
    "deployments/server/prefect_internals.py",
    "deployments/server/prefect_startup.py",
)

_UNDOCUMENTED = (
    "prefect.server",
    "prefect.utilities",
    "prefect.logging.configuration",
    "prefect.settings.base",
    "prefect.settings.models",
    "prefect.context.GLOBAL_SETTINGS_CONTEXT",
    "prefect.context.refresh_global_settings_context",
)
"""Modules and names without an underscore that are Prefect's own affair all the same."""
_PATH = re.compile(r"prefect(\.\w+)+(:\w+)?")
_PRIVATE_VARIABLE = re.compile(r"PREFECT__\w+")

_TO_DEFINE = {"_block_type_name", "_block_type_slug", "_description", "_logo_url", "_documentation_url"}
"""What the documentation asks the author of a block for."""
_OF_BLOCKS = {
    name
    for name in (*vars(Block), *Block.__private_attributes__, *Block.__annotations__)
    if name.startswith("_") and not name.startswith("__")
} - _TO_DEFINE


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _is_internal(path: str) -> bool:
    """Whether a dotted path leads to an internal of Prefect."""
    first, *others = path.split(".")
    if first != "prefect":
        return False
    return any(_is_private(name) for name in others) or any(
        path == module or path.startswith(f"{module}.") for module in _UNDOCUMENTED
    )


def _chain(node: ast.expr) -> list[str]:
    """`a.b.c` as its names; empty for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def _imported(tree: ast.Module) -> dict[str, str]:
    """What of Prefect the names of a file stand for, wherever in it they are imported."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] == "prefect":
                    found[name.asname or "prefect"] = name.name if name.asname else "prefect"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prefect":
            for name in node.names:
                found[name.asname or name.name] = f"{node.module}.{name.name}"
    return found


def _docstrings(tree: ast.Module) -> set[int]:
    """Prose: strings that are statements of their own."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


class _Finder:
    def __init__(self, source: str) -> None:
        self._tree = ast.parse(source)
        self._imported = _imported(self._tree)
        self._prose = _docstrings(self._tree)

    def found(self) -> Iterator[tuple[int, str]]:
        """Line and what it touches."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                touched = self._by_import(node)
            elif isinstance(node, ast.Attribute):
                touched = self._by_attribute(node)
            elif isinstance(node, ast.Call):
                touched = self._by_call(node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                touched = self._by_string(node)
            else:
                continue
            for name in touched:
                yield getattr(node, "lineno", 0), name

    def _by_import(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        for name in node.names:
            path = f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
            if _is_internal(path):
                yield path

    def _path(self, node: ast.expr) -> str | None:
        first, *others = _chain(node) or [""]
        return ".".join([self._imported[first], *others]) if first in self._imported else None

    def _by_attribute(self, node: ast.Attribute) -> Iterator[str]:
        path = self._path(node)
        if path is None:
            if node.attr in _OF_BLOCKS:
                yield f"{node.attr} of a block"
        # The beginning of the path is told where it is imported.
        elif _is_private(node.attr) or (_is_internal(path) and not _is_internal(path.rpartition(".")[0])):
            yield path
        elif not isinstance(node.ctx, ast.Load):
            yield f"{path} (replaced)"

    def _by_call(self, node: ast.Call) -> Iterator[str]:
        if any(keyword.arg == "_sync" for keyword in node.keywords):
            yield "_sync"
        if not isinstance(node.func, ast.Name) or node.func.id not in (
            "getattr",
            "setattr",
            "delattr",
            "hasattr",
        ):
            return
        match node.args:
            case [owner, ast.Constant(value=str(name)), *_]:
                path = self._path(owner)
                if path is not None and (_is_private(name) or node.func.id in ("setattr", "delattr")):
                    yield f"{path}.{name}"
                elif name in _OF_BLOCKS:
                    yield f"{name} of a block"

    def _by_string(self, node: ast.Constant) -> Iterator[str]:
        if id(node) in self._prose:
            return
        text = str(node.value)
        if _PRIVATE_VARIABLE.fullmatch(text) or (
            _PATH.fullmatch(text) and _is_internal(text.replace(":", "."))
        ):
            yield text


def touched(source: str) -> list[str]:
    """The internals of Prefect that a file touches."""
    return [name for _, name in _Finder(source).found()]


def test_only_the_allowed_modules_touch_prefects_internals() -> None:
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100, "the code is not where it was"
    lines = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files
        if path.relative_to(ROOT).as_posix() not in ALLOWED
        for line, name in _Finder(path.read_text(encoding="utf-8")).found()
    ]
    assert not lines, (
        f"Internals of Prefect belong into {' or '.join(ALLOWED)}, with the reason and a guard. Found:\n"
        + "\n".join(lines)
    )


@pytest.mark.parametrize("module", ALLOWED)
def test_the_allowed_modules_are_there_and_need_to_be(module: str) -> None:
    assert touched((ROOT / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "import prefect._internal.control_listener",
        "from prefect._internal import metrics",
        "from prefect.concurrency._asyncio import concurrency",
        "from prefect.engine import _private",
        "from prefect import _experimental",
        "from prefect.server.api.server import create_app",
        "import prefect.server",
        "from prefect import server",
        "def late():\n    from prefect.utilities.engine import propose_state",
        "from prefect.utilities import engine",
        "import typing\nif typing.TYPE_CHECKING:\n    from prefect.settings.base import PrefectBaseSettings",
        "import importlib\nimportlib.import_module('prefect.server.api.server')",
        "modules = ('prefect._internal.metrics',)",
        "factory = 'prefect.server.api.server:create_app'",
        "environment = {'PREFECT__FLOW_RUN_ID': '1'}",
        "import prefect\nprefect.context._deployment_id.get()",
        "import prefect.context as context\ncontext._deployment_id",
        "import prefect\nprefect.server.api",
        "import prefect.context\nprefect.context.refresh_global_settings_context()",
        "from prefect import flows\nflows.something = None",
        "from prefect import Flow\nFlow.validate_parameters = None",
        "from prefect import flows\ngetattr(flows, '_private')",
        "from prefect import flows\nsetattr(flows, 'load_flow', None)",
        "block._block_document_name",
        "getattr(block, '_block_document_id', None)",
        "self._load_from_block_document(document)",
        "block.load('name', _sync=True)",
    ],
)
def test_it_is_found(source: str) -> None:
    assert touched(source)


@pytest.mark.parametrize(
    "source",
    [
        "from prefect import Flow, State, flow, get_client, task",
        "from prefect.client.schemas.objects import FlowRun",
        "from prefect.logging import get_logger",
        "from prefect.settings import PREFECT_API_URL, temporary_settings",
        "from prefect import __version__\n__version__.__class__",
        "from prefect import Flow\nname = Flow.__name__",
        "from prefect_docker.worker import DockerWorker\nDockerWorker._something",
        "from deployments.server import prefect_internals",
        "from tasks.fetching._guard import guard_process",
        '"""Of `prefect._internal`, see prefect.server."""',
        "def f():\n    'prefect.server.api'",
        "kind = 'prefect.flow-run.heartbeat'",
        "step = 'prefect.deployments.steps.set_working_directory'",
        "message = 'The server in prefect.server ended.'",
        "environment = {'PREFECT_API_URL': '1'}",
        "class Store(Block):\n    _block_type_name = 'Store'\n    _description = 'Keeps.'",
        "class Store(Block):\n    def _resolve_path(self): ...\n    def read_path(self, *, _sync=True): ...",
        "self._name = prefect = None\nprefect._something",
        "client._own = 1",
    ],
)
def test_it_is_left_alone(source: str) -> None:
    assert not touched(source)

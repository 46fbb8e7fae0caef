"""What the page on security promises has a test, and what it says of the locks is so."""

import ast
import re
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT

PAGES = (PROJECT_ROOT / "docs" / "security.md", PROJECT_ROOT / "docs" / "pt-BR" / "security.md")
LOCKS = ("requirements.txt", "requirements-dev.txt", "deployments/docker/requirements.txt")
_NAMED = re.compile(r"`([\w/]+\.py)::([\w:]+)`")


def named(page: Path) -> list[tuple[str, str]]:
    return _NAMED.findall(page.read_text(encoding="utf-8"))


def defined_in(file: Path) -> set[str]:
    """Their names as pytest has them, without parameters."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        functions = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {
            f"{prefix}{each.name}"
            for each in functions
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_")
        }
    return found


@pytest.mark.parametrize("test", sorted(set(named(PAGES[0]))), ids="::".join)
def test_every_test_that_the_page_names_exists(test: tuple[str, str]) -> None:
    file, name = test
    assert name in defined_in(PROJECT_ROOT / "tests" / file)


def test_every_line_of_a_table_names_a_test_or_says_that_there_is_none() -> None:
    for page in PAGES:
        rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
        heads = {rows[0], *(row for row in rows if row.rstrip(" |").endswith(("test", "teste")))}
        for row in set(rows) - heads:
            assert _NAMED.search(row) or row.endswith("| – |"), row


def test_both_languages_promise_the_same() -> None:
    assert sorted(named(PAGES[0])) == sorted(named(PAGES[1]))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_by_its_digest(lock: str) -> None:
    text = (PROJECT_ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith(("#", "-"))]
    assert requirements
    for requirement in requirements:
        assert re.match(r"[\w.-]+(\[[\w, ]+\])?==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement
    assert "://" not in text, "a lock names no registry"

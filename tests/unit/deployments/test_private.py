"""A home is its owner's alone, and what is not a home is left as it is."""

import os
from pathlib import Path

import pytest

from deployments.processes.private import keep_private, make_private_home, open_places
from tests.another_user import NOBODY, SOMEBODY, needs_root, says

_READ = "print(pathlib.Path(sys.argv[1]).read_text())"
_TRIED = f"""
try:
    {_READ}
except PermissionError:
    print("refused")
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that every user can reach, as a checkout in /srv."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o011 != 0o011:
            folder.chmod(0o755)
    return tmp_path


def old_home(place: Path) -> Path:
    """As an earlier version made it: with the umask of almost everybody."""
    home = place / "home"
    for file in ("store/jobs/talk.txt", "logs/server.log", "valkey/dump.rdb", "run/valkey.sock"):
        (home / file).parent.mkdir(parents=True)
        (home / file).write_text("private")
        (home / file).chmod(0o644)
    for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return home


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_home_lets_nobody_in(place: Path) -> None:
    make_private_home(place / "deep" / "home")
    assert mode(place / "deep" / "home") == 0o700


def test_a_home_that_is_there_is_closed_by_up_only(place: Path) -> None:
    home = old_home(place)
    make_private_home(home)
    assert mode(home) == 0o755
    assert [folder.name for folder in open_places(home)] == ["logs", "run", "store", "valkey"]
    keep_private(home)
    assert mode(home) == 0o700
    assert open_places(home) == []
    assert mode(home / "store" / "jobs" / "talk.txt") == 0o644, "files are left"


@needs_root
@pytest.mark.parametrize("user", [NOBODY, SOMEBODY])
@pytest.mark.parametrize("file", ["store/jobs/talk.txt", "logs/server.log", "valkey/dump.rdb"])
def test_another_user_reads_nothing_of_a_home(place: Path, user: int, file: str) -> None:
    home = old_home(place)
    assert says(user, _TRIED, str(home / file)) == "private", "it was open before"
    keep_private(home)
    assert says(user, _TRIED, str(home / file)) == "refused"


def test_a_folder_with_other_things_in_it_stays_open_and_ours_in_it_are_closed(place: Path) -> None:
    home = old_home(place)
    (home / "holiday pictures").mkdir(mode=0o755)
    keep_private(home)
    assert mode(home) == 0o755
    assert mode(home / "holiday pictures") == 0o755
    assert mode(home / "store") == 0o700
    assert open_places(home) == []


def test_records_are_a_homes_own_and_nobody_elses(place: Path) -> None:
    home = old_home(place)
    for name in ("records.db", "records.db-wal", "pipelines.yaml"):
        (home / name).write_text("contrato")
        (home / name).chmod(0o644)
    assert "records.db" in [found.name for found in open_places(home)]
    keep_private(home)
    assert mode(home) == 0o700, "it holds nothing that is not a home's"
    assert open_places(home) == []


def test_records_beside_other_things_are_closed_themselves(place: Path) -> None:
    home = old_home(place)
    (home / "holiday pictures").mkdir(mode=0o755)
    for name in ("records.db", "records.db-wal", "pipelines.yaml"):
        (home / name).write_text("contrato")
        (home / name).chmod(0o644)
    keep_private(home)
    assert mode(home) == 0o755
    assert [mode(home / name) for name in ("records.db", "records.db-wal", "pipelines.yaml")] == [
        *(0o600, 0o600, 0o644),
    ]
    assert open_places(home) == []


def test_links_are_not_followed(place: Path) -> None:
    home, elsewhere = old_home(place), place / "models of all"
    elsewhere.mkdir(mode=0o755)
    (home / "models").symlink_to(elsewhere)
    keep_private(home)
    assert mode(elsewhere) == 0o755


@needs_root
def test_what_belongs_to_another_user_is_left(place: Path) -> None:
    home = old_home(place)
    os.chown(home / "logs", SOMEBODY, SOMEBODY)
    keep_private(home)
    assert mode(home / "logs") == 0o755


@needs_root
def test_a_web_server_reads_a_store_that_is_shown_and_nothing_else(place: Path) -> None:
    home = old_home(place)
    keep_private(home, store_is_shown=True)
    assert says(NOBODY, _TRIED, str(home / "store" / "jobs" / "talk.txt")) == "private"
    assert says(NOBODY, _TRIED, str(home / "logs" / "server.log")) == "refused"
    assert says(NOBODY, _TRIED, str(home / "valkey" / "dump.rdb")) == "refused"
    assert open_places(home, store_is_shown=True) == []
    assert [folder.name for folder in open_places(home)] == ["store"]

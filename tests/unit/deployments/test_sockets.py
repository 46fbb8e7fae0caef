import os
import socket
import threading
import time
from pathlib import Path

import pytest

from deployments.processes.service import ServiceError
from deployments.processes.sockets import free_port, port_lock, socket_directory
from tests.another_user import SOMEBODY, needs_root


def test_sockets_lie_in_the_home_when_its_path_is_short(tmp_path: Path) -> None:
    home = Path("/tmp") / tmp_path.name[:8]
    try:
        assert socket_directory(home, "valkey.sock") == home / "run"
    finally:
        (home / "run").rmdir()
        home.rmdir()


def test_a_deep_home_gets_a_short_directory_of_its_own(tmp_path: Path) -> None:
    homes = [tmp_path / ("deep" * 40) / name for name in ("a", "b")]
    directories = [socket_directory(home, "valkey.sock") for home in homes]
    try:
        assert len(set(directories)) == 2
        for directory in directories:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(directory / "valkey.sock"))
            (directory / "valkey.sock").unlink()
            assert directory.stat().st_mode & 0o077 == 0
            assert directory.stat().st_uid == os.getuid()
    finally:
        for directory in directories:
            directory.rmdir()


def test_a_port_in_use_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_two_stacks_do_not_choose_a_port_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    order: list[str] = []
    holding = threading.Event()

    def first() -> None:
        with port_lock():
            holding.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    holding.wait(10)
    with port_lock():
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    with port_lock(), pytest.raises(ServiceError, match="Another stack"), port_lock(seconds=0.1):
        pass


@needs_root
def test_another_user_cannot_hold_up_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a lock that lies where everybody may write."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = tmp_path / f"contraponto-{os.getuid()}"
    place.mkdir()
    os.chown(place, SOMEBODY, SOMEBODY)
    with pytest.raises(ServiceError, match="belongs to another user"), port_lock():
        pass
    place.rmdir()
    with port_lock():
        assert place.stat().st_mode & 0o777 == 0o700

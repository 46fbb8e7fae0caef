"""A RabbitMQ for tests, of Debian's package: with a folder, ports and a name of its own."""

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

_ASKED_FOR = "CONTRAPONTO_TEST_ENGINE"
_CONFIGURATION = """\
listeners.tcp.default = 127.0.0.1:{port}
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
heartbeat = 10
log.console = true
log.console.level = warning
log.file = false
"""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


class RabbitMQ:
    """One broker that can be stopped, killed and started again on the same data and the same port."""

    def __init__(self, home: Path) -> None:
        found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
        assert found, "not installed: rabbitmq-server; `make test-engine` installs it on Debian"
        self._program = found[-1]
        self._home = home
        self.port, self._names_port, self._node_port = _free_port(), _free_port(), _free_port()
        (home / "rabbitmq.conf").write_text(_CONFIGURATION.format(port=self.port))
        (home / "plugins").write_text("[].\n")
        cookie = home / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(20))
        cookie.chmod(0o400)
        self._environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            # The script becomes the server then, instead of starting it.
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_NODENAME": f"contraponto{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._node_port),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            # Threads that wait must not take the processor from the tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }
        epmd = shutil.which("epmd", path="/usr/bin:/usr/local/bin")
        assert epmd is not None
        self._names = self._start(epmd, "-port", str(self._names_port), "-address", "127.0.0.1")
        self._broker: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With the user that RabbitMQ has from the start."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._home / "output.log").open("ab") as output:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command],
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start(self) -> None:
        self._broker = self._start(str(self._program))
        wait_until(self._ready, what="RabbitMQ", seconds=90)

    def _ready(self) -> bool:
        assert self._broker is not None
        assert self._broker.poll() is None, (self._home / "output.log").read_text()[-2000:]
        return _answers(self.port)

    def stop(self) -> None:
        """In good order."""
        if self._broker is not None:
            self._broker.terminate()
            try:
                self._broker.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
            self._broker = None

    def kill(self) -> None:
        """As a power failure would."""
        if self._broker is not None:
            self._broker.kill()
            self._broker.wait(timeout=30)
            self._broker = None

    def close(self) -> None:
        self.stop()
        self._names.terminate()
        self._names.wait(timeout=30)


@contextmanager
def running_rabbitmq(home: Path) -> Iterator[RabbitMQ]:
    """Skips where the tests of the engine stage are not wanted."""
    if os.environ.get(_ASKED_FOR) != "1":
        pytest.skip("starts RabbitMQ, which has to be installed: `make test-engine` runs it")
    broker = RabbitMQ(home)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()

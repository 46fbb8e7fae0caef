"""An installation without its server: database, bus, store, records and settings, none of which runs."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from blocks.settings import get_settings, reload_settings
from deployments.backup.make import backup
from deployments.backup.serving import serving
from deployments.embedded import postgres, valkey
from deployments.embedded.database import ask as asked
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.environment import Surroundings

FILLED = """
CREATE TABLE run (id integer PRIMARY KEY, result text);
INSERT INTO run SELECT number, 'results/' || number || '.txt' FROM generate_series(1, 50) AS number;
CREATE EXTENSION pg_trgm;
CREATE INDEX ON run USING gin (result gin_trgm_ops)
"""


def ask(url: str, *queries: str) -> str:
    """What the last of these queries answers."""
    answer = ""
    for query in queries:
        answer = "".join(str(value) for value in asked(url, query))
    return answer


@contextlib.contextmanager
def running(home: Path) -> Iterator[tuple[str, str]]:
    """The addresses of database and bus of a home."""
    here = Surroundings(home=home)
    with serving(postgres.service(here), here), serving(valkey.service(here), here):
        yield postgres.database_url(here).replace("+asyncpg", ""), valkey.redis_url(here)


@dataclass(frozen=True)
class Place:
    """A working directory with a `.env`, and the home that this names."""

    directory: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def home(self) -> Path:
        return self.directory / "home"

    def enter(self, **settings: str) -> EmbeddedStack:
        """Be there, with these settings in the environment."""
        self.directory.mkdir(exist_ok=True)
        self.monkeypatch.chdir(self.directory)
        self.monkeypatch.setenv("CONTRAPONTO_HOME", str(self.home))
        for name, value in settings.items():
            self.monkeypatch.setenv(f"CONTRAPONTO_{name.upper()}", value)
        reload_settings()
        return EmbeddedStack.from_settings()


@dataclass(frozen=True)
class Installation:
    """What was backed up, and its backup; tests change neither."""

    directory: Path
    backup: Path

    @property
    def home(self) -> Path:
        return self.directory / "home"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Made once: databases take their time."""
    folder = tmp_path_factory.mktemp("installation")
    with pytest.MonkeyPatch.context() as monkeypatch:
        place = Place(folder / "first", monkeypatch)
        _fill(place)
        made = backup(EmbeddedStack.from_settings(), folder / "backups", lambda line: None)
    get_settings.cache_clear()
    return Installation(place.directory, made)


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """No test leaves its settings to the next."""
    yield
    get_settings.cache_clear()


def _fill(made: Place) -> None:
    stack = made.enter()
    (made.directory / ".env").write_text("CONTRAPONTO_WEBHOOK_SECRET=kept-for-the-endpoints\n")
    made.home.mkdir(mode=0o700)
    with running(made.home) as (url, bus):
        ask(url, *FILLED.split(";"))
        with Redis.from_url(bus) as client:
            fill_bus(client)
    for key in ("results/1.txt", "results/2.txt", ".facts/ab/cd.json", "results/.unfinished-1"):
        file = stack.surroundings.home / "store" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(key)
    with contextlib.closing(sqlite3.connect(made.home / "records.db")) as records, records:
        records.execute("CREATE TABLE contract (title text)")
        records.execute("INSERT INTO contract VALUES ('aluguel')")
        records.execute("CREATE TABLE contrato (id text PRIMARY KEY, numero text, versoes json)")
        records.execute("INSERT INTO contrato VALUES ('c1', '7/2026', '[\"v1\", \"v2\"]')")
    (made.home / "api-auth").write_text("contraponto:never-written-anywhere\n")
    reload_settings()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty machine."""
    return Place(tmp_path / "second", monkeypatch)


def fill_bus(client: "Redis") -> None:
    """A stream with one message handled, one in hand, one waiting; a dead letter; marks that expire."""
    for number in range(3):
        client.xadd("escavador", {"mensagem": f"{number}"}, id=f"{number + 1}-0")
    client.xgroup_create("escavador", "workers", id="0")
    client.xreadgroup("workers", "one", {"escavador": ">"}, count=2)
    client.xack("escavador", "workers", "1-0")
    client.xdel("escavador", "1-0")
    client.xadd("contraponto:bus:dead:escavador:workers", {"mensagem": "poison"}, id="9-0")
    client.sadd("contraponto:bus:streams", "escavador")
    client.zadd("contraponto:bus:later:escavador:workers", {"again": 12.5})
    client.hset("facts", mapping={"a": "1"})
    client.rpush("list", "x", "y")
    client.set("contraponto:bus:done:escavador:workers:key", "1", ex=3600)


def bus_content(client: "Redis") -> dict[str, object]:
    """All that `fill_bus` is about."""
    [group] = client.xinfo_groups("escavador")
    return {
        "keys": sorted(client.keys()),
        "stream": client.xrange("escavador"),
        "dead": client.xrange("contraponto:bus:dead:escavador:workers"),
        "last": client.xinfo_stream("escavador")["last-generated-id"],
        "group": {name: group[name] for name in ("name", "pending", "last-delivered-id", "lag")},
        "pending": [
            (each["message_id"], each["consumer"], each["times_delivered"])
            for each in client.xpending_range("escavador", "workers", "-", "+", 10)
        ],
        "streams": client.smembers("contraponto:bus:streams"),
        "later": client.zrange("contraponto:bus:later:escavador:workers", 0, -1, withscores=True),
        "hash": client.hgetall("facts"),
        "list": client.lrange("list", 0, -1),
        "expires": 3500 < client.ttl("contraponto:bus:done:escavador:workers:key") <= 3600,
    }

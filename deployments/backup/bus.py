"""The message bus of the embedded Valkey: streams, dead letters and marks, as they are at one moment.

The backup holds a snapshot in Valkey's own format. To restore it, it becomes the base of an append-only file
(https://valkey.io/topics/persistence/): with one switched on, Valkey reads no other.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from deployments.backup.manifest import BackupError

FILE = "bus.rdb"
_ANSWER_SECONDS = 15
_MOST_SECONDS = 1800
_POLL_SECONDS = 0.1


def size(url: str) -> int:
    """Bytes of memory that the data takes; a snapshot takes less.

    Raises:
        BackupError: it does not answer.
    """
    with _client(url) as client:
        return int(client.info("memory")["used_memory"])


def snapshot(url: str, folder: Path) -> None:
    """Have Valkey write its data as they are now, and copy that file into the folder.

    Raises:
        BackupError: it does not answer, or cannot write.
    """
    with _client(url) as client:
        _wait(client)
        before = client.info("persistence")["rdb_saves"]
        # Where a rewrite of the append-only file goes on, it is made after that.
        client.bgsave(schedule=True)
        _wait(client, after=before)
        place, name = (str(client.config_get(each)[each]) for each in ("dir", "dbfilename"))
    shutil.copyfile(Path(place) / name, folder / FILE)


def place(folder: Path, data: Path) -> None:
    """Make the snapshot in a folder the data of a Valkey that has not been started yet."""
    files = data / "appendonlydir"
    files.mkdir(mode=0o700, parents=True)
    shutil.copyfile(folder / FILE, files / "appendonly.aof.1.base.rdb")
    (files / "appendonly.aof.1.incr.aof").touch()
    (files / "appendonly.aof.manifest").write_text(
        "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
    )


def _wait(client: "redis.Redis", after: int | None = None) -> None:
    """Until no snapshot is being written, and the last one went well; with `after`, until one more is there."""
    deadline = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < deadline:
        state = client.info("persistence")
        if not state["rdb_bgsave_in_progress"] and (after is None or state["rdb_saves"] > after):
            return
        if after is not None and state["rdb_last_bgsave_status"] != "ok":
            raise BackupError(
                "Valkey could not save its data.", hint="Its log says why; the disk may be full."
            )
        time.sleep(_POLL_SECONDS)
    raise BackupError(f"Valkey has not saved its data within {_MOST_SECONDS // 60} minutes.")


@contextmanager
def _client(url: str) -> Iterator["redis.Redis"]:
    try:
        with redis.Redis.from_url(
            url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS, decode_responses=True
        ) as client:
            yield client
    except redis.RedisError as error:
        raise BackupError(f"Valkey could not save its data: {error}.") from error

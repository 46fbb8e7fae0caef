"""Every key of one Redis copied into another, of whatever make and version.

By ordinary commands, as the servers do not read each other's snapshots. Streams keep their ids, groups, what is
pending in them and how often it was tried. The source must be still.
"""

import contextlib
from collections.abc import Iterable
from typing import Any

import redis

from deployments.backup.manifest import BackupError

_Redis = Any
"""A `redis.Redis` whose answers are bytes; its types leave open whether they are."""
_ANSWER_SECONDS = 60
_BATCH = 500


def copy(source_url: str, target_url: str) -> list[bytes]:
    """Copy all keys; which. What has a time to live keeps it.

    Raises:
        BackupError: a key is there already, or a server does not answer. What was copied is removed again.
    """
    copied: list[bytes] = []
    try:
        with contextlib.ExitStack() as undone, _client(source_url) as source, _client(target_url) as target:
            undone.callback(remove, target_url, copied)
            keys = sorted(source.scan_iter(count=_BATCH))
            _check_free(target, keys)
            for key in keys:
                copied.append(key)
                _copy_key(source, target, key)
            undone.pop_all()
    except redis.RedisError as error:
        raise BackupError(
            f"The data of the message bus could not be copied: {error}",
            hint="Check CONTRAPONTO_REDIS_URL.",
        ) from error
    return copied


def remove(url: str, keys: Iterable[bytes]) -> None:
    """Take back what was copied, as far as the server answers: where it stays, the next restore is refused."""
    with contextlib.suppress(redis.RedisError), _client(url) as target:
        for key in keys:
            target.delete(key)


def _check_free(target: _Redis, keys: list[bytes]) -> None:
    for key in keys:
        if target.exists(key):
            raise BackupError(
                f'The Redis of CONTRAPONTO_REDIS_URL has data already: the key "{key.decode(errors="replace")}".',
                hint="Name an empty one, or another database of it (redis://HOST:6379/1).",
            )


def _copy_key(source: _Redis, target: _Redis, key: bytes) -> None:
    kind, left = source.type(key), source.pttl(key)
    match kind:
        case b"string":
            target.set(key, source.get(key) or b"")
        case b"hash":
            target.hset(key, mapping=source.hgetall(key))
        case b"set":
            target.sadd(key, *source.smembers(key))
        case b"zset":
            target.zadd(key, dict(source.zrange(key, 0, -1, withscores=True)))
        case b"list":
            target.rpush(key, *source.lrange(key, 0, -1))
        case b"stream":
            _copy_stream(source, target, key)
        case b"none":  # its time was over
            return
        case other:
            raise BackupError(f"The bus has a key of a kind that is not known here: {other!r}.")
    if left >= 0:
        target.pexpire(key, max(1, left))


def _copy_stream(source: _Redis, target: _Redis, key: bytes) -> None:
    about = source.xinfo_stream(key)
    first = b"-"
    while entries := source.xrange(key, first, b"+", count=_BATCH):
        pipe = target.pipeline(transaction=False)
        for identifier, fields in entries:
            pipe.xadd(key, fields, id=identifier)
        pipe.execute()
        first = b"(" + entries[-1][0]
    for group in source.xinfo_groups(key):
        name, read = group["name"], group.get("entries-read")
        target.xgroup_create(key, name, id=group["last-delivered-id"], mkstream=True, entries_read=read)
        _copy_pending(source, target, key, name)
    if not target.exists(key):  # nothing is in it, and nobody reads it
        return
    target.execute_command(
        *("XSETID", key, about["last-generated-id"]),
        *("ENTRIESADDED", about["entries-added"], "MAXDELETEDID", about["max-deleted-entry-id"]),
    )


def _copy_pending(source: _Redis, target: _Redis, key: bytes, group: bytes) -> None:
    first: Any = b"-"
    while pending := source.xpending_range(key, group, first, b"+", _BATCH):
        pipe = target.pipeline(transaction=False)
        for entry in pending:
            pipe.xclaim(
                key,
                group,
                entry["consumer"],
                min_idle_time=0,
                message_ids=[entry["message_id"]],
                idle=entry["time_since_delivered"],
                retrycount=entry["times_delivered"],
                force=True,
                justid=True,
            )
        pipe.execute()
        first = b"(" + pending[-1]["message_id"]


def _client(url: str) -> _Redis:
    return redis.Redis.from_url(
        url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS, decode_responses=False
    )

"""The keys of the bus. Streams have the names that callers give them; all that is beside them begins with `PREFIX`."""

PREFIX = "contraponto:bus:"
CONVERSATION = "conversa_"
STREAMS = f"{PREFIX}streams"
"""Set of the streams that messages were published to."""
GROUPS = f"{PREFIX}groups"
"""Set of `STREAM:GROUP`, of all groups that consumers here have made."""
PERMANENT = (STREAMS, GROUPS)
"""Keys that never expire, beside streams, `again`, `later` and `dead`, of which each group of a stream has one."""


def _part(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")


def pair(stream: str, group: str) -> str:
    """What names a group of a stream."""
    return f"{_part(stream)}:{_part(group)}"


def unpaired(text: str) -> tuple[str, str]:
    """The stream and the group of a `pair`."""
    stream, _, group = text.partition(":")
    return tuple(each.replace("%3A", ":").replace("%25", "%") for each in (stream, group))  # type: ignore[return-value]


def again(stream: str, group: str) -> str:
    """Stream of the messages that a group has to handle once more: after a failure, or from its dead letters."""
    return f"{PREFIX}again:{pair(stream, group)}"


def later(stream: str, group: str) -> str:
    """Sorted set of those that go there when their pause is over."""
    return f"{PREFIX}later:{pair(stream, group)}"


def dead(stream: str, group: str) -> str:
    """Stream of a group's dead letters."""
    return f"{PREFIX}dead:{pair(stream, group)}"


def sent(stream: str, key: str) -> str:
    """Says that a message of this key was published."""
    return f"{PREFIX}sent:{pair(stream, key)}"


def done(stream: str, group: str, key: str) -> str:
    """Says that a group has handled a message of this key."""
    return f"{PREFIX}done:{pair(stream, group)}:{_part(key)}"


def call(nonce: str) -> str:
    """Says that a call of `publish` was carried out, for the case that its answer is lost and it is repeated."""
    return f"{PREFIX}call:{nonce}"


def wake(reader: str) -> str:
    """Stream that interrupts a reader of conversations."""
    return f"{PREFIX}wake:{reader}"

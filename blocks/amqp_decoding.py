"""What foreign programs put beside a message, as the client reads it: also what cannot be read.

The client ends the whole connection over a property that it cannot decode, and RabbitMQ delivers the message again on
the next one: a single message would stop the bus for ever. Here such a property counts as not there.
"""

import datetime
import struct

from pamqp import decode
from pamqp.common import FieldTable


def _short_text(value: bytes) -> tuple[int, str]:
    """Also of another encoding than UTF-8."""
    end = 1 + value[0]
    return end, value[1:end].decode(errors="replace")


def _timestamp(value: bytes) -> tuple[int, datetime.datetime | None]:
    """None for what is no time, such as nanoseconds, which lie beyond the year 9999."""
    try:
        return decode.timestamp(value)
    except (ValueError, OverflowError, OSError):
        return 8, None


def _table(value: bytes) -> tuple[int, FieldTable]:
    """Empty if anything in it cannot be read."""
    try:
        return decode.field_table(value)
    except (ValueError, ArithmeticError):
        return 4 + int(struct.unpack(">I", value[:4])[0]), {}


def read_all() -> None:
    """Has the client read properties this way from now on."""
    decode.METHODS.update(shortstr=_short_text, timestamp=_timestamp, table=_table)
    decode.TABLE_MAPPING[b"T"] = _timestamp

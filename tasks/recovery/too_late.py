"""How late a run may start: what two tags of its deployment say. They stand on its runs, too."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tasks.errors import InvalidInputError

SKIP = "skip-after:"
"""Begins the tag for the runs that schedules make."""
EXPIRE = "expire-after:"
"""Begins the tag for those that somebody has submitted."""
NEVER = "never"
"""Behind `SKIP`: every run of a schedule starts, however many have piled up."""

PATIENCE = {
    **{f"{minutes}m": timedelta(minutes=minutes) for minutes in (15, 30)},
    **{f"{hours}h": timedelta(hours=hours) for hours in (1, 2, 3, 4, 6, 8, 12)},
    **{f"{days}d": timedelta(days=days) for days in (1, 2, 3, 7, 14, 30)},
}
"""What may stand behind them. A server finds runs by whole tags, so these are all that there are."""

EXPIRE_TAGS = tuple(f"{EXPIRE}{name}" for name in PATIENCE)


def check_tags(tags: Iterable[str]) -> None:
    """Raises InvalidInputError for a tag that begins like one of these and means nothing."""
    for tag in tags:
        for start, allowed in ((SKIP, (*PATIENCE, NEVER)), (EXPIRE, tuple(PATIENCE))):
            if tag.startswith(start) and tag.removeprefix(start) not in allowed:
                raise InvalidInputError(
                    f'The tag "{tag}" has no effect.', hint=f"Write {start} and one of {', '.join(allowed)}."
                )


def starts_all(tags: Iterable[str]) -> bool:
    """Whether a pile of scheduled runs is wanted."""
    return f"{SKIP}{NEVER}" in tags


def too_late(tags: Iterable[str], start: str, due: datetime, now: datetime) -> str | None:
    """By how much a run that was due then is too late now, as in "more than 2h"; None: it is not."""
    named = [tag.removeprefix(start) for tag in tags if tag.startswith(start)]
    passed = [name for name in named if name in PATIENCE and now - due > PATIENCE[name]]
    return f"more than {min(passed, key=PATIENCE.__getitem__)}" if passed else None


def clock(moment: datetime) -> str:
    """A time as the sentences write it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"

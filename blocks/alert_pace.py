"""How often alerts of one subject go out, and what is told of those between two of them."""

import math
import time
from collections import Counter
from dataclasses import dataclass, field

_NAMED = 20
_LONGEST_LINE = 200
"""Characters of a line in the list."""
_OVERDUE = 10.0
"""Seconds after which it is no longer waited for whoever was to tell: the loop that it ran in may be gone."""
_KNOWN = 86_400.0
"""Seconds for which a subject is known: callers may have one for each job."""


@dataclass
class _HeldBack:
    lines: Counter[str] = field(default_factory=Counter)
    others: int = 0
    """Beside those whose lines are kept."""

    def add(self, line: str) -> None:
        if line in self.lines or len(self.lines) < _NAMED:
            self.lines[line] += 1
        else:
            self.others += 1


@dataclass
class Pace:
    """Lets one message of a subject pass in a time, and keeps lines of the others for one at the end of that.

    Each process has its own.
    """

    _sent: dict[str, float] = field(default_factory=dict)
    _held_back: dict[str, _HeldBack] = field(default_factory=dict)

    def passes(self, subject: str, pause: float, now: float | None = None) -> bool:
        """Whether a message of this subject may go out, `pause` seconds after the last; it is taken for sent then."""
        now = time.monotonic() if now is None else now
        if subject in self._held_back or now < self._sent.get(subject, -math.inf) + pause:
            return False
        self._sent = {name: sent for name, sent in self._sent.items() if now - sent < max(_KNOWN, pause)}
        self._sent[subject] = now
        return True

    def hold_back(self, subject: str, line: str, pause: float, now: float | None = None) -> float | None:
        """Keep a line; the seconds until all that is kept may go out, None if somebody was told that before."""
        now = time.monotonic() if now is None else now
        due = self._sent.get(subject, now) + pause
        nobody_waits = subject not in self._held_back or now > due + _OVERDUE
        self._held_back.setdefault(subject, _HeldBack()).add(line[:_LONGEST_LINE])
        return max(0.0, due - now) if nobody_waits else None

    def told(self, subject: str, now: float | None = None) -> str:
        """What was held back, as the text of a message, which is taken for sent now; empty if another has told it."""
        held_back = self._held_back.pop(subject, None)
        if held_back is None:
            return ""
        self._sent[subject] = time.monotonic() if now is None else now
        lines = [
            f"- {line}{f' ({count} times)' if count > 1 else ''}" for line, count in held_back.lines.items()
        ]
        number = held_back.lines.total() + held_back.others
        if held_back.others:
            lines.append(f"- and {held_back.others} others")
        return "\n".join([f"{number} more since the last message:", *lines])

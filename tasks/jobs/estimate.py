"""How far work probably is while it says nothing, so that whoever watches sees that it goes on."""

_SILENT_SECONDS = 1.5
"""Work that reports more often needs no estimate."""
_FIRST_SPEED = 0.002
"""Share of the work a second, while nothing is known: a model that is being loaded, say."""
_LEAD = 0.05
"""Share of what is left that the estimate may be ahead of a report before it slows down."""
_STEP = 0.001
"""What a person sees move."""
_MOST = 0.99


class Estimate:
    """Follows the reports of one piece of work.

    Between two of them it goes on at the mean speed so far, slower the further it is ahead of the last one; it never
    goes back, and never says that the work is done.
    """

    def __init__(self, now: float) -> None:
        """`now` and all other times are those of one clock, in seconds."""
        self._began = now
        self._moved = now
        self._reported = 0.0
        self.fraction = 0.0
        """0 to 1."""

    def report(self, fraction: float, now: float) -> None:
        """The work says how far it is."""
        self._reported = max(self._reported, fraction)
        if fraction > self.fraction:
            self.fraction, self._moved = fraction, now

    def advance(self, now: float) -> float:
        """How far the work is by now."""
        silent = now - self._moved
        if silent >= _SILENT_SECONDS:
            elapsed = self._moved - self._began
            speed = self._reported / elapsed if self._reported and elapsed > 0 else _FIRST_SPEED
            lead = _LEAD * (1 - self._reported) + _STEP
            ahead = (self.fraction - self._reported) / lead
            # No leap, however fast the work began.
            step = max(min(speed * silent, lead) / (1 + ahead), _STEP)
            self.fraction = max(self.fraction, min(self.fraction + step, _MOST))
            self._moved = now
        return self.fraction

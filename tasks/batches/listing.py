"""What a batch is told of its sources: the recordings, each once, and what is none."""

from dataclasses import dataclass, field
from pathlib import Path

from tasks.batches.document import LeftOut
from tasks.errors import ContrapontoError
from tasks.fetching.steps import is_url
from tasks.foreign_text import printable
from tasks.net.urls import mask_url


@dataclass(frozen=True)
class BatchItem:
    """One recording of a batch."""

    source: str
    """URL or store key; of a file of this machine its path."""
    identity: str
    """The same for the same recording in every run; another one when the file has changed."""
    title: str
    file: Path | None = None
    """The file that must be brought into the store before it can be worked on."""
    called: str | None = None
    """What the recording is called, where its list knows better than its file."""

    @property
    def shown(self) -> str:
        """The source for messages and results."""
        return mask_url(self.source) if is_url(self.source) else printable(self.source)


@dataclass(frozen=True)
class BadSource:
    """A source that could not be listed."""

    source: str
    error: ContrapontoError


@dataclass(frozen=True)
class Feed:
    """A feed that a list of subscriptions names, not read yet."""

    url: str


@dataclass
class Listing:
    """What the sources of a batch hold."""

    items: list[BatchItem] = field(default_factory=list)
    """Those to be worked on now, in the order of the sources; what failed before comes last."""
    skipped: int = 0
    """Recordings that are known from earlier runs."""
    left: int = 0
    """Recordings beyond the limit."""
    left_out: list[LeftOut] = field(default_factory=list)
    bad: list[BadSource] = field(default_factory=list)


class Recordings:
    """The recordings so far, each once: what two feeds of one podcast hold has one address, and a name in each."""

    def __init__(self) -> None:
        self._items: list[tuple[BatchItem, set[str]]] = []
        self._by_name: dict[str, int] = {}

    def add(self, item: BatchItem) -> None:
        """Takes a recording; one that is there already gets another identity."""
        names = (item.identity, f"at {item.source}")
        known = next((self._by_name[name] for name in names if name in self._by_name), len(self._items))
        if known == len(self._items):
            self._items.append((item, set()))
        self._items[known][1].add(item.identity)
        for name in names:
            self._by_name.setdefault(name, known)

    def items(self) -> list[tuple[BatchItem, set[str]]]:
        """Each with all identities that it has."""
        return self._items

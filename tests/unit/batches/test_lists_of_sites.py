"""Channels and feeds: what is new is reached, and what two lists name comes once."""

import pytest

from blocks.settings import get_settings
from tasks.batches.ledger import Ledger
from tasks.fetching.results import SourceEntry
from tests.servers.media import MediaServer

from .test_items import inbox, listed  # noqa: F401 - a fixture

CHANNEL = "https://www.youtube.com/@bees"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The videos of a channel, of which a listing gives only as many as it is asked for."""
    videos = [f"https://www.youtube.com/watch?v={n}" for n in range(30)]

    def entries(*_: object, max_items: int, **__: object) -> list[SourceEntry]:
        return [SourceEntry(url, url, url, None) for url in videos[:max_items]]

    monkeypatch.setattr("tasks.batches.items.list_entries", entries)
    return videos


@pytest.mark.usefixtures("inbox")
def test_the_newest_that_fail_again_and_again_do_not_hide_the_older(channel: list[str]) -> None:
    ledger = Ledger()
    runs: list[str] = []
    for _ in range(10):
        listing = listed(CHANNEL, ledger=ledger, max_items=3)
        runs += [item.source for item in listing.items]
        for item in listing.items:
            ledger.record(item.identity, "job", "engine")
    assert sorted(runs) == sorted(channel)


@pytest.mark.usefixtures("inbox")
def test_two_feeds_of_one_podcast_are_one(server: MediaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_ALLOWED_PRIVATE_HOSTS", f"127.0.0.1:{server.port}")
    get_settings.cache_clear()
    rss = "<rss><channel><item><title>Bees</title><guid>1</guid><enclosure url='/1.mp3'/></item></channel></rss>"
    atom = "<feed><entry><title>Bees</title><id>one</id><link rel='enclosure' href='/1.mp3'/></entry></feed>"
    for path, feed in (("/rss", rss), ("/atom", atom)) * 6:
        server.say(path, feed.encode(), content_type="text/xml")
    sources = [f"{server.url}/rss", f"{server.url}/atom", f"{server.url}/1.mp3"]
    first = listed(*sources)
    assert [item.title for item in first.items] == ["Bees"]
    for order in (sources, sources[::-1]):
        (item,) = listed(order[0]).items
        ledger = Ledger()
        ledger.record(item.identity, "job", None)
        again = listed(*sources, ledger=ledger)
        assert (again.items, again.skipped) == ([], 1), "whichever of its names is known"

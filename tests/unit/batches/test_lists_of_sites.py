"""Channels and feeds: what is new is reached, and what two lists name comes once."""

import gzip
from pathlib import Path

import pytest

from blocks.from_settings import media_store
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


OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>Subscriptions</title></head><body>
<outline text="Nature"><outline type="rss" text="Bees" xmlUrl="{url}/bees"/></outline>
<outline type="rss" text="Gone" xmlUrl="{url}/gone"/><outline text="Bad" xmlUrl="ftp://example.org/feed"/>
<outline type="rss" text="More" xmlUrl="{url}/more.opml"/><outline text="Bees again" xmlUrl="{url}/bees"/>
</body></opml>"""


@pytest.mark.parametrize("place", ["address", "store", "folder"])
def test_a_list_of_subscriptions_is_the_episodes_of_its_feeds(
    server: MediaServer,
    inbox: Path,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    monkeypatch.setenv("CONTRAPONTO_ALLOWED_PRIVATE_HOSTS", f"127.0.0.1:{server.port}")
    get_settings.cache_clear()
    rss = "<rss><channel><item><title>Bees</title><guid>1</guid><enclosure url='/1.mp3'/></item></channel></rss>"
    server.say("/bees", rss.encode(), content_type="text/xml")
    server.say("/gone", b"", status=404)
    text = OPML.format(url=server.url)
    server.say("/more.opml", text.encode(), content_type="text/x-opml")
    server.say("/subscriptions.opml", text.encode(), content_type="text/x-opml")
    media_store(get_settings()).put_text(text, "subscriptions.opml")
    (inbox / "subscriptions.opml").write_text(text, encoding="utf-8")
    sources = {
        "address": f"{server.url}/subscriptions.opml",
        "store": "subscriptions.opml",
        "folder": f"folder:{inbox}/subscriptions.opml",
    }
    found = listed(sources[place])
    assert [(item.source, item.title) for item in found.items] == [(f"{server.url}/1.mp3", "Bees")]
    assert [bad.source for bad in found.bad] == [
        f"{server.url}/gone",
        "ftp://example.org/feed",
        f"{server.url}/more.opml",
    ]
    assert "a list of feeds within a list of feeds" in str(found.bad[-1].error)
    (alone,) = listed(f"{server.url}/bees").items
    assert found.items[0].identity == alone.identity, "an episode is known whichever way its feed was named"


@pytest.mark.usefixtures("inbox")
def test_a_list_of_more_feeds_than_can_be_asked_is_refused() -> None:
    outlines = "".join(f'<outline xmlUrl="https://e.org/{number}"/>' for number in range(501))
    media_store(get_settings()).put_text(f"<opml><body>{outlines}</body></opml>", "all.opml")
    (bad,) = listed("all.opml").bad
    assert "501 feeds; 500 is the most" in str(bad.error)


@pytest.mark.usefixtures("inbox")
def test_slow_feeds_do_not_hold_a_batch_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.batches.items._FEEDS_SECONDS", 0.0)
    outline = '<outline xmlUrl="https://example.org/bees"/>'
    media_store(get_settings()).put_text(f"<opml><body>{outline}</body></opml>", "all.opml")
    (bad,) = listed("all.opml").bad
    assert (bad.source, bad.error.code) == ("https://example.org/bees", "timeout")


@pytest.mark.parametrize("place", ["store", "folder"])
def test_a_packed_list_is_a_list(inbox: Path, place: str) -> None:  # noqa: F811 - the fixture
    packed = gzip.compress(b"https://e.org/a.mp3\nhttps://e.org/b.mp3\n")
    (inbox / "talks.txt.gz").write_bytes(packed)
    media_store(get_settings()).put_bytes(packed, "talks.TXT.gz")
    found = listed({"store": "talks.TXT.gz", "folder": f"folder:{inbox}/talks.txt.gz"}[place])
    assert [item.source for item in found.items] == ["https://e.org/a.mp3", "https://e.org/b.mp3"]

"""Facts about videos and lists: yt-dlp's own extractors on pages of a fake YouTube, and its process on local ones."""

import io
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from yt_dlp import YoutubeDL

from tasks.errors import BlockedAddressError, InvalidInputError, SourceForbiddenError, SourceNotFoundError
from tasks.fetching import _ytdlp_child as child
from tasks.fetching._protocol import Described, NotDescribed, Request
from tasks.fetching._ytdlp_facts import survey
from tasks.fetching.results import TransferOptions
from tasks.fetching.site_facts import VideoFacts
from tasks.fetching.sites import describe_videos, survey_site
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import check_url
from tests.servers.youtube import CHANNEL, FakeYouTube, listed

WATCH = "https://www.youtube.com/watch?v="


@pytest.fixture
def youtube() -> FakeYouTube:
    fake = FakeYouTube()
    fake.add("aaaaaaaaaaa", "Primeira aula — ação", "2024-03-05T10:00:00-03:00")
    fake.add("bbbbbbbbbbb", "Segunda aula", "2026-11-01T23:30:00-03:00")
    fake.refuse("ccccccccccc", "Private video")
    return fake


def asked(action: Any, most: int = 10) -> Request:
    return Request(
        action=action,
        url=WATCH,
        directory="",
        allowed=(),
        max_bytes=0,
        max_seconds=0,
        max_items=most,
        dedicated_only=False,
        cookies=None,
        proxy=None,
    )


class Reader:
    """yt-dlp as the process sets it up, on the fake."""

    def __init__(self, youtube: FakeYouTube, action: Any, most: int = 10) -> None:
        request = asked(action, most)
        self.session = child._Session(request, io.StringIO())
        self.ydl = YoutubeDL(child._options(request, None, self.session))
        youtube.connect(self.ydl)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())


def described(youtube: FakeYouTube, *names: str) -> list[VideoFacts | str]:
    reader = Reader(youtube, "describe")
    with reader.ydl as ydl:
        replies = [child._described(ydl, n, WATCH + name, reader.session, ()) for n, name in enumerate(names)]
    return [each.video if isinstance(each, Described) else each.failed.code for each in replies]


def test_what_a_videos_page_tells(youtube: FakeYouTube) -> None:
    (video,) = described(youtube, "aaaaaaaaaaa")
    assert isinstance(video, VideoFacts)
    assert (video.id, video.title, video.site) == ("aaaaaaaaaaa", "Primeira aula — ação", "Youtube")
    assert (video.channel, video.channel_id) == ("Canal de teste", CHANNEL)
    assert video.published == date(2024, 3, 5)
    assert video.published_at == datetime(2024, 3, 5, 13, tzinfo=UTC)
    assert (video.duration, video.views, video.live) == (600, 12345, "not_live")
    assert (video.tags, video.categories) == (("história", "Brasil"), ("Education",))
    assert [(each.title, each.start, each.end) for each in video.chapters] == [
        ("Início", 0, 300),
        ("Fim da conversa", 300, 540),
        ("Créditos", 540, 600),
    ]
    assert video.thumbnail is None or video.thumbnail.startswith("https://")
    assert len(youtube.asked) == 1, "one page is all that is needed: no player, no formats"


def test_a_bad_video_stops_no_other(youtube: FakeYouTube) -> None:
    first, private, gone, last = described(
        youtube, "aaaaaaaaaaa", "ccccccccccc", "ddddddddddd", "bbbbbbbbbbb"
    )
    assert isinstance(first, VideoFacts)
    assert private == SourceForbiddenError.code
    assert gone == SourceNotFoundError.code
    assert isinstance(last, VideoFacts)


def test_a_playlist_with_the_dates_that_it_shows(youtube: FakeYouTube) -> None:
    youtube.playlists["PLxyz"] = [
        listed("aaaaaaaaaaa", "Primeira aula", "2 years ago"),
        listed("bbbbbbbbbbb", "Segunda aula", "3 weeks ago"),
    ]
    reader = Reader(youtube, "survey")
    with reader.ydl as ydl:
        found = survey(ydl, "https://www.youtube.com/playlist?list=PLxyz", 10)
    assert found.list is not None
    assert (found.list.kind, found.list.title) == ("playlist", "Aulas")
    assert found.list.description == "Todas as aulas"
    assert [each.url for each in found.videos] == [WATCH + "aaaaaaaaaaa", WATCH + "bbbbbbbbbbb"]
    today = datetime.now(UTC).date()
    ages = [(today - each.about).days for each in found.videos if each.about]
    assert 729 <= ages[0] <= 732
    assert 20 <= ages[1] <= 22


def test_a_channel_up_to_a_limit(youtube: FakeYouTube) -> None:
    names = [f"video{number:06}" for number in range(5)]
    youtube.playlists[CHANNEL] = [listed(name, name, "1 day ago") for name in names]
    reader = Reader(youtube, "survey", most=3)
    with reader.ydl as ydl:
        found = survey(ydl, f"https://www.youtube.com/channel/{CHANNEL}/videos", 3)
    assert found.list is not None
    assert (found.list.kind, found.list.channel_id) == ("channel", CHANNEL)
    assert [each.id for each in found.videos] == names[:3]


def test_a_single_video_is_no_list(youtube: FakeYouTube) -> None:
    reader = Reader(youtube, "survey")
    with reader.ydl as ydl:
        found = survey(ydl, WATCH + "bbbbbbbbbbb", 10)
    assert found.list is None
    assert [(each.id, each.about) for each in found.videos] == [("bbbbbbbbbbb", date(2026, 11, 2))]


def test_the_process_answers_for_each_address(server: Any, loopback: AddressPolicy, tone: bytes) -> None:
    server.say("/a.wav", tone)
    good = server.page(
        "/aula", '<html><head><title>Aula de história</title></head><video src="/a.wav"></video></html>'
    )
    gone = server.say("/gone", b"no", status=404)
    private = f"http://127.0.0.2:{server.port}/x"
    options = TransferOptions(loopback, deadline=60)
    found = describe_videos([check_url(url) for url in (gone, good, private)], options)
    assert isinstance(found[0], SourceNotFoundError)
    assert isinstance(found[1], VideoFacts)
    assert found[1].title.startswith("Aula de história")
    assert isinstance(found[2], BlockedAddressError)
    assert describe_videos([], options) == []
    listing = server.page(
        "/list", '<title>T</title><video src="/a.wav"></video><p><video src="/b.wav"></video>'
    )
    surveyed = survey_site(check_url(listing), options)
    assert surveyed.list is not None
    assert [each.url for each in surveyed.videos] == [server.url + "/a.wav", server.url + "/b.wav"]


def test_one_list_among_videos_is_refused(server: Any, loopback: AddressPolicy) -> None:
    several = server.page(
        "/list", '<title>T</title><video src="/a.wav"></video><p><video src="/b.wav"></video>'
    )
    (found,) = describe_videos([check_url(several)], TransferOptions(loopback, deadline=60))
    assert isinstance(found, InvalidInputError)
    assert "several videos" in str(found)


def test_not_described_says_why() -> None:
    failed = NotDescribed(number=0, failed=child._failed(SourceNotFoundError("Gone.", hint="Check it.")))
    assert failed.failed.code == "source_not_found"

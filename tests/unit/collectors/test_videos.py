"""Which videos are looked at, and results that fit."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tasks.collectors.fitting import fitted
from tasks.collectors.videos import (
    Candidates,
    CollectedVideo,
    Spoken,
    VideoTranscript,
    abridged,
    newest_first,
    with_little_text,
    without_segments,
)
from tasks.fetching.site_facts import ListedVideo

_DAYS = st.none() | st.dates(date(2020, 1, 1), date(2026, 1, 1))


def listed(name: str, about: date | None = None) -> ListedVideo:
    return ListedVideo(url=f"https://v/{name}", id=name, title=name, about=about)


def ids(candidates: Candidates) -> list[str]:
    return [each.id for each in candidates.videos]


def test_the_newest_first_whatever_the_order_of_the_list() -> None:
    playlist = [
        listed("old", date(2020, 1, 1)),
        listed("new", date(2026, 1, 1)),
        listed("middle", date(2023, 1, 1)),
    ]
    assert ids(Candidates.of([playlist], None)) == ["new", "middle", "old"]


def test_lists_without_dates_take_turns_and_each_video_comes_once() -> None:
    first, second = [listed("a1"), listed("a2"), listed("both")], [listed("b1"), listed("both")]
    assert ids(Candidates.of([first, second, []], None)) == ["a1", "b1", "a2", "both"]


@given(st.dates(), st.dates())
def test_no_day_is_too_early_or_too_late(about: date, since: date) -> None:
    found = ids(Candidates.of([[listed("a", about)]], since))
    assert found == (["a"] if (since - about).days <= 2 else [])


def test_what_is_surely_too_old_is_not_looked_at() -> None:
    since = date(2026, 3, 5)
    videos = [
        listed("day before", since - timedelta(1)),
        listed("week before", since - timedelta(7)),
        listed("unknown"),
    ]
    assert ids(Candidates.of([videos], since)) == ["unknown", "day before"]


@given(st.lists(st.lists(_DAYS, max_size=8), max_size=4), _DAYS)
def test_nothing_is_lost_but_what_is_too_old(days: list[list[date | None]], since: date | None) -> None:
    lists = [[listed(f"{a} {b}", day) for b, day in enumerate(each)] for a, each in enumerate(days)]
    found = Candidates.of(lists, since).videos
    assert len({each.url for each in found}) == len(found)
    for each in (each for one in lists for each in one):
        old = since is not None and each.about is not None and each.about + timedelta(2) < since
        assert (each in found) is not old
    dated = [each.about for each in found if each.about]
    assert dated == sorted(dated, reverse=True)


def spoken(name: str, seconds: int) -> CollectedVideo:
    said = tuple(Spoken(start=n, end=n + 1, text="Olá, mundo.") for n in range(seconds))
    transcript = VideoTranscript(language="pt", text="Olá, mundo. " * seconds, segments=said)
    return CollectedVideo(
        url="u", id=name, title=name, description="d" * 5000, tags=("t",) * 100, transcript=transcript
    )


def test_what_is_short_stays_whole() -> None:
    videos = [spoken("a", 2)]
    assert fitted(videos, (without_segments,)).items == tuple(videos)
    assert fitted(videos, (without_segments,)).complete
    assert fitted([]).complete


def test_what_is_long_goes_step_by_step() -> None:
    shorter = (without_segments, abridged, with_little_text)
    videos = [spoken(str(n), 3000) for n in range(5)]
    no_times = fitted(videos, shorter, most_bytes=300_000)
    assert not no_times.complete
    assert [len(each.transcript.segments) for each in no_times.items if each.transcript] == [0] * 5
    assert no_times.items[0].transcript is not None
    assert no_times.items[0].transcript.text == videos[0].transcript.text  # type: ignore[union-attr]
    brief = fitted(videos, shorter, most_bytes=30_000)
    assert [len(each.description) for each in brief.items] == [500] * 5
    least = fitted(videos, shorter, most_bytes=1_000)
    assert 0 < len(least.items) < 5
    assert sum(len(each.model_dump_json()) for each in least.items) < 1_000
    assert fitted(videos, shorter, most_bytes=10).items == ()


def test_the_order_of_the_result() -> None:
    days = [None, date(2020, 1, 1), date(2026, 1, 1)]
    videos = [CollectedVideo(url="u", id=str(day), title="t", published=day) for day in days]
    assert [each.published for each in newest_first(videos)] == [date(2026, 1, 1), date(2020, 1, 1), None]

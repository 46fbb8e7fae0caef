"""What an answer goes by: recorded jobs, files, classes of machines; and what is wrong with them, in a sentence."""

import statistics
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import InvalidInputError
from tasks.sizing.answer import Question, answer
from tasks.sizing.arrivals import DAY, FLAT, HOUR, poisson, profile, with_peak
from tasks.sizing.assumed import MACHINE_CLASSES, AssumedKind
from tasks.sizing.history import (
    RecordedJob,
    most_at_once,
    read_jobs,
    start_overheads,
    start_seconds,
    write_jobs,
)
from tasks.sizing.kinds import Kind, recorded_kinds, with_media
from tasks.sizing.source import from_class, from_file, from_jobs

MIDNIGHT = datetime(2026, 5, 4, tzinfo=UTC)


def job(
    submitted: float, wait: float, service: float, media: float | None = None, queue: str = "default"
) -> RecordedJob:
    """Times in seconds after midnight."""
    came = MIDNIGHT + timedelta(seconds=submitted)
    began = came + timedelta(seconds=wait)
    return RecordedJob(
        submitted=came,
        began=began,
        ended=began + timedelta(seconds=service),
        operation="transcribe",
        queue=queue,
        media_seconds=media,
    )


def test_jobs_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    jobs = [job(0, 1.5, 60, 600), job(30, 0.25, 10, None, "high")]
    text = StringIO()
    write_jobs(reversed(jobs), text)
    file = tmp_path / "jobs.csv"
    file.write_text(text.getvalue())
    assert read_jobs(file) == jobs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "jobs.csv has no column submitted"),
        ("submitted,began\n", "jobs.csv has no column ended"),
        ("submitted,began,ended\n", "jobs.csv holds no jobs"),
        ("submitted,began,ended\nnow,then,later\n", "jobs.csv, line 2: submitted: "),
        ("submitted,began,ended\n2026-05-04T09:00:00Z,,\n", "jobs.csv, line 2: began: Field required"),
        (
            "submitted,began,ended\n" + "2026-05-04T09:00:00," * 2 + "2026-05-04T09:00:00\n",
            "a time needs its zone",
        ),
        (
            "submitted,began,ended\n2026-05-04T09:00:00Z,2026-05-04T08:00:00Z,2026-05-04T10:00:00Z\n",
            "submitted before it begins",
        ),
        (
            "submitted,began,ended,media_seconds\n" + "2026-05-04T09:00:00Z," * 3 + "-1\n",
            "line 2: media_seconds: Input should be greater than or equal to 0",
        ),
        ('submitted,began,ended\n"2026', "line 2: "),
    ],
)
def test_a_bad_file_of_jobs_is_told_of(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match=said) as caught:
        from_file(file)
    assert "submitted,began,ended" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kinds: [", "cannot be read as YAML"),
        ("", "the file: Input should be a valid dictionary"),
        ("kinds: []", "kinds: List should have at least 1 item"),
        ("kinds: [{}]", "kinds.0: say how long it takes in one way"),
        ("kinds: [{seconds: 1, p50: 1, p95: 2}]", "kinds.0: say how long it takes in one way"),
        ("kinds: [{p50: 1}]", "kinds.0: p50 and p95 belong together"),
        ("kinds: [{p50: 3, p95: 2}]", "kinds.0: p50 and p95 belong together"),
        (
            "kinds: [{media_minutes: 3}]",
            "kinds.0: media_minutes and seconds_per_media_second belong together",
        ),
        ("kinds: [{seconds: 1, queue: urgent}]", "kinds.0.queue: Input should be 'high', 'default' or 'low'"),
        ("kinds: [{seconds: .inf}]", "kinds.0.seconds: Input should be a finite number"),
        ("kinds: [{second: 1}]", "kinds.0.second: Extra inputs are not permitted"),
        ("hours: [1, 2]\nkinds: [{seconds: 1}]", "the file: hours are 24 numbers"),
    ],
)
def test_a_bad_description_is_told_of(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match=said):
        from_file(file)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"neither a CSV nor a YAML"):
        from_file(tmp_path / "jobs.xlsx")
    with pytest.raises(InvalidInputError, match="cannot be read as CSV"):
        from_file(tmp_path / "nothing.csv")
    with pytest.raises(InvalidInputError, match="cannot be read as YAML"):
        from_file(tmp_path / "nothing.yml")
    with pytest.raises(InvalidInputError, match='No machine class "h200" was measured'):
        from_class("h200")


def test_starts_are_told_from_waiting_for_a_slot() -> None:
    # Two slots: the third waits for the first to end, and then for its own start.
    jobs = [job(0, 1, 10), job(0, 2, 20), job(5, 7.5, 4), job(100, 0.5, 1)]
    assert start_overheads(jobs, 2) == [1, 2, 1.5, 0.5]
    assert start_seconds(jobs, 2) == 1.25
    assert most_at_once(jobs) == 2


def test_recorded_jobs_make_a_question() -> None:
    jobs = [job(day * DAY + 9 * HOUR + number * 60, 1, 30, 300) for day in range(10) for number in range(20)]
    source = from_jobs(jobs, "recorded here", slots=3)
    assert source.jobs_per_day == pytest.approx(200 / 9, rel=0.02)
    assert source.start_seconds == 1
    assert source.slots == 3
    assert source.hours is not None
    here = (MIDNIGHT + timedelta(hours=9)).astimezone().hour
    assert source.hours.index(max(source.hours)) == here
    assert source.kinds == [Kind("transcribe", "default", 200, (30.0,) * 200)]
    assert "200 recorded here, 2026-05-04 to 2026-05-13" in source.basis


def test_longer_media_take_longer_by_what_grows_with_them() -> None:
    # Five seconds, and a tenth of the length.
    jobs = [job(0, 1, 5 + minutes * 6, minutes * 60) for minutes in (5, 10, 15)]
    longer = with_media([*jobs, job(0, 1, 7)], 20 * 60)
    assert [round(each.service, 3) for each in longer] == [65, 125, 185, 7]
    assert statistics.fmean(each.media_seconds or 0 for each in longer[:3]) == pytest.approx(1200)
    with pytest.raises(InvalidInputError, match="None of these jobs says how long its media are"):
        with_media([job(0, 1, 7)], 60)


def test_kinds_keep_their_queues() -> None:
    kinds = recorded_kinds([job(0, 0, 5, queue="low"), job(0, 0, 6), job(1, 0, 7)])
    assert [(kind.queue, kind.share, kind.seconds) for kind in kinds] == [
        ("default", 2, (6.0, 7.0)),
        ("low", 1, (5.0,)),
    ]


def test_a_described_kind_has_the_distribution_that_was_asked_for() -> None:
    spread = AssumedKind(p50=20, p95=90).kind().seconds
    assert np.percentile(spread, [50, 95]) == pytest.approx([20, 90], rel=0.08)
    media = AssumedKind(media_minutes=10, seconds_per_media_second=0.1, fixed_seconds=2).kind().seconds
    assert statistics.fmean(media) == pytest.approx(62)
    measured = MACHINE_CLASSES["2-cores"].kind(596 / 60).seconds
    # The figure of the manual.
    assert statistics.fmean(measured) == pytest.approx(54.2, abs=2)


@given(st.floats(1.0, 20.0), st.lists(st.floats(0, 10), min_size=24, max_size=24))
def test_a_day_has_the_peak_that_was_asked_for(peak: float, shape: list[float]) -> None:
    made = with_peak(shape if sum(shape) else FLAT, peak)
    assert sum(made) == pytest.approx(24)
    distinct = sum(1 for each in shape if each >= max(shape) * (1 - 1e-9))
    if distinct * peak <= 24 and max(shape) - min(shape) > 1e-3:
        assert max(made) == pytest.approx(peak, rel=1e-3)


@pytest.mark.parametrize("peak", [0.5, 21, float("nan")])
def test_a_day_has_no_such_peak(peak: float) -> None:
    with pytest.raises(InvalidInputError, match=r"A peak of .* is none"):
        with_peak(FLAT, peak)


def test_arrivals_follow_the_hours() -> None:
    shape = [1.0] * 12 + [3.0] * 12
    found = poisson(shape, 2400, 20, np.random.default_rng(1))
    assert (np.diff(found) >= 0).all()
    assert len(found) == pytest.approx(48_000, rel=0.02)
    assert ((found % DAY) >= DAY / 2).mean() == pytest.approx(0.75, abs=0.01)
    assert profile([]) == FLAT


def question(**changed: object) -> Question:
    asked: dict[str, object] = {
        "kinds": [Kind("job", "high", 1, (30.0,)), Kind("job", "low", 4, (60.0, 90.0))],
        "hours": FLAT,
        "jobs_per_day": 3000,
        "slots": 1,
        "start_seconds": 1.0,
        "wait": 60.0,
        "cost_per_machine": 40.0,
    }
    return Question(**(asked | changed))  # type: ignore[arg-type]


def test_the_answer_is_the_smallest_number_that_is_enough() -> None:
    found = answer(question())
    # 3000 jobs of 67 s take 2.3 machines.
    assert found.machines is not None
    assert [row.machines for row in found.rows] == list(range(2, found.machines + 3))
    assert [row.enough for row in found.rows] == [row.machines >= found.machines for row in found.rows]
    assert all((row.wait.p95 <= 60) is row.enough for row in found.rows)
    assert [row.cost_a_month for row in found.rows] == [40.0 * row.machines for row in found.rows]
    assert found.rows[0].waiting_at_midnight > 100
    assert found.rows[-1].waiting_at_midnight < 10
    assert all(row.queues["high"].p95 <= row.queues["low"].p95 for row in found.rows)
    assert answer(question()) == found
    assert answer(question(seed=2)) != found


def test_only_the_urgent_may_have_to_begin_soon() -> None:
    every, urgent = answer(question()), answer(question(queue="high"))
    assert urgent.machines is not None
    assert every.machines is not None
    assert urgent.machines < every.machines


def test_slots_of_a_machine_count() -> None:
    assert answer(question(slots=3)).machines == -(-(answer(question()).machines or 0) // 3)


def test_what_cannot_be_answered_is_said() -> None:
    assert answer(question(most_machines=2)).machines is None
    too_few = answer(question(most_machines=1))
    assert (too_few.machines, too_few.least_machines) == (None, 3)
    assert [row.machines for row in too_few.rows] == [1]
    with pytest.raises(InvalidInputError, match="cannot be simulated"):
        answer(question(jobs_per_day=1e9))
    with pytest.raises(InvalidInputError, match="No job is in the queue default"):
        answer(question(queue="default"))
    with pytest.raises(InvalidInputError, match="none comes in 30 days"):
        answer(question(jobs_per_day=1e-6))

import struct
from pathlib import Path

import pytest

from tasks.errors import LimitExceededError
from tasks.fetching.length import check_length, stop_if_too_long
from tasks.progress import ignore_progress

RATE = 16_000


def partial_wav(path: Path, *, stated_seconds: int, bytes_there: int) -> None:
    """The beginning of a WAV file whose header states more than has arrived."""
    size = stated_seconds * RATE * 2
    header = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16) + b"data" + struct.pack("<I", size)
    path.write_bytes(header + bytes(bytes_there))


def test_a_header_that_states_too_much_ends_the_download(tmp_path: Path) -> None:
    report = stop_if_too_long(ignore_progress, tmp_path, 7200, "https://example.com/a.wav")
    report(0.0)
    partial_wav(tmp_path / ".abc.part", stated_seconds=3 * 3600, bytes_there=300_000)
    with pytest.raises(LimitExceededError, match="180 minutes long; the limit is 120 minutes"):
        report(0.1)


def test_what_is_within_the_limit_goes_on_and_is_looked_at_once(tmp_path: Path) -> None:
    seen: list[float] = []
    report = stop_if_too_long(seen.append, tmp_path, 7200, "https://example.com/a.wav")
    partial_wav(tmp_path / ".abc.part", stated_seconds=3600, bytes_there=300_000)
    report(0.1)
    partial_wav(tmp_path / ".abc.part", stated_seconds=3 * 3600, bytes_there=300_000)
    report(0.2)
    assert seen == [0.1, 0.2]


def test_what_is_no_media_yet_is_left_to_the_end(tmp_path: Path) -> None:
    (tmp_path / ".abc.part").write_bytes(b"\0" * 400_000)
    stop_if_too_long(ignore_progress, tmp_path, 1, "https://example.com/a.mp4")(0.5)


def test_the_message_masks_credentials() -> None:
    with pytest.raises(LimitExceededError) as caught:
        check_length(100, 60, "https://user:secret@example.com/a.mp3")
    assert "secret" not in str(caught.value)
    assert "100 seconds long; the limit is 60 seconds" in str(caught.value)

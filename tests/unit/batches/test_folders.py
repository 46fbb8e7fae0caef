from pathlib import Path

import pytest

from tasks.batches.folders import recordings_in
from tasks.errors import InvalidInputError, SourceNotFoundError


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    for name in ("b.mp3", "a.WAV", "sub/ação.flac", ".hidden.mp3", ".git/c.mp3", "notes.txt"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return folder


def test_media_files_are_found_by_name_hidden_ones_left_out(inbox: Path) -> None:
    found = [path.relative_to(inbox).as_posix() for path in recordings_in(inbox, [inbox])]
    assert found == ["a.WAV", "b.mp3", "sub/ação.flac"]


def test_a_folder_below_an_open_one_may_be_read(inbox: Path) -> None:
    assert [path.name for path in recordings_in(inbox / "sub", [inbox])] == ["ação.flac"]


@pytest.mark.parametrize("name", ["..", "../other", "sub/../../other"])
def test_other_folders_are_closed(inbox: Path, name: str) -> None:
    (inbox.parent / "other").mkdir()
    with pytest.raises(InvalidInputError, match="may not be read"):
        list(recordings_in(inbox / name, [inbox]))


def test_links_that_lead_out_are_left_out(inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(b"x")
    (inbox / "link.mp3").symlink_to(secret)
    assert "link.mp3" not in [path.name for path in recordings_in(inbox, [inbox])]


def test_a_missing_folder_is_named(inbox: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="nothing-here"):
        list(recordings_in(inbox / "nothing-here", [inbox]))

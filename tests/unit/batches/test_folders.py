import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.batches.document import LeftOut
from tasks.batches.folders import recordings_in
from tasks.errors import InvalidInputError, SourceNotFoundError


def sorted_out(folder: Path, allowed: Sequence[Path]) -> tuple[list[Path], dict[str, str]]:
    """The recordings, and why each other file is none, by its name."""
    found = list(recordings_in(folder, allowed))
    left_out = {Path(each.source).name: each.reason for each in found if isinstance(each, LeftOut)}
    return [each for each in found if isinstance(each, Path)], left_out


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    for name in ("b.mp3", "a.WAV", "sub/ação.flac", ".hidden.mp3", ".git/c.mp3", "notes.txt"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return folder


def test_media_files_are_found_by_name_hidden_ones_left_out(inbox: Path) -> None:
    found, left_out = sorted_out(inbox, [inbox])
    assert [path.relative_to(inbox).as_posix() for path in found] == ["a.WAV", "b.mp3", "sub/ação.flac"]
    assert sorted(left_out) == [".git", ".hidden.mp3", "notes.txt"]
    assert "hidden" in left_out[".git"]


def test_a_folder_below_an_open_one_may_be_read(inbox: Path) -> None:
    assert [path.name for path in sorted_out(inbox / "sub", [inbox])[0]] == ["ação.flac"]


@pytest.mark.parametrize("name", ["..", "../other", "sub/../../other"])
def test_other_folders_are_closed(inbox: Path, name: str) -> None:
    (inbox.parent / "other").mkdir()
    with pytest.raises(InvalidInputError, match="may not be read"):
        list(recordings_in(inbox / name, [inbox]))


def test_links_that_lead_out_are_left_out(inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(b"x")
    (inbox / "link.mp3").symlink_to(secret)
    found, left_out = sorted_out(inbox, [inbox])
    assert "link.mp3" not in [path.name for path in found]
    assert "link out of the folders" in left_out["link.mp3"]


def test_a_missing_folder_is_named(inbox: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="nothing-here"):
        list(recordings_in(inbox / "nothing-here", [inbox]))


ODD_NAMES = (
    "a#b.mp3", "what?.wav", "100%.mp3", "a%23b.mp3", "two words.mp3", "a+b&c;d=e.mp3", "🐝.mp3", "ação.mp3",
    "ac\u0327a\u0303o.mp3", "会議.mp3", "встреча.mp3", "مقابلة.mp3", "-rf.mp3", "--help.mp3", "Case.mp3", "case.mp3",
    "a:b.mp3", "a b.mp3", "a|b.mp3", "[x].mp3", "//[.mp3", "http:.mp3", "a\nb.mp3", "a\\b.mp3", "'\".mp3",
    "a..mp3", "a .mp3",
    "x" * 251 + ".mp3", "é" * 125 + ".mp3", "~.mp3", "$(x).mp3", "*.mp3", "a.b.c.MP3", "\u202egnp.mp3",
)  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_recording_of_any_name_is_found(tmp_path: Path, name: str) -> None:
    file = tmp_path.joinpath(*filter(None, name.split("/")))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")
    assert sorted_out(tmp_path, [tmp_path]) == ([file], {})


def test_a_name_that_is_no_text_is_found(tmp_path: Path) -> None:
    file = Path(os.fsdecode(bytes(tmp_path) + b"/a\xff.mp3"))
    file.write_bytes(b"x")
    assert sorted_out(tmp_path, [tmp_path])[0] == [file]


def test_what_a_file_is_decides_where_its_name_does_not_tell(tmp_path: Path) -> None:
    (tmp_path / "voice-0007").write_bytes(b"ID3\x04" + bytes(600))
    (tmp_path / "cover").write_bytes(b"\x89PNG" + bytes(600))
    found, left_out = sorted_out(tmp_path, [tmp_path])
    assert [path.name for path in found] == ["voice-0007"]
    assert left_out == {"cover": "It is no media file."}


def test_every_link_and_special_file_is_named_with_its_reason(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "sub").mkdir(parents=True)
    (inbox / "sub" / "a.mp3").write_bytes(b"x")
    (inbox / "good.mp3").symlink_to(inbox / "sub" / "a.mp3")
    (inbox / "loop.mp3").symlink_to(inbox / "loop.mp3")
    (inbox / "broken.mp3").symlink_to(inbox / "gone.mp3")
    (inbox / "again").symlink_to(inbox / "sub")
    os.mkfifo(inbox / "pipe.mp3")
    found, left_out = sorted_out(inbox, [inbox])
    assert [path.name for path in found] == ["good.mp3", "a.mp3"]
    assert sorted(left_out) == ["again", "broken.mp3", "loop.mp3", "pipe.mp3"]


def test_a_file_in_the_place_of_a_folder_is_the_one_that_is_wanted(inbox: Path) -> None:
    assert sorted_out(inbox / "b.mp3", [inbox]) == ([inbox / "b.mp3"], {})

"""Odd names, times and sizes: each costs at most its own file or source."""

import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blocks.local_media_store import LocalMediaStore
from tasks.collectors import files
from tasks.collectors.files import Collection, Wanted, collect_files


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def collected(inbox: Path, *sources: str, **wanted: Any) -> Collection:
    store = LocalMediaStore(root=inbox.parent / "store")
    asked = sources or (f"folder:{inbox}",)
    return collect_files(asked, Wanted(**wanted), store, [inbox], lambda _: None)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "a/" * 3000, "\ud83d", "loop"])
def test_a_folder_that_cannot_be_stops_no_other(inbox: Path, name: str) -> None:
    (inbox / "loop").symlink_to("loop")
    (inbox / "good").mkdir()
    (inbox / "good" / "a.txt").write_text("x")
    found = collected(inbox, f"folder:{inbox}/{name}", f"folder:{inbox}/good")
    assert [each.name for each in found.files] == ["a.txt"]
    ((source, error),) = found.bad
    f"{source} {error}".encode()
    assert len(str(error)) < 1000


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("pattern", ["*ção.PDF", "março/*", "Relatório*"])
def test_accents_are_the_same_however_they_are_written(inbox: Path, form: Any, pattern: str) -> None:
    """A Mac writes them as characters of their own; who types a pattern does not."""
    name = unicodedata.normalize(form, "Março/relatório da ação.pdf")
    (inbox / name).parent.mkdir()
    (inbox / name).write_text("x")
    for written in ("NFC", "NFD"):
        wanted = unicodedata.normalize(written, pattern)
        assert len(collected(inbox, patterns=(wanted,)).files) == 1


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (2.0**40, datetime.max.replace(tzinfo=UTC)),
        (2.0**62, datetime.max.replace(tzinfo=UTC)),
        (-(2.0**40), datetime.min.replace(tzinfo=UTC)),
        (0.0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_file_of_no_date_is_collected(
    inbox: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, shown: datetime
) -> None:
    """Some file systems keep any number."""
    (inbox / "a.txt").write_text("x")
    usual = Path.stat

    def stat(self: Path, **how: Any) -> Any:
        found = usual(self, **how)
        if self.name != "a.txt":
            return found
        return os.stat_result([*found[:7], 0, int(seconds), 0], {"st_mtime": seconds})

    monkeypatch.setattr(Path, "stat", stat)
    [file] = collected(inbox).files
    assert file.modified == shown
    file.model_dump_json()


def test_texts_have_their_room_together(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_TEXT", 25)
    for name in "abcd":
        (inbox / f"{name}.txt").write_text(name * 10)
    found = collected(inbox, text=True).files
    assert [each.text and each.text.text for each in found] == ["a" * 10, "b" * 10, "c" * 5, None]
    assert [each.text and each.text.cut for each in found] == [False, False, True, None]
    assert found[3].errors == ("No text: those of the files before have 25 characters, the most together.",)
    assert found[3].sha256


@pytest.mark.parametrize("letter", ["é", "ж", "漢", "😀"])
@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_text_that_is_cut_within_a_letter_is_what_it_is(inbox: Path, letter: str, before: str) -> None:
    (inbox / "a.txt").write_text(before + letter * 500, encoding="utf-8")
    [file] = collected(inbox, text=True, most_characters=100).files
    assert file.text is not None
    assert (file.text.encoding, file.text.sure, file.text.cut) == ("utf-8", True, True)
    assert file.text.text == (before + letter * 500)[:100]

"""Files of folders and stores: what is found, what of them, and what stops nothing."""

import hashlib
import os
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blocks.local_media_store import LocalMediaStore
from tasks.collectors.files import Collection, Wanted, abridged, collect_files, without_text
from tasks.errors import CancelledError, TransientError
from tests.material import as_wav

Collect = Callable[..., Collection]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> LocalMediaStore:
    return LocalMediaStore(root=tmp_path / "store")


@pytest.fixture
def collected(inbox: Path, store: LocalMediaStore) -> Collect:
    def collect(*sources: str, **wanted: Any) -> Collection:
        asked = sources or (f"folder:{inbox}",)
        return collect_files(asked, Wanted(**wanted), store, [inbox], lambda _: None)

    return collect


def test_what_is_told_of_a_file(inbox: Path, collected: Collect) -> None:
    (inbox / "março").mkdir()
    file = inbox / "março" / "relatório.pdf"
    file.write_bytes(b"%PDF-1.7 ...")
    moment = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    os.utime(file, (moment.timestamp(), moment.timestamp()))
    (found,) = collected().files
    assert (found.name, found.path) == ("relatório.pdf", "março/relatório.pdf")
    assert found.source == f"folder:{file}"
    assert (found.size, found.modified, found.type) == (12, moment, "application/pdf")
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (found.media, found.text, found.errors) == (None, None, ())
    assert collected(checksums=False).files[0].sha256 is None


def test_an_empty_folder_is_an_answer_and_an_empty_prefix_a_mistake(collected: Collect) -> None:
    assert collected().files == []
    assert collected().bad == []
    ((source, error),) = collected("nothing/").bad
    assert (source, error.code) == ("nothing/", "source_not_found")


def test_a_source_that_is_of_no_use_stops_no_other(
    inbox: Path, store: LocalMediaStore, collected: Collect, tmp_path: Path
) -> None:
    store.put_bytes(b"um", "docs/um.txt")
    store.put_bytes(b"dois", "docs/sub/dois.txt")
    sources = ("folder:/etc", "https://example.org/x", "docs/", "docs/um.txt", "../x", f"folder:{inbox}/none")
    found = collected(*sources)
    assert [(each.source, each.path) for each in found.files] == [
        ("docs/sub/dois.txt", "sub/dois.txt"),
        ("docs/um.txt", "um.txt"),
    ]
    assert [source for source, _ in found.bad] == [each for each in sources if not each.startswith("docs")]


def test_links_out_hidden_and_odd_things_are_left_out(inbox: Path, collected: Collect) -> None:
    (inbox / "link.txt").symlink_to("/etc/passwd")
    (inbox / "linked").symlink_to("/etc")
    (inbox / "loop").symlink_to("loop")
    (inbox / ".env").write_text("SECRET=1")
    os.mkfifo(inbox / "pipe.txt")
    (inbox / "good.txt").write_text("x")
    found = collected(text=True)
    assert [each.name for each in found.files] == ["good.txt"]
    assert {Path(each.source).name for each in found.left_out} == {
        "link.txt",
        "linked",
        "loop",
        ".env",
        "pipe.txt",
    }
    assert "root:" not in "".join(each.model_dump_json() for each in found.left_out)


def test_hostile_names_are_told_apart_and_shown(inbox: Path, collected: Collect) -> None:
    names = [b"a\xff.txt", b"line\nbreak.txt", b"\xe2\x80\xaegpj.txt", b"-rf.txt", "emoji 😀.txt".encode()]
    for number, name in enumerate(names):
        (inbox / os.fsdecode(name)).write_text(str(number))
    found = collected(text=True)
    assert sorted(each.text.text for each in found.files if each.text) == ["0", "1", "2", "3", "4"]
    assert "a\N{REPLACEMENT CHARACTER}.txt" in [each.name for each in found.files]
    "".join(each.model_dump_json() for each in found.files).encode()


def test_an_unreadable_file_is_listed_with_the_reason(
    inbox: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.txt").write_text("x")
    (inbox / "b.txt").write_text("y")
    usual = Path.open

    def refuse(self: Path, *args: Any, **kwargs: Any) -> Any:  # this test may run as root, who may read all
        if self.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return usual(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    first, second = collected().files
    assert (first.sha256, first.size, first.errors) == (None, 1, ("It cannot be read: Permission denied.",))
    assert second.sha256


def test_ten_thousand_files_up_to_the_limit(inbox: Path, collected: Collect) -> None:
    for number in range(10_000):
        os.close(os.open(inbox / f"{number:05}.log", os.O_CREAT | os.O_WRONLY))
    found = collected(most=9_999, checksums=False)
    assert (len(found.files), found.left) == (9_999, True)
    assert found.files[-1].name == "09998.log"
    assert not collected(most=10_000, checksums=False).left


def test_folders_deeper_than_python_calls(inbox: Path, collected: Collect) -> None:
    deepest, made = inbox, 0
    while len(str(deepest)) < 3000:
        deepest, made = deepest / "a", made + 1
        deepest.mkdir()
    assert made > 1100
    (deepest / "x.txt").write_text("x")
    try:
        assert [each.name for each in collected().files] == ["x.txt"]
    finally:
        # Python's own rmtree, by which pytest would do it later, calls itself for each folder.
        subprocess.run(["/bin/rm", "-rf", inbox / "a"], check=True, timeout=60)


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("*.pdf",), {"a.PDF", "sub/b.pdf"}),
        (("sub/*",), {"sub/b.pdf", "sub/c.txt"}),
        (("*.txt", "a.*"), {"a.PDF", "sub/c.txt"}),
        (("[",), set()),
    ],
)
def test_patterns(inbox: Path, collected: Collect, patterns: tuple[str, ...], names: set[str]) -> None:
    (inbox / "sub").mkdir()
    for name in ("a.PDF", "sub/b.pdf", "sub/c.txt"):
        (inbox / name).write_text("x")
    assert {each.path for each in collected(patterns=patterns).files} == names


def test_only_what_was_changed_since(inbox: Path, collected: Collect) -> None:
    for name, day in (("old", 4), ("new", 5)):
        (inbox / name).write_text("x")
        moment = datetime(2026, 3, day, tzinfo=UTC).timestamp()
        os.utime(inbox / name, (moment, moment))
    assert [each.name for each in collected(since=date(2026, 3, 5)).files] == ["new"]


def test_media_facts_and_what_only_looks_like_media(inbox: Path, collected: Collect) -> None:
    (inbox / "tom.wav").write_bytes(as_wav(np.zeros(16_000), 16_000))
    Image.new("RGB", (30, 20)).save(inbox / "foto.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (30, 20)).save(inbox / "turned.jpg", exif=turned)
    (inbox / "fake.mp4").write_bytes(b"<html>")
    (inbox / "fake.png").write_bytes(b"nothing")
    found = {each.name: each for each in collected(media=True).files}
    sound = found["tom.wav"].media
    assert sound is not None
    assert (sound.kind, sound.duration, sound.audio_codec) == ("audio", 1.0, "pcm_s16le")
    pictures = [found[name].media for name in ("foto.png", "turned.jpg")]
    assert [(each.width, each.height) for each in pictures if each] == [(30, 20), (20, 30)]
    assert found["fake.mp4"].media is None
    assert found["fake.mp4"].errors
    assert found["fake.png"].errors


def test_texts_in_any_encoding_cut_to_their_limit(inbox: Path, collected: Collect) -> None:
    words = "A ação não é fácil, mas o coração já sabe.\n"
    for encoding in ("utf-8", "utf-16", "cp1252"):
        (inbox / f"{encoding}.txt").write_bytes((words * 3).encode(encoding))
    (inbox / "long.md").write_text("ação" * 1000)
    (inbox / "zeros.csv").write_bytes(b"a\0b\0\0c\xff\xfe" * 100)
    (inbox / "empty.txt").write_bytes(b"")
    (inbox / "picture.png").write_bytes(b"no text is looked for")
    found = {each.name: each for each in collected(text=True, most_characters=150).files}
    for encoding in ("utf-8", "utf-16", "cp1252"):
        text = found[f"{encoding}.txt"].text
        assert text is not None
        assert (text.text, text.encoding, text.cut) == (words * 3, encoding, False)
    cut = found["long.md"].text
    assert cut is not None
    assert (len(cut.text), cut.cut, cut.text[-4:]) == (150, True, "ação"[2:] + "aç")
    assert found["empty.txt"].text is not None
    assert found["empty.txt"].text.text == ""
    assert found["picture.png"].text is None
    assert found["zeros.csv"].text is None or "\0" not in found["zeros.csv"].text.text
    shorter = abridged(found["long.md"])
    assert shorter == found["long.md"], "it is short already"
    assert without_text(shorter).text is None


def test_the_text_of_a_word_document_and_of_what_is_none(inbox: Path, collected: Collect) -> None:
    import docx  # noqa: PLC0415

    document = docx.Document()
    document.add_paragraph("Cláusula primeira")
    document.add_paragraph("do objeto")
    document.save(str(inbox / "contrato.docx"))
    with zipfile.ZipFile(inbox / "falso.docx", "w") as archive:
        archive.writestr("x", "y")
    found = {each.name: each for each in collected(text=True).files}
    text = found["contrato.docx"].text
    assert text is not None
    assert text.text.split("\n") == ["Cláusula primeira", "do objeto"]
    assert found["falso.docx"].text is None
    assert "não é um documento do Word" in found["falso.docx"].errors[0]


def test_a_store_that_is_away_is_no_fault_of_a_file_and_cancelling_stops(
    inbox: Path, store: LocalMediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_bytes(b"x", "docs/a.txt")

    def away(self: LocalMediaStore, key: str) -> Any:
        raise TransientError("The store does not answer.")

    def cancel(fraction: float) -> None:
        raise CancelledError("The job was cancelled.")

    with monkeypatch.context() as patched:
        patched.setattr(LocalMediaStore, "open_local", away)
        with pytest.raises(TransientError):
            collect_files(["docs/"], Wanted(), store, [inbox], lambda _: None)
    with pytest.raises(CancelledError):
        collect_files(["docs/"], Wanted(), store, [inbox], cancel)


@pytest.mark.parametrize(
    "source", ["/srv/files", "/srv/files/", "~/files/", "file:///srv/files/", "https://host/x/"]
)
def test_a_source_of_another_kind_is_told_how_folders_are_written(collected: Collect, source: str) -> None:
    ((bad, error),) = collected(source).bad
    assert bad == source
    assert "folder:/PATH" in error.hint

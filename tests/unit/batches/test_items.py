"""Sources become items: nothing twice, nothing lost, and the limit counts what there is to do."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from blocks.from_settings import media_store
from blocks.settings import get_settings
from tasks.batches.items import bring, list_items
from tasks.batches.ledger import Ledger
from tasks.batches.listing import BatchItem, Listing
from tasks.errors import InvalidInputError
from tasks.fetching.source import Source
from tasks.progress import ignore_progress
from tests.servers.media import MediaServer
from tests.unit.batches.test_folders import ODD_NAMES

SOURCE: TypeAdapter[str] = TypeAdapter(Source)


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    get_settings.cache_clear()
    folder = tmp_path / "inbox"
    folder.mkdir()
    yield folder
    get_settings.cache_clear()


def listed(*sources: str, ledger: Ledger | None = None, max_items: int = 500) -> Listing:
    known = ledger or Ledger()
    return asyncio.run(list_items(sources, max_items, ignore_progress, known, only_new=ledger is not None))


def titles(items: list[BatchItem]) -> list[str]:
    return [item.title for item in items]


def test_a_folder_over_the_limit_is_worked_through_run_by_run(inbox: Path) -> None:
    for name in "abcde":
        (inbox / f"{name}.mp3").write_bytes(b"x")
    ledger, runs = Ledger(), []
    for _ in range(4):
        listing = listed(f"folder:{inbox}", ledger=ledger, max_items=2)
        runs.append((titles(listing.items), listing.skipped, listing.left))
        for item in listing.items:
            ledger.record(item.identity, "job", None)
    assert runs == [
        (["a.mp3", "b.mp3"], 0, 3),
        (["c.mp3", "d.mp3"], 2, 1),
        (["e.mp3"], 4, 0),
        ([], 5, 0),
    ]


def test_what_fails_again_and_again_does_not_keep_the_rest_waiting(inbox: Path) -> None:
    for name in "abc":
        (inbox / f"{name}.mp3").write_bytes(b"x")
    ledger, runs = Ledger(), []
    for _ in range(4):
        listing = listed(f"folder:{inbox}", ledger=ledger, max_items=1)
        runs += titles(listing.items)
        ledger.record(listing.items[0].identity, "job", "temporarily_unavailable")
    assert runs == ["a.mp3", "b.mp3", "c.mp3", "a.mp3"]


def test_odd_names_are_told_apart_kept_and_named(inbox: Path) -> None:
    odd = [name.replace("/", "") for name in ODD_NAMES if name.replace("/", "")]
    for number, name in enumerate(odd):
        (inbox / name).write_bytes(str(number).encode())
    listing = listed(f"folder:{inbox}")
    assert len(listing.items) == len(set(odd))
    assert not listing.left_out
    store = media_store(get_settings())
    keys = [asyncio.run(bring(item)) for item in listing.items]
    assert len(set(keys)) == len(keys)
    for item, key in zip(listing.items, keys, strict=True):
        assert item.file is not None
        assert store.read_bytes(key) == item.file.read_bytes()
        assert key.endswith(item.file.suffix)
        assert SOURCE.validate_python(key) == key
        item.title.encode()
        Ledger(failures={item.identity: 1}).model_dump_json()
    again = listed("imports/")
    assert len(again.items) == len(keys)


def test_a_file_that_cannot_be_read_is_refused_by_name(inbox: Path) -> None:
    (inbox / "a.mp3").write_bytes(b"x")
    (item,) = listed(f"folder:{inbox}").items
    (inbox / "a.mp3").unlink()
    with pytest.raises(InvalidInputError, match="cannot be read"):
        asyncio.run(bring(item))


def test_keys_with_signs_of_urls_in_their_names_are_recordings(inbox: Path) -> None:
    store = media_store(get_settings())
    for name in ("a#b.mp3", "what?.wav", "10:30 talk.mp3", "notes.txt"):
        store.put_bytes(b"x", f"talks/{name}")
    listing = listed("talks/", "talks/a#b.mp3")
    assert titles(listing.items) == ["10:30 talk.mp3", "a#b.mp3", "what?.wav"]
    assert [each.source for each in listing.left_out] == ["talks/notes.txt"]
    for item in listing.items:
        assert SOURCE.validate_python(item.source) == item.source


def test_a_bad_source_stands_beside_the_good_ones(inbox: Path) -> None:
    (inbox / "a.mp3").write_bytes(b"x")
    listing = listed("ftp://example.org/a.mp3", f"folder:{inbox}", "nothing/", "../x.mp3", "folder:/")
    assert titles(listing.items) == ["a.mp3"]
    assert len(listing.bad) == 4


def test_an_address_that_is_none_stands_beside_the_good_ones(inbox: Path) -> None:
    store = media_store(get_settings())
    store.put_text("#EXTM3U\nhttp://[x/b.mp3\nhttps://e.org:port/c\nhttps://e.org/d.mp3\n", "l.m3u")
    listing = listed("http://[x/a.mp3", "https://e.org:99999/a", "l.m3u")
    assert [item.source for item in listing.items] == ["https://e.org/d.mp3"]
    assert [bad.error.code for bad in listing.bad] == ["invalid_input"] * 4


def test_a_feed_is_its_episodes_whatever_token_their_addresses_have(
    inbox: Path, server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_ALLOWED_PRIVATE_HOSTS", f"127.0.0.1:{server.port}")
    get_settings.cache_clear()
    for token in "ab":
        item = f'<item><title>Bees</title><guid>1</guid><enclosure url="/ep1.mp3?token={token}"/></item>'
        feed = f"<rss><channel>{item}{item.replace('Bees', 'Again')}<item><title>News</title></item></channel></rss>"
        server.say("/feed", feed.encode(), content_type="text/xml")
        server.say("/feed", feed.encode(), content_type="text/xml")
    first, second = listed(f"{server.url}/feed"), listed(f"{server.url}/feed")
    assert [(item.source, item.title, item.called) for item in first.items] == [
        (f"{server.url}/ep1.mp3?token=a", "Bees", "Bees")
    ]
    assert [item.identity for item in first.items] == [item.identity for item in second.items]
    assert first.items[0].source != second.items[0].source
    assert [each.source for each in first.left_out] == ["News"]


def test_a_list_in_the_store_names_keys_beside_it(inbox: Path) -> None:
    store = media_store(get_settings())
    store.put_text(
        "#EXTM3U\n#EXTINF:1,Ana\na.mp3\n..\\b#1.mp3\n../../c.mp3\nftp://x/d.mp3\n", "talks/list.m3u"
    )
    listing = listed("talks/list.m3u")
    assert [(item.source, item.called) for item in listing.items] == [
        ("talks/a.mp3", "Ana"),
        ("b#1.mp3", None),
    ]
    assert [bad.source for bad in listing.bad] == ["../c.mp3", "ftp://x/d.mp3"]


def test_a_list_on_this_machine_names_files_beside_it_of_open_folders(inbox: Path) -> None:
    (inbox / "talks").mkdir()
    for name in ("talks/a.mp3", "b.mp3", "../closed.mp3"):
        (inbox / name).write_bytes(b"x")
    entries = [
        "#EXTINF:1,Ana",
        "a.mp3",
        "..\\b.mp3",
        "https://example.org/c.mp3",
        "../../closed.mp3",
        "no.mp3",
    ]
    (inbox / "talks/list.m3u").write_text("#EXTM3U\n" + "\n".join(entries), encoding="utf-8")
    listing = listed(f"folder:{inbox}/talks/list.m3u")
    assert [(item.source, item.called) for item in listing.items] == [
        (str(inbox / "talks/a.mp3"), "Ana"),
        (str(inbox / "b.mp3"), "b"),
        ("https://example.org/c.mp3", None),
    ]
    assert [bad.source for bad in listing.bad] == ["../../closed.mp3", "no.mp3"]
    # The list itself stays no recording where its folder is the source.
    assert titles(listed(f"folder:{inbox}/talks").items) == ["a.mp3"]


def test_a_list_on_this_machine_without_entries_is_said_to_be_empty(inbox: Path) -> None:
    (inbox / "list.m3u").write_text("#EXTM3U\n", encoding="utf-8")
    (bad,) = listed(f"folder:{inbox}/list.m3u").bad
    assert "without recordings" in bad.error.message


def test_players_write_names_of_files_as_addresses(inbox: Path) -> None:
    (inbox / "talks").mkdir()
    for name in ("talks/my talk #1.mp3", "talks/ação.mp3", "talks/100%.mp3", "../closed.mp3"):
        (inbox / name).write_bytes(b"x")
    place = (inbox / "talks").as_uri()
    names = [
        "my%20talk%20%231.mp3",
        f"{place}/a%C3%A7%C3%A3o.mp3",
        "100%.mp3",
        f"{inbox.parent.as_uri()}/closed.mp3",
    ]
    tracks = "".join(f"<track><location>{name}</location></track>" for name in names)
    (inbox / "talks/list.xspf").write_text(f"<playlist><trackList>{tracks}</trackList></playlist>")
    listing = listed(f"folder:{inbox}/talks/list.xspf")
    wanted = ["my talk #1.mp3", "ação.mp3", "100%.mp3"]
    assert [item.source for item in listing.items] == [f"{inbox}/talks/{name}" for name in wanted]
    assert [bad.error.code for bad in listing.bad] == ["invalid_input"]
    store = media_store(get_settings())
    store.put_text(f"<playlist><track><location>{names[0]}</location></track></playlist>", "talks/l.xspf")
    assert [item.source for item in listed("talks/l.xspf").items] == ["talks/my talk #1.mp3"]


def test_a_list_of_old_programs_in_another_alphabet(inbox: Path) -> None:
    name = "Музыка и песни о счастье.mp3"
    (inbox / name).write_bytes(b"x")
    (inbox / "list.m3u").write_bytes(f"#EXTM3U\n#EXTINF:9,О счастье\n{name}\n".encode("cp1251"))
    (item,) = listed(f"folder:{inbox}/list.m3u").items
    assert (item.source, item.called) == (str(inbox / name), "О счастье")


def test_a_file_of_gigabytes_that_is_called_like_a_list_is_not_read(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.batches.items.MAX_LIST_BYTES", 10)
    text = "https://example.org/a.mp3\nhttps://example.org/b.mp3\n"
    (inbox / "list.txt").write_text(text)
    media_store(get_settings()).put_text(text, "talks/list.txt")
    assert titles(listed(f"folder:{inbox}/list.txt").items) == ["list.txt"]
    assert titles(listed("talks/list.txt").items) == ["list.txt"]

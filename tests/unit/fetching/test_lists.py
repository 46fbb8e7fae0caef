"""Podcast feeds and playlists as they are found."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import (
    BlockedAddressError,
    ContrapontoError,
    InvalidInputError,
    LimitExceededError,
    NotMediaError,
)
from tasks.fetching.download import download
from tasks.fetching.feeds import ParsedList
from tasks.fetching.lists import _resolver, look_for_list, parse_list
from tasks.fetching.results import Download, DownloadLimits, TransferOptions
from tasks.net.addresses import AddressPolicy
from tasks.net.retry import RetryPolicy
from tasks.net.urls import check_url

BASE = "https://example.org/pods/list"


def parsed(data: str | bytes, name: str = BASE, content_type: str | None = None) -> ParsedList | None:
    body = data if isinstance(data, bytes) else data.encode()
    return parse_list(body, name, _resolver(name), content_type=content_type)


def entries(data: str | bytes, name: str = BASE, content_type: str | None = None) -> list[tuple[str, str]]:
    """URL and title of each recording."""
    found = parsed(data, name, content_type)
    assert found is not None
    return [(entry.url, entry.title) for entry in found.entries]


def rss(*items: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>P</title>{"".join(items)}</channel></rss>'


@pytest.mark.parametrize(
    ("head", "repeated"),
    [
        ("<rss><channel>", "<!--"),
        ("<rss><channel>", "<![CDATA["),
        ("<rss><channel>", "&a"),
        ("#EXTM3U\n#EXTINF:", "1"),
        ("#EXTM3U\n#EXTINF:1", " "),
        ("#EXTM3U\n#EXTINF:1 ", '"'),
        ("#EXTM3U\n#EXTINF:1 ", '" '),
        ("[playlist]\nFile1=a", " "),
        ("[playlist]\nFile", "1"),
    ],
)
def test_no_list_however_odd_takes_long_to_read(head: str, repeated: str) -> None:
    # With a search that begins again at every place it would be hours.
    found = parsed(head + repeated * (1_000_000 // len(repeated)) + "x")
    assert found is None or len(found.entries) <= 1


def test_episodes_are_called_by_their_titles_and_each_is_there_once() -> None:
    feed = rss(
        '<item><title>Bees &amp;amp; dance</title><guid>g1</guid><enclosure url="https://e.org/ep1.mp3?a=1&amp;b=2" '
        'type="audio/mpeg"/><itunes:duration>1:02:03</itunes:duration></item>',
        '<item><title>Again</title><enclosure url="https://e.org/ep1.mp3?a=1&amp;b=2"/></item>',
        "<item><title><![CDATA[Ação & reação]]></title><enclosure url='/ep2.mp3'/></item>",
        "<item><title>News</title><link>https://e.org/news</link></item>",
        '<item><title>Cover</title><enclosure url="c.jpg" type="image/jpeg"/></item>',
    )
    found = parsed(feed)
    assert found is not None
    assert [(entry.url, entry.title) for entry in found.entries] == [
        ("https://e.org/ep1.mp3?a=1&b=2", "Bees & dance"),
        ("https://example.org/ep2.mp3", "Ação & reação"),
    ]
    assert (found.entries[0].id, found.entries[0].duration) == ("g1", 3723)
    assert found.without == ["News", "Cover"]


@pytest.mark.parametrize(
    "feed",
    [
        "\n\n  " + rss('<item><title>A</title><enclosure url="/a.mp3"/></item>'),
        "\ufeff" + rss('<item><title>A</title><enclosure url="/a.mp3"/></item>'),
        rss('<item><title>A</title><enclosure url="/a.mp3"/></item>').replace("</channel></rss>", "<item><title>cut"),
        rss('<item><title>A</title><enclosure url="/a.mp3"/><x:y>&nbsp;&bogus; R&D \x0b</x:y></item>'),
        rss('<item><title>A</title><media:group><media:content url="/a.mp3" medium="audio"/></media:group></item>'),
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/"><entry><title>A</title>'
        '<link href="page"/><link rel="enclosure" href="a.mp3"/></entry></feed>',
        '<rdf:RDF><item rdf:about="x"><title>A</title><enclosure url="/a.mp3"/></item></rdf:RDF>',
        '<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>/a.mp3</location>'
        "<title>A</title></track></trackList></playlist>",
        '<asx version="3.0"><ENTRY><TITLE>A</TITLE><REF HREF="/a.mp3"/></ENTRY></asx>',
        '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1, "title": "A", '
        '"attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg"}]}]}',
        "[playlist]\nTitle1=A\nFile1=/a.mp3\nLength1=-1\nNumberOfEntries=1\n",
        "#EXTM3U\n#EXTINF:123,A\n/a.mp3\n",
    ],
)  # fmt: skip
def test_every_kind_of_list_and_what_is_odd_about_it(feed: str) -> None:
    assert entries(feed) == [("https://example.org/a.mp3", "A")]


ODD_ITEMS = {
    "capitals of HTML": "<title>R&AMP;D &LT;now&GT;</title>|R&D <now>",
    "numbers that are no characters": "<title>A&#x1f;B&#xD800;C&#99999999999999;</title>|AB\ufffdC",
    "numbers of marks": '<title x="&#34;&#60;">&#38;&#60;</title>|&<',
    "a title with marks within": '<title type="xhtml"><div>Bees <b>and</b> wasps</div></title>|Bees and wasps',
    "the feed that it came from": "<source><id>f</id><title>All</title></source><title>A</title>|A",
    "a shorter title before it": "<itunes:title>a</itunes:title><title>A</title>|A",
    "an element that is called like an item": "<x:track>1</x:track><title>A</title>|A",
    "a picture without a type": '<title>A</title><media:content url="c.JPG?s=1"/><enclosure url="c.png"/>|A',
    "a thumbnail with a title": "<title>A</title><media:content medium='image' url='c'><media:title>c</media:title>"
    "</media:content>|A",
}


@pytest.mark.parametrize("odd", ODD_ITEMS)
def test_an_odd_item_is_read_and_the_next_one_too(odd: str) -> None:
    text, title = ODD_ITEMS[odd].split("|")
    item = f"<item>{text}<guid>1</guid><enclosure url='/a.mp3'/></item>"
    found = parsed(rss(item, "<item><title>Z</title><enclosure url='/z.mp3'/></item>"))
    assert found is not None
    assert [(entry.url, entry.title) for entry in found.entries] == [
        ("https://example.org/a.mp3", title),
        ("https://example.org/z.mp3", "Z"),
    ]
    assert found.entries[0].id == "1"


def test_the_content_of_an_entry_may_be_its_recording() -> None:
    feed = '<feed><entry><title>A</title><content type="audio/mpeg" src="/a.mp3"/></entry></feed>'
    assert entries(feed) == [("https://example.org/a.mp3", "A")]
    page = '<feed><entry><title>A</title><content type="text/html" src="/a"/><link href="/b"/></entry></feed>'
    assert entries(page) == [("https://example.org/b", "A")]


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(["title", "id", "attachments", "url", "mime_type"]), inner, max_size=3
                )
            ),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_one_odd_item_of_a_json_feed_takes_no_other_with_it(odd: list[object]) -> None:
    good = {"id": "good", "title": None, "attachments": [{"url": "/a.mp3", "duration_in_seconds": "90"}]}
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [*odd, good]}
    found = parsed(json.dumps(feed))
    assert found is not None
    (entry,) = (entry for entry in found.entries if entry.url == "https://example.org/a.mp3")
    assert (entry.title, entry.duration) == ("", 90)


def test_the_encoding_that_a_feed_states() -> None:
    feed = rss("<item><title>Ação</title><enclosure url='/a.mp3'/></item>").replace(
        'version="1.0"', 'version="1.0" encoding="ISO-8859-1"', 1
    )
    assert entries(feed.encode("latin-1")) == [("https://example.org/a.mp3", "Ação")]
    assert entries(feed.replace("ISO-8859-1", "utf-16").encode("utf-16"))[0][1] == "Ação"


def test_a_feed_of_three_hundred_episodes_with_one_guid_for_all() -> None:
    items = [f"<item><guid>x</guid><enclosure url='/{n}.mp3'/></item>" for n in range(300)]
    found = parsed(rss(*items))
    assert found is not None
    assert len({entry.id for entry in found.entries}) == 300


def test_of_a_blog_without_files_the_pages_are_what_there_is() -> None:
    feed = rss("<item><title>A</title><link>https://e.org/a</link></item>")
    assert entries(feed) == [("https://e.org/a", "A")]


def test_entities_that_a_feed_makes_up_are_not_grown() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    assert parsed(rss("<item><title>&b;</title><enclosure url='/a.mp3'/></item>", head=bomb)) is None


def test_m3u_with_remarks_blanks_titles_and_names_of_files() -> None:
    text = '# my list\r\n#EXTINF:12 tvg-id="x",Ana, parte 1\r\nmúsica/two words#1.mp3\r\n\r\n..\\b.mp3\r\nhttps://E.org/c.mp3?x=1#t\r\n'
    expected = [
        ("https://example.org/pods/m%C3%BAsica/two%20words%231.mp3", "Ana, parte 1"),
        ("https://example.org/b.mp3", ""),
        ("https://E.org/c.mp3?x=1#t", ""),
    ]
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        assert entries(text.encode(encoding), f"{BASE}.m3u") == expected
    assert entries(text, BASE, "audio/x-mpegurl") == expected


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('#EXTINF:-1 tvg-name="News, Sport" group="x",Ana, parte 1', "Ana, parte 1"),
        ('#EXTINF:5,He said "no, no"', 'He said "no, no"'),
        ('#EXTINF:5 name="open,Ana', "Ana"),
        ("#EXTINF:5", ""),
        ("#extinf:5,One\u2028and\x0btwo\x85", "One\u2028and\x0btwo"),
    ],
)
def test_titles_of_an_m3u(line: str, title: str) -> None:
    assert entries(f"#EXTM3U\n{line}\na.mp3\n") == [("https://example.org/pods/a.mp3", title)]


def test_an_unclosed_mark_after_a_long_number_takes_no_hours() -> None:
    text = f'#EXTM3U\n#EXTINF:{"1" * 500_000} "x\na.mp3\n'
    assert len(entries(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n//[x/a.mp3\n",
        rss("<item><enclosure url='//[x/a.mp3'/></item>"),
        "<feed xml:base='http://[x'><entry xml:base='/b'><link rel='enclosure' href='//[x/a.mp3'/></entry></feed>",
        '{"version": "https://jsonfeed.org/version/1", "items": [{"attachments": [{"url": "http://[x/a.mp3"}]}]}',
    ],
)
def test_an_entry_whose_address_is_none_is_left_to_whoever_fetches_it(text: str) -> None:
    ((url, _),) = entries(text)
    assert "[x/a.mp3" in url


def test_names_of_files_with_a_colon_are_no_addresses() -> None:
    assert entries("#EXTM3U\nIntro: bees.mp3\nA:1/b.mp3\n//cdn.e/c.mp3\n") == [
        ("https://example.org/pods/Intro:%20bees.mp3", ""),
        ("A:1/b.mp3", ""),
        ("https://cdn.e/c.mp3", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n1.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n",
        "Just a text.\nhttps://e.org/a.mp3\n",
        "<html><body><item><enclosure url='/a.mp3'/></item></body></html>",
        '<MPD><Period><entry/></Period></MPD>',
        '{"a": 1}',
        "",
    ],
)  # fmt: skip
def test_what_is_no_list(text: str) -> None:
    assert parsed(text) is None


def test_a_text_of_addresses_is_a_list() -> None:
    assert entries("# mine\nhttps://e.org/a.mp3\n\nhttps://e.org/b\n") == [
        ("https://e.org/a.mp3", ""),
        ("https://e.org/b", ""),
    ]


_PIECES = st.sampled_from(
    ["<rss>", "<item>", "</item>", "<title>", "</title>", "<enclosure url='", "'/>", "#EXTM3U\n", "#EXTINF:", ",",
     "\n", "[playlist]\n", "File1=", "&", ";", "<![CDATA[", "]]>", "<!--", "a", "é", "\x00", "{", "}", '"', "http://"]
)  # fmt: skip


@given(
    st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=100),
    st.sampled_from([BASE, f"{BASE}.m3u"]),
)
def test_no_text_is_too_odd_to_be_looked_at(text: str, name: str) -> None:
    found = parsed(text, name)
    for entry in found.entries if found else ():
        assert entry.url


@pytest.fixture
def options(loopback: AddressPolicy, limits: DownloadLimits) -> TransferOptions:
    return TransferOptions(loopback, limits, deadline=60.0, retry=RetryPolicy(backoff=30))


def test_a_list_where_one_recording_is_wanted_is_refused_at_once(
    server: Any, options: TransferOptions, into: Path
) -> None:
    url = server.say("/l.m3u", b"#EXTM3U\n/a.mp3\n/b.mp3\n", content_type="audio/x-mpegurl")
    with pytest.raises(InvalidInputError, match="a list of 2 recordings") as refused:
        download(check_url(url), into, options)
    assert "transcribe-batch" in refused.value.hint
    assert len(server.asked) == 2, "nothing was tried again"


def test_a_list_of_one_is_that_one_by_the_name_that_the_list_gives(
    server: Any, options: TransferOptions, into: Path, tone: bytes
) -> None:
    server.say("/ep1.wav", tone)
    url = server.say("/feed", rss("<item><title>How bees dance</title><enclosure url='/ep1.wav'/></item>").encode(),
                     content_type="application/rss+xml")  # fmt: skip
    found = download(check_url(url), into, options)
    assert isinstance(found, Download)
    assert (found.title, found.path.read_bytes()) == ("How bees dance", tone)


def test_a_list_of_one_page_is_the_recording_of_that_page(
    server: Any, options: TransferOptions, into: Path, tone: bytes
) -> None:
    server.say("/a.wav", tone)
    server.page("/page", '<html><title>T</title><audio src="/a.wav"></audio></html>')
    url = server.say("/l.m3u", b"#EXTM3U\n#EXTINF:1,Bees\n/page\n", content_type="audio/x-mpegurl")
    found = download(check_url(url), into, options)
    assert (found.title, found.path.read_bytes(), found.source) == ("Bees", tone, "site")


def test_a_list_of_itself_has_an_end(server: Any, options: TransferOptions, into: Path) -> None:
    for _ in range(5):
        url = server.say("/l.m3u", b"#EXTM3U\n/l.m3u\n", content_type="audio/x-mpegurl")
    with pytest.raises(ContrapontoError):
        download(check_url(url), into, options)


def test_entries_are_held_to_the_policy_of_addresses(
    server: Any, options: TransferOptions, into: Path
) -> None:
    url = server.say("/l.m3u", b"http://169.254.169.254/latest\n", content_type="audio/x-mpegurl")
    with pytest.raises(BlockedAddressError):
        download(check_url(url), into, options)
    other = server.say("/f.m3u", b"file:///etc/passwd\n", content_type="audio/x-mpegurl")
    with pytest.raises(InvalidInputError, match="file"):
        download(check_url(other), into, options)


def test_an_empty_list_says_so(server: Any, options: TransferOptions, into: Path) -> None:
    url = server.say("/feed", rss("<item><title>News</title></item>").encode(), content_type="text/xml")
    with pytest.raises(NotMediaError, match="a list without recordings"):
        download(check_url(url), into, options)


def test_a_page_or_a_recording_is_looked_at_and_no_more(
    server: Any, options: TransferOptions, tone: bytes
) -> None:
    assert look_for_list(check_url(server.say("/a.wav", tone)), options) is None
    assert look_for_list(check_url(server.page("/p", "<html><p>words</p>")), options) is None
    assert len(server.asked) == 2


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_a_packed_feed_is_read_as_far_as_it_goes(server: Any, loopback: AddressPolicy, share: float) -> None:
    items = [f'<item><title>{n}</title><enclosure url="/{n}.mp3"/></item>' for n in range(500)]
    packed = gzip.compress(rss(*items).encode())
    url = server.say("/feed.xml.gz", packed[: round(len(packed) * share)], content_type="application/gzip")
    found = look_for_list(check_url(url), TransferOptions(loopback))
    assert found is not None
    assert 400 * share < len(found.entries) <= 500
    assert found.entries[0].url == f"{server.url}/0.mp3"


def test_a_packed_list_does_not_grow_without_end() -> None:
    with pytest.raises(LimitExceededError, match="unpacked"):
        parsed(gzip.compress(b"<rss>" + bytes(65 * 2**20)))
    assert parsed(b"\x1f\x8b no gzip at all") is None


def test_a_list_of_feeds_is_no_recording(server: Any, loopback: AddressPolicy, tmp_path: Path) -> None:
    outlines = (
        '<outline text="A &amp;amp; B" xmlUrl="a.xml"/><outline xmlUrl="a.xml"/><outline text="Folder"/>'
    )
    opml = f'<opml version="2.0"><body>{outlines}</body></opml>'
    found = parsed(opml)
    assert found is not None
    assert [(feed.url, feed.title) for feed in found.feeds] == [("https://example.org/pods/a.xml", "A & B")]
    url = check_url(server.say("/list", opml.encode(), content_type="text/x-opml"))
    with pytest.raises(InvalidInputError, match="is a list of 1 feed, not a recording"):
        download(url, tmp_path, TransferOptions(loopback))

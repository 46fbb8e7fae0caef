import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetching.content import file_name, kind_of, safe_name


@pytest.mark.parametrize(
    ("content_type", "head", "kind"),
    [
        ("text/html", b"RIFF\x00\x00\x00\x00WAVE", "media"),
        ("text/plain", b"ID3\x04\x00", "media"),
        (None, b"\x00\x00\x00\x20ftypisom", "media"),
        ("application/octet-stream", b"\xff\xfb\x90\x64\x00\x00", "media"),
        ("application/octet-stream", b"\xff\xf1\x50\x80\x00\x00", "media"),
        ("video/mp2t", b"\x47" + b"\xff" * 187 + b"\x47", "media"),
        ("audio/x-strange", b"\x01\x02\x03\x04", "media"),
        ("video/mp4", b"<!DOCTYPE html><html>", "page"),
        ("audio/mpeg", b"\n\n  <html lang=pt>", "page"),
        (None, b"\xef\xbb\xbf<?xml version='1.0'?><rss>", "page"),
        ("application/vnd.apple.mpegurl", b"#EXTM3U\n#EXTINF:1,\n", "page"),
        ("application/json", b'{"error": "no"}', "page"),
        ("audio/mpeg", b'{"error": "no"}', "page"),
        ("text/plain", b"not found, sorry", "page"),
        ("audio/mpeg", b"Quota exceeded", "page"),
        ("text/html; charset=utf-8", b"", "page"),
        ("image/png", b"\x89PNG\r\n", "other"),
        ("audio/mpeg", b"%PDF-1.7", "other"),
        ("application/octet-stream", b"PK\x03\x04....", "other"),
        ("application/octet-stream", b"\x01\x02\x03\x04\x00\x00", "unknown"),
    ],
)
def test_what_a_body_is(content_type: str | None, head: bytes, kind: str) -> None:
    assert kind_of(content_type, head) == kind


@pytest.mark.parametrize(
    ("url", "disposition", "name"),
    [
        ("https://x/pasta/Reuni%C3%A3o%20%C3%A0s%209h.mp3?x=1", None, "Reunião às 9h.mp3"),
        ("https://x/a", 'attachment; filename="sessão.mp3"', "sessão.mp3"),
        ("https://x/a", "attachment; filename*=UTF-8''%E2%82%AC%20pre%C3%A7o.wav", "€ preço.wav"),
        ("https://x/a", "attachment; filename=\"Sao.mp3\"; filename*=UTF-8''S%C3%A3o.mp3", "São.mp3"),
        ("https://x/a", "attachment; filename*=UTF-8''%E6%97%A5.mp3; filename=\"_.mp3\"", "日.mp3"),
        ("https://x/a", 'attachment; filename="=?UTF-8?B?U8OjbyBQYXVsby5tcDM=?="', "São Paulo.mp3"),
        ("https://x/a", 'attachment; filename="=?x-none?Q?a.mp3?="', "=x-noneQa.mp3="),
        ("https://x/caf%E9.mp3", None, "café.mp3"),
        ("https://x/a.mp3", 'attachment; filename="../../etc/passwd"', "passwd"),
        ("https://x/a.mp3", "attachment; filename*=UTF-8''..%2F..%2Fpasswd", "passwd"),
        ("https://x/a.mp3", 'attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ("https://x/a.mp3", 'attachment; filename=".."', "a.mp3"),
        ("https://x/%2e%2e%2f%2e%2e%2fetc%2fshadow", None, "shadow"),
        ("https://x/", None, "download"),
        ("https://x", None, "download"),
        ("https://x/.hidden.mp3", None, "hidden.mp3"),
        ("https://x/a%00b%0a.mp3", None, "ab.mp3"),
        ("https://x/" + "é" * 300 + ".mp3", None, "é" * 75 + ".mp3"),
    ],
)
def test_file_names(url: str, disposition: str | None, name: str) -> None:
    assert file_name(url, disposition) == name


@given(st.text(max_size=60), st.sampled_from(["", "*", "*0*"]), st.booleans())
def test_no_header_is_too_odd_to_be_looked_at(text: str, kind: str, quoted: bool) -> None:
    value = f'"{text}"' if quoted else text
    name = file_name(
        "https://x/a.mp3", f"attachment; filename{kind}={value}".replace("\r", "").replace("\n", "")
    )
    assert name == safe_name(name) != ""


@given(st.text(max_size=300))
def test_a_name_never_leaves_its_directory(text: str) -> None:
    name = safe_name(text)
    assert "/" not in name
    assert "\\" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(name.encode()) <= 160
    assert safe_name(name) == name

"""Origins and names of hosts."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import InvalidInputError
from tasks.net.origins import authority, check_host_name, check_origin, host_name


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ("http://localhost:4200", ("http", "localhost", 4200)),
        ("https://Jobs.Example.org", ("https", "jobs.example.org", 443)),
        ("http://127.0.0.1", ("http", "127.0.0.1", 80)),
        ("http://[::1]:4200", ("http", "::1", 4200)),
        ("null", None),
        ("", None),
        ("http://a/path", None),
        ("http://user@a", None),
        ("file://", None),
        ("chrome-extension://abcdef", None),
        ("http://a:99999", None),
        ("http://[::1", None),
    ],
)
def test_authority(origin: str, named: tuple[str, str, int] | None) -> None:
    assert authority(origin) == named


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:4200", "localhost"),
        ("LOCALHOST", "localhost"),
        ("jobs.example.org.", "jobs.example.org"),
        ("[::1]:4200", "::1"),
        ("127.0.0.1@evil.example", None),
        ("evil.example/127.0.0.1", None),
        ("127.0.0.1:4200:80", None),
        ("", None),
        ("[::1", None),
    ],
)
def test_host_name(host: str, name: str | None) -> None:
    assert host_name(host) == name


@given(st.text(max_size=60))
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    host_name(text)
    with suppress(InvalidInputError):
        check_host_name(text)
        assert text
    if authority(text) is None:
        with pytest.raises(InvalidInputError, match=r"Write it as https://"):
            check_origin(text)

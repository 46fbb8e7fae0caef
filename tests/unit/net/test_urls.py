import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import InvalidInputError
from tasks.net.urls import CheckedUrl, check_url, mask_url, mask_urls


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.mp3",
        "HTTP://EXAMPLE.com:8080/ação?x=1#t",
        "http://[2606:4700::1]/a",
        "https://user:pw@example.com/",
        "https://exámple.com/á.mp3",
    ],
)
def test_http_urls_are_accepted(url: str) -> None:
    assert check_url(f"  {url}\n").text == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "  ",
        "talk.mp3",
        "/etc/passwd",
        "../x",
        "C:\\talk.mp3",
        "C:/talk.mp3",
        "example.com/a.mp3",
        "file:///etc/passwd",
        "ftp://example.com/a",
        "gopher://x/",
        "data:audio/wav;base64,AAAA",
        "javascript:alert(1)",
        "ytsearch:music",
        "http://",
        "http:///a",
        "https://:80/",
        "http://exa mple.com/",
        "http://example.com/\r\nHost: x",
        "http://example.com\\@127.0.0.1/",
        "http://[::1/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http:example.com",
        "https://example.com/" + "a" * 9000,
        "dict://127.0.0.1:11211/",
        "s3://bucket/key",
        "//example.com/a",
    ],
)
def test_everything_else_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_url(url)
    assert caught.value.hint
    assert len(caught.value.message) < 400


def test_nobody_makes_a_checked_url_of_anything_else() -> None:
    with pytest.raises(InvalidInputError):
        CheckedUrl("file:///etc/passwd")


def test_a_checked_url_shows_no_credentials_unless_its_text_is_asked_for() -> None:
    url = check_url("https://ana:hunter2@EXAMPLE.com/a.mp3?token=hunter2")
    assert "hunter2" not in f"{url} {url!r} {[url]}"
    assert str(url) == url.masked == "https://***@EXAMPLE.com/a.mp3?token=***"
    assert "hunter2" in url.text
    assert url.host == "example.com"


def test_credentials_are_masked() -> None:
    url = "https://ana:s3cr%40t@example.com:8443/a.mp3?X-Amz-Signature=abc&part=2&access_token=t0k&api_key=k#t=10"
    shown = mask_url(url)
    assert (
        shown
        == "https://***@example.com:8443/a.mp3?X-Amz-Signature=***&part=2&access_token=***&api_key=***#t=10"
    )
    assert mask_urls(f"error at {url}, sorry") == f"error at {shown} sorry".replace("t=10 ", "t=10, ")


def test_urls_without_secrets_stay_as_they_are() -> None:
    for url in (
        "https://www.youtube.com/watch?v=abc&list=def",
        "http://example.com/a%20b.mp3?q=a+b",
        "https://example.com",
    ):
        assert mask_url(url) == url


@given(st.text(alphabet="abc:/?#[]@!$&'()*+,;=%. 1", max_size=40), st.sampled_from(["hunter2", "x:hunter2"]))
def test_a_password_before_the_host_never_shows(rest: str, user: str) -> None:
    assert "hunter2" not in mask_url(f"https://{user}@example.com/{rest.replace('@', '')}")
    assert "hunter2" not in mask_url(f"https://{user}@[broken/{rest.replace('@', '')}")

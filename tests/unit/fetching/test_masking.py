"""Which parts of addresses are secrets, in every form that addresses have in messages."""

import logging
from pathlib import Path

import pytest

from tasks.errors import NotMediaError
from tasks.fetching.results import DownloadLimits, TransferOptions
from tasks.fetching.sites import download_from_site, list_entries
from tasks.net.addresses import AddressPolicy
from tasks.net.urls import check_url, mask_url, mask_urls
from tests.servers.media import MediaServer

SECRET = "geheim"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "token",
            "access_token",
            "id_token",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "X-Goog-Credential",
        ),
        *("sig", "Signature", "Policy", "key", "apikey", "api_key", "api-key", "X-Api-Key", "access-key"),
        *(
            "AWSAccessKeyId",
            "password",
            "passwd",
            "pwd",
            "senha",
            "chave",
            "segredo",
            "secret",
            "client_secret",
        ),
        *("otp", "ticket", "assertion", "key[]", "token[]"),
        *("auth", "authorization", "session", "sessionid", "jwt", "bearer", "hmac", "TOKEN", "code"),
    ],
)
def test_fields_that_are_called_like_secrets_are_masked(name: str) -> None:
    for url in (
        f"https://example.org/a?x=1&{name}={SECRET}&y=2",
        f"https://example.org/a?{name}={SECRET}",
        f"https://example.org/a?x=1;{name}={SECRET}",
        f"https://example.org/a?{name}=a%2F{SECRET}%3D",
        f"https://example.org/a#{name}={SECRET}",
        f"https://example.org/a?x=1#y=2&{name}={SECRET}",
        f"HTTPS://example.org?{name.upper()}={SECRET}",
        f"https://example.org/a?{''.join(f'%{ord(letter):02x}' for letter in name)}={SECRET}",
    ):
        assert SECRET not in mask_url(url), url
        assert SECRET not in mask_urls(f"Could not open '{url}': gone"), url
        assert "example.org" in mask_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ana:geheim@example.org/a",
        "https://geheim@example.org/a",
        "https://ana:geheim%40x@example.org:8080/a?b=1",
        "https://ana:x@geheim@example.org/",
        "redis://:geheim@cache:6379/0",
        "postgresql+asyncpg://prefect:geheim@db/prefect",
        "socks5h://me:geheim@proxy:1080",
        "https://ana:geheim@[::1]:80/",
        "https://ana:geheim@[broken/",
        "https://example.org:port/?token=geheim",
        "redis://:a#geheim@cache:6379/0",
        "redis://:1/geheim@cache:6379/0",
        "postgresql://ana:12?geheim@db/jobs",
        "http://ana:a/geheim#b@proxy:3128",
        "http://:1?geheim@proxy:3128",
    ],
)
def test_credentials_before_the_host_are_masked(url: str) -> None:
    assert SECRET not in mask_url(url)
    assert SECRET not in mask_urls(f"({url}) failed, {url}")


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example.org/get?url=https://ana:geheim@cdn.example.org/a.mp4",
        "https://proxy.example.org/get?url=https://cdn.example.org/a.mp4%3Ftoken=geheim&b=1",
        "https://proxy.example.org/get?to=https%3A%2F%2Fana%3Ageheim%40cdn.example.org%2Fa.mp4",
        "https://proxy.example.org/get?to=https%253A%252F%252Fcdn.example.org%252Fa%253Ftoken%253Dgeheim",
        "https://proxy.example.org/get?url=https://cdn.example.org/a?token=geheim",
        "https://cdn.example.org/a.m3u8?hdnts=exp=1~acl=/*~hmac=geheim",
        "https://cdn.example.org/a;token=geheim/x.mp4",
        "https://cdn.example.org/a;x=1;jsessionid=geheim?b=1",
    ],
)
def test_secrets_within_values_and_paths_are_masked(url: str) -> None:
    assert SECRET not in mask_url(url)
    assert SECRET not in mask_urls(f"({url}) failed, {url}")
    assert "example.org" in mask_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=abc&list=def&t=10",
        "https://example.org/a?monkey=1&keyboard=2&postcode=3&page=4#t=10",
        "https://example.org/a?x=1;y=2#capítulo-2",
        "https://example.org/a?q=a+b%20c&empty=",
        "https://example.org/a;v=1/b?u=https%3A%2F%2Fexample.org%2Fb%3Fc%3D1&mail=a%40b.c",
        "https://social.example.org:8443/@ana?x=b@c",
        "s3://media/films/logo@2x.png",
    ],
)
def test_what_is_no_secret_stays(url: str) -> None:
    assert mask_url(url) == url


def test_what_is_named_after_its_address_is_named_without_its_secrets(
    server: MediaServer, into: Path, loopback: AddressPolicy, limits: DownloadLimits, tone: bytes
) -> None:
    server.say("/a.wav", tone)
    url = server.page("/aula", '<video src="/a.wav"></video>') + f"?parte=2&token={SECRET}"
    options = TransferOptions(loopback, limits, deadline=60)
    found = download_from_site(check_url(url.replace("//", f"//ana:{SECRET}@")), into, options)
    assert found.path.read_bytes() == tone
    assert "aula" in found.title
    assert SECRET not in f"{found.title} {found.path} {found.url}"
    server.page("/lista", '<video src="/a.wav"></video><p><video src="/b.wav"></video>')
    listed = list_entries(check_url(f"{server.url}/lista?token={SECRET}"), options)
    assert len(listed) == 2
    assert all(SECRET not in f"{entry.title} {entry.id}" for entry in listed)


def test_the_log_of_yt_dlp_holds_no_secrets(
    server: MediaServer,
    into: Path,
    loopback: AddressPolicy,
    limits: DownloadLimits,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = server.page("/aula", "<p>words</p>").replace("//", f"//ana:{SECRET}@") + f"?token={SECRET}"
    with caplog.at_level(logging.DEBUG), pytest.raises(NotMediaError) as caught:
        download_from_site(check_url(url), into, TransferOptions(loopback, limits, deadline=60))
    assert "aula?token=***" in caplog.text
    assert SECRET not in caplog.text + str(caught.value)

"""The clients against a real server: what may be connected to is decided where the socket is opened."""

import http.server
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tasks.errors import BlockedAddressError, CancelledError, InvalidInputError, TransientError
from tasks.net.addresses import AddressPolicy
from tasks.net.http import request_error, safe_async_client, safe_client


def answers(*addresses: str) -> list[tuple[Any, ...]]:
    families = {True: socket.AF_INET6, False: socket.AF_INET}
    return [
        (families[":" in a], socket.SOCK_STREAM, 6, "", (a, 0, 0, 0) if ":" in a else (a, 0))
        for a in addresses
    ]


@pytest.fixture
def resolve_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Replaces the resolver: each look-up of a name takes the next answer, the last one stays."""
    real = socket.getaddrinfo

    def install(name: str, *turns: tuple[str, ...]) -> list[str]:
        asked: list[str] = []

        def fake(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if host != name:
                return real(host, port, *args, **kwargs)
            asked.append(host)
            found = answers(*turns[min(len(asked), len(turns)) - 1])
            return [(*rest, (sockaddr[0], port, *sockaddr[2:])) for *rest, sockaddr in found]

        monkeypatch.setattr(socket, "getaddrinfo", fake)
        return asked

    return install


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "user:pw@127.0.0.1",
        "example.com@127.0.0.1",
        "127.0.0.1%2f",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "10.0.0.1",
        "192.168.0.1",
        "3232235777",
        "0xc0a80101",
    ],
)
def test_private_addresses_are_out_of_reach_in_every_spelling(server: Any, host: str) -> None:
    server.say("/", b"secret")
    user, _, name = host.rpartition("@")
    url = f"http://{user}{'@' if user else ''}{name}:{server.port}/"
    with (
        safe_client(AddressPolicy(), connect_timeout=2) as client,
        pytest.raises((BlockedAddressError, httpx.InvalidURL, httpx.ConnectError)) as caught,
    ):
        client.get(url)
    assert server.asked == []
    if not isinstance(caught.value, BlockedAddressError):
        # Not understood as a host at all: then nothing can have been reached either.
        assert host in (
            "127.0.0.1%2f",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "0177.0.0.1",
            "0251.0376.0251.0376",
            "127.0.0.1.",
            "localhost.",
        )


def test_an_allowed_address_is_reached(server: Any, loopback: AddressPolicy) -> None:
    url = server.say("/", b"hello")
    with safe_client(loopback) as client:
        assert client.get(url).content == b"hello"


def test_a_name_that_turns_private_between_two_lookups_is_caught(server: Any, resolve_to: Any) -> None:
    server.say("/", b"secret")
    asked = resolve_to("rebind.example", ("203.0.114.1",), ("127.0.0.1",))
    assert (
        socket.getaddrinfo("rebind.example", 80)[0][4][0] == "203.0.114.1"
    )  # what an early check would have seen
    with safe_client(AddressPolicy()) as client, pytest.raises(BlockedAddressError, match=r"rebind\.example"):
        client.get(f"http://rebind.example:{server.port}/")
    assert len(asked) == 2
    assert server.asked == []


def test_the_address_that_was_checked_is_the_one_connected_to(server: Any, resolve_to: Any) -> None:
    url = server.say("/", b"hello")
    # A second look-up by the socket layer would get an address that nobody answers on.
    asked = resolve_to("once.example", ("127.0.0.1",), ("192.0.2.1",))
    with safe_client(AddressPolicy(("127.0.0.1",))) as client:
        assert client.get(url.replace("127.0.0.1", "once.example")).content == b"hello"
    assert len(asked) == 1
    assert server.asked[0].headers["host"] == f"once.example:{server.port}"


def test_of_several_addresses_only_permitted_ones_are_tried(server: Any, resolve_to: Any) -> None:
    server.say("/", b"hello")
    resolve_to("mixed.example", ("10.9.9.9", "::1", "127.0.0.1"))
    with safe_client(AddressPolicy((f"127.0.0.1:{server.port}",))) as client:
        assert client.get(f"http://mixed.example:{server.port}/").content == b"hello"


def test_an_allowed_name_is_no_door_for_other_names(server: Any, resolve_to: Any) -> None:
    server.say("/", b"hello")
    resolve_to("evil.example", ("127.0.0.1",))
    with safe_client(AddressPolicy(("localhost",))) as client:
        assert client.get(f"http://localhost:{server.port}/").content == b"hello"
        with pytest.raises(BlockedAddressError):
            client.get(f"http://evil.example:{server.port}/")


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:{port}/",
        "//127.0.0.3:{port}/",
        "http://[::1]:{port}/",
        "http://0:{port}/",
        "http://169.254.169.254/",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_checked(server: Any, loopback: AddressPolicy, target: str, status: int) -> None:
    server.say("/secret", b"secret")
    url = server.say("/", status=status, headers={"Location": target.format(port=server.port)})
    with safe_client(loopback) as client, pytest.raises(BlockedAddressError):
        client.get(url)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/",
        "data:text/plain,x",
        "http://0177.0.0.1/",
        "http://[::1/",
    ],
)
def test_redirects_to_other_schemes_are_refused(server: Any, loopback: AddressPolicy, target: str) -> None:
    url = server.say("/", status=302, headers={"Location": target})
    with safe_client(loopback) as client, pytest.raises((httpx.HTTPError, httpx.InvalidURL)) as caught:
        client.get(url)
    assert isinstance(caught.value, httpx.HTTPError | httpx.InvalidURL)
    refusal = request_error(caught.value, url)
    assert isinstance(refusal, InvalidInputError)
    assert not refusal.transient


def test_a_redirect_loop_ends_after_five(server: Any, loopback: AddressPolicy) -> None:
    url = server.say("/", status=302, headers={"Location": "/"})
    with safe_client(loopback) as client, pytest.raises(httpx.TooManyRedirects):
        client.get(url)
    assert len(server.asked) == 6


def test_proxies_and_netrc_of_the_environment_are_ignored(
    server: Any, loopback: AddressPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    url = server.say("/", b"hello")
    with safe_client(loopback) as client:
        assert client.get(url).content == b"hello"


def test_watching_goes_on_while_a_server_stalls(server: Any, loopback: AddressPolicy, tone: bytes) -> None:
    looks = 0

    def cancel_later() -> None:
        nonlocal looks
        looks += 1
        if looks == 6:
            raise CancelledError("stop")

    url = server.say("/", tone, pause_after=100)
    with safe_client(loopback, watch=cancel_later, read_timeout=60) as client, pytest.raises(CancelledError):
        client.get(url)


def test_a_stalled_server_times_out_although_watched(
    server: Any, loopback: AddressPolicy, tone: bytes
) -> None:
    url = server.say("/", tone, pause_after=100)
    with (
        safe_client(loopback, watch=lambda: None, read_timeout=0.8) as client,
        pytest.raises(httpx.ReadTimeout) as caught,
    ):
        client.get(url)
    assert isinstance(request_error(caught.value, url), TransientError)


async def test_the_asynchronous_client_checks_alike(server: Any, loopback: AddressPolicy) -> None:
    url = server.say("/", b"hello")
    server.say("/away", status=302, headers={"Location": f"http://127.0.0.2:{server.port}/"})
    async with safe_async_client(loopback) as client:
        assert (await client.get(url)).content == b"hello"
        with pytest.raises(BlockedAddressError):
            await client.get(server.url + "/away")
        with pytest.raises(BlockedAddressError):
            await client.get(f"http://[::1]:{server.port}/")
    assert len(server.asked) == 2


def test_the_tls_name_stays_that_of_the_url(resolve_to: Any, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "secure.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("secure.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    names: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None:
            pass

    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    serving.sni_callback = lambda _socket, sni, _context: names.append(sni)
    resolve_to("secure.example", ("127.0.0.1",))
    policy = AddressPolicy(("127.0.0.1",))
    trusting = ssl.create_default_context(cafile=str(pem))
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as tls:
        tls.handle_error = lambda *_: None  # type: ignore[method-assign]
        tls.socket = serving.wrap_socket(tls.socket, server_side=True)
        thread = threading.Thread(target=tls.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            with safe_client(policy, watch=lambda: None, verify=trusting) as client:
                assert client.get(f"https://secure.example:{tls.server_port}/").content == b"hello"
                with pytest.raises(httpx.ConnectError) as caught:
                    client.get(f"https://127.0.0.1:{tls.server_port}/")
        finally:
            tls.shutdown()
            thread.join()
    assert names[0] == "secure.example"
    assert "certificate" in request_error(caught.value, "https://127.0.0.1/").message


def test_credentials_are_kept_out_of_the_log(
    server: Any, loopback: AddressPolicy, caplog: pytest.LogCaptureFixture
) -> None:
    server.say("/", b"hello")
    with caplog.at_level(logging.DEBUG, logger="httpx"), safe_client(loopback) as client:
        client.get(f"http://ana:hunter2@127.0.0.1:{server.port}/?token=t0ken")
    assert "127.0.0.1" in caplog.text
    assert "hunter2" not in caplog.text
    assert "t0ken" not in caplog.text

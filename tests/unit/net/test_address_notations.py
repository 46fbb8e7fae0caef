"""Odd ways to write an address, tried at every door through which a stranger's URL is fetched."""

import ipaddress
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.errors import BlockedAddressError, ContrapontoError, InvalidInputError
from tasks.fetching.direct import download_file, fingerprint
from tasks.fetching.results import TransferOptions
from tasks.net.addresses import AddressPolicy
from tasks.net.http import REQUEST_ERRORS, safe_async_client, safe_client
from tasks.net.retry import RetryPolicy
from tasks.net.urls import check_url
from tasks.webhooks.delivery import Rejected, Retry, attempt, check_webhook_url
from tests.servers.media import MediaServer

PUBLIC, PUBLIC6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Network:
    """Names with scripted answers; whoever connects to anything but the test's server is noted and refused."""

    def __init__(self, open_port: int) -> None:
        self.names: dict[str, list[tuple[str, ...]]] = {
            "localhost": [("127.0.0.1", "::1")],
            "example.org": [(PUBLIC, PUBLIC6)],
        }
        """Each look-up takes the next answer; the last one stays."""
        self.connected: list[str] = []
        self._open_port = open_port
        self._look_up: Callable[..., list[Any]] = socket.getaddrinfo
        self._connect: Callable[..., None] = socket.socket.connect

    def getaddrinfo(
        self, host: str | bytes, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        turns = self.names.get(name.rstrip(".").lower())
        answers = (host,) if turns is None else turns.pop(0) if len(turns) > 1 else turns[0]
        numeric = socket.AI_NUMERICHOST
        return [
            found
            for address in answers
            for found in self._look_up(address, port, family, type, proto, numeric)
        ]

    def connect(self, opened: socket.socket, address: Any) -> None:
        if address[1] == self._open_port:
            self._connect(opened, address)
        else:
            self.connected.append(str(ipaddress.ip_address(address[0])))
            raise ConnectionRefusedError("nothing is reached in tests")


@pytest.fixture
def network(server: MediaServer, monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network(server.port)
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", lambda opened, address: made.connect(opened, address))
    return made


def options_with(policy: AddressPolicy) -> TransferOptions:
    return TransferOptions(policy, deadline=30, retry=RetryPolicy(backoff=0.01))


async def try_every_door(url: str, folder: Path) -> InvalidInputError:
    """Downloads it, asks for its version, posts to it; the error of the download."""
    with suppress(ContrapontoError):
        assert fingerprint(check_url(url), AddressPolicy()) is None
    with suppress(ContrapontoError):
        await check_webhook_url(url, AddressPolicy())
    assert isinstance(await attempt(url, b"{}", {}, policy=AddressPolicy(), timeout=9), Rejected | Retry)
    async with safe_async_client(AddressPolicy()) as client:
        with pytest.raises((ContrapontoError, *REQUEST_ERRORS)):
            await client.get(url)
    with pytest.raises(InvalidInputError) as caught:
        download_file(check_url(url), folder, options_with(AddressPolicy()))
    assert not caught.value.transient
    return caught.value


UNDERSTOOD = """
0x7f.0x0.0x0.0x1 0X7F.1 0177.1 0177.0.1 127.0.0x1 127.65535 0x7f.0177 017700000001 0 00 0x0 0.0 0.0.0
10.1 0xa.1 012.1 192.168.257 0xC0.0xA8.0.1 0xc0a80001 3232235521 172.1048577 0xac100001
169.254.43518 0xA9.0xFE.0xA9FE 0251.254.43518 025177524776 169.16689662 100.64.0.1 100.127.255.254 0x64400001
198.18.0.1 192.0.0.192 168.63.129.16 255.255.255.255 4294967295 0xffffffff 224.0.0.251 239.255.255.250 240.0.0.1
[::] [0::0] [::0.0.0.0] [0000:0000:0000:0000:0000:0000:0000:0001] [::7f00:1] [::127.0.0.1] [::169.254.169.254]
[::FFFF:127.0.0.1] [0:0:0:0:0:ffff:7f00:1] [::ffff:a9fe:a9fe] [::ffff:0.0.0.0] [::ffff:255.255.255.255]
[::ffff:0:127.0.0.1] [::ffff:0:a9fe:a9fe] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:0:0:0:0:a00:1]
[64:ff9b:1::7f00:1] [2002:7f00:1::1] [2002:a9fe:a9fe::] [2002:c0a8:1::1] [2001::1] [2001:0:7f00:1::]
[2001:0:53aa:64c:0:7ffe:80ff:fffe] [2001:10::1] [2001:20::1] [2001:db8::1] [3fff::1] [fc00::1] [fd00:ec2::254]
[fd20:ce::254] [fe80::1] [fe80::a9fe:a9fe] [fec0::1] [ff02::1] [ff0e::c] [100::1] [5f00::1]
example.org@127.0.0.1 example.org:80@127.0.0.1 a:b@0x7f.1 example.org%2f@127.0.0.1 example.org%40x@[::1]
example.org%23@0 %65xample.org@169.254.169.254 127.0.0.1:80 127.0.0.1:443 [::1]:8080 localhost LOCALHOST
127.0.0.1/@example.org 127.0.0.1?@example.org 127.0.0.1#@example.org 127.0.0.1/#@example.org localhost/..@example.org
""".split()  # noqa: SIM905 - a hundred quotes would hide the addresses

NO_HOSTS = """
１２７.0.0.1 127．0．0．1 127｡0｡0｡1 127。0.0.1 ①②⑦.0.0.1 ١٢٧.0.0.1 ｌｏｃａｌｈｏｓｔ ⓛⓞⓒⓐⓛⓗⓞⓢⓣ
localhos\u0442 l\u043ecalhost [::１] [::ｆｆｆｆ:127.0.0.1] loc\u00adalhost local\u200bhost
metadata\u3002google\u3002internal
xn--127-0-0-1 xn--localhost-.xn--a %31%32%37.0.0.1 %6c%6fcalhost 127%2e0%2e0%2e1 127.0.0.1%00.example.org
127.0.0.1%23.example.org 127.0.0.1%2f.example.org 127.0.0.1%5c@ %5b::1%5d 127.0.0.1%0d%0ahost:example.org
127.0.0.1\\.example.org example.org\\@0 a@b@127.0.0.1\\ [::1 ::1 [127.0.0.1] [::ffff:0x7f.1] [::ffff:127.1] [::1]x
[::1]@ [[::1]] [fe80::1%25eth0] [::1%25lo] [fe80::1%25] [::1%00] [v1.127.0.0.1] [::ffff:127.0.0.1%25lo]
256.0.0.1 127.0.0.0.1 0x17f000001 4294967297 040000000001 08.0.0.1 0x.1 127..1 .127.0.0.1 -1 1e3 127.0.0.1,
127.0.0.1; $(hostname) {127,0,0,1} 127.0.0.1:0x50 127.0.0.1:80:80
""".split()  # noqa: SIM905
NOT_UNDERSTOOD = [
    *NO_HOSTS,
    "127.0.0\t.1",
    "127.0.0\n.1",
    "127.0.0.1\x00.example.org",
    "exa mple.org@127.0.0.1",
    "example.org\r\n@127.0.0.1",
    "\u2028127.0.0.1",
]
"""No address, at least not to the client; what the resolver might make of them is not tried."""


@pytest.mark.parametrize("host", UNDERSTOOD)
async def test_a_private_address_is_blocked_however_it_is_written(
    network: Network, tmp_path: Path, host: str
) -> None:
    error = await try_every_door(f"http://{host}/a.wav", tmp_path)
    assert isinstance(error, BlockedAddressError)
    assert network.connected == []


@pytest.mark.parametrize("host", NOT_UNDERSTOOD)
async def test_what_is_no_host_leads_nowhere(network: Network, tmp_path: Path, host: str) -> None:
    await try_every_door(f"http://{host}/a.wav", tmp_path)
    assert network.connected == []


PRIVATE = """
0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.53 168.63.129.16 169.254.169.254 172.17.0.1 192.0.0.192 192.168.1.1 198.18.0.1
224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2001:0:7f00:1::
2002:7f00:1::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
""".split()  # noqa: SIM905
NAMES = """
metadata.google.internal metadata instance-data kubernetes.default.svc host.docker.internal localtest.me
127.0.0.1.nip.io 127-0-0-1.example.org xn--exmple-cua.org localhost.localdomain ip6-localhost printer.local. intranet
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", PRIVATE)
async def test_names_lead_to_no_private_address(network: Network, tmp_path: Path, address: str) -> None:
    for name in NAMES:
        network.names[name.rstrip(".")] = [(address,)]
    for name in NAMES[:2] if address in PRIVATE[1:] else NAMES:
        assert isinstance(await try_every_door(f"http://{name}/a.wav", tmp_path), BlockedAddressError)
        with pytest.raises(BlockedAddressError):
            await check_webhook_url(f"https://{name}/", AddressPolicy())
    assert network.connected == []


@pytest.mark.parametrize(
    "host", [*UNDERSTOOD[::6], *NOT_UNDERSTOOD[::6], "metadata.google.internal", "example.org@[::1]"]
)
def test_no_chain_of_redirects_leads_to_one(
    network: Network, server: MediaServer, tmp_path: Path, host: str
) -> None:
    network.names["metadata.google.internal"] = [("169.254.169.254",)]
    target = f"http://{host}/a.wav".encode().decode("latin-1")
    if "\n" in target or "\x00" in target:
        pytest.skip("no header can hold it")
    server.say("/0", status=302, headers={"Location": "/1"})
    server.say("/1", status=307, headers={"Location": f"{server.url}/2"})
    server.say("/2", status=301, headers={"Location": target})
    policy = AddressPolicy((f"127.0.0.1:{server.port}",))
    with pytest.raises(InvalidInputError):
        download_file(check_url(f"{server.url}/0"), tmp_path, options_with(policy))
    assert [asked.path for asked in server.asked] == ["/0", "/1", "/2"]
    assert network.connected == []


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fd00:ec2::254"])
async def test_a_receiver_whose_name_turns_private_after_its_check_gets_nothing(
    network: Network, address: str
) -> None:
    network.names["rebind.example"] = [(PUBLIC,), (address,)]
    url = "http://rebind.example/hook"
    assert await check_webhook_url(url, AddressPolicy()) == url
    outcome = await attempt(url, b"{}", {}, policy=AddressPolicy(), timeout=9)
    assert isinstance(outcome, Rejected)
    assert address in outcome.reason
    assert network.connected == []


def test_a_name_that_turns_private_between_two_tries_is_caught(network: Network, tmp_path: Path) -> None:
    network.names["rebind.example"] = [(PUBLIC,), (PUBLIC,), ("169.254.169.254",)]
    url = "http://rebind.example/a.wav"
    with pytest.raises(BlockedAddressError):
        download_file(check_url(url), tmp_path, options_with(AddressPolicy()))
    assert set(network.connected) == {PUBLIC}


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("https://example.org/a.wav", {PUBLIC, PUBLIC6}),
        ("HTTP://EXAMPLE.org.:8080/a.wav", {PUBLIC, PUBLIC6}),
        ("http://user:pw@example.org/a", {PUBLIC, PUBLIC6}),
        ("http://example.org#@127.0.0.1/", {PUBLIC, PUBLIC6}),
        ("http://example.org?@169.254.169.254/", {PUBLIC, PUBLIC6}),
        ("http://example.org/@127.0.0.1/..//127.0.0.1", {PUBLIC, PUBLIC6}),
        ("http://127.0.0.1%3a80@example.org/", {PUBLIC, PUBLIC6}),
        ("http://127.0.0.1.example.com/", {"1.1.1.1"}),
        ("https://münchen.example/ü", {"8.8.4.4"}),
        ("http://8.8.8.8/", {"8.8.8.8"}),
        ("http://134744072/", {"8.8.8.8"}),
        ("http://[2606:4700:4700::1111]:8443/", {"2606:4700:4700::1111"}),
        ("http://[::ffff:8.8.8.8]/", {"::ffff:8.8.8.8"}),
        ("http://11.0.0.1/", {"11.0.0.1"}),
        ("http://mixed.example/", {PUBLIC}),
    ],
)
async def test_public_addresses_are_connected_to(network: Network, url: str, reached: set[str]) -> None:
    network.names["127.0.0.1.example.com"] = [("1.1.1.1",)]
    network.names["xn--mnchen-3ya.example"] = [("8.8.4.4",)]
    network.names["mixed.example"] = [("10.0.0.1", PUBLIC, "::1")]
    with safe_client(AddressPolicy()) as client, pytest.raises(httpx.ConnectError):
        client.get(url)
    async with safe_async_client(AddressPolicy()) as asynchronous:
        with pytest.raises(httpx.ConnectError):
            await asynchronous.get(url)
    assert await check_webhook_url(url, AddressPolicy()) == url
    assert set(network.connected) == {str(ipaddress.ip_address(address)) for address in reached}
    assert len(network.connected) == 2 * len(reached)


REBINDING = """
import json, socket, sys, urllib.request
from tasks.fetching._guard import guard_process
from tasks.net.addresses import AddressPolicy

port, asked = int(sys.argv[1]), []

def look_up(host, port, *args, **kwargs):
    asked.append(host)
    address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

socket.getaddrinfo = look_up
refused = guard_process(AddressPolicy(), frozenset())
first = socket.getaddrinfo("rebind.example", port)[0][4][0]
try:
    urllib.request.urlopen(f"http://rebind.example:{port}/", timeout=5)
except OSError as error:
    print(json.dumps([first, len(asked), [str(reason) for reason in refused]]))
"""


def test_the_process_of_yt_dlp_sees_through_rebinding(server: MediaServer) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REBINDING, str(server.port)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, lookups, [reason] = json.loads(done.stdout)
    assert (first, lookups) == ("93.184.215.14", 2)
    assert "rebind.example" in reason
    assert server.asked == []

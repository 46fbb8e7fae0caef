"""The guard of the yt-dlp process, tried in a process of its own: it cannot be taken off again."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tasks.net.addresses import AddressPolicy

ATTEMPTS = """
import json, os, socket, subprocess, sys
from tasks.fetching._guard import BlockedConnectionError, guard_process
from tasks.net.addresses import AddressPolicy

allowed, port = json.loads(sys.argv[1])
kept = socket.socketpair()
guard_process(AddressPolicy(tuple(allowed)), frozenset({sys.executable}))
outcomes = {}

def attempt(name, action):
    try:
        action()
    except BlockedConnectionError:
        outcomes[name] = "blocked"
    except PermissionError:
        outcomes[name] = "refused"
    except ImportError:
        outcomes[name] = "absent"
    except OSError as error:
        outcomes[name] = type(error).__name__
    else:
        outcomes[name] = "reached"

def connect(host, family=socket.AF_INET, kind=socket.SOCK_STREAM, call="connect"):
    with socket.socket(family, kind) as s:
        s.settimeout(2)
        getattr(s, call)((host, port) if family == socket.AF_INET else (host, port, 0, 0))

def make(host):
    socket.create_connection((host, port), 2).close()

HOSTS = "127.0.0.1 127.1 localhost 0x7f.1 2130706433 0.0.0.0 10.0.0.1 169.254.169.254".split()
for host in HOSTS:
    attempt(host, lambda: connect(host))
    attempt(host + " ex", lambda: connect(host, call="connect_ex"))
    attempt(host + " udp", lambda: connect(host, kind=socket.SOCK_DGRAM))
    attempt(host + " made", lambda: make(host))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    attempt(host + " sendto", lambda: udp.sendto(b"x", (host, port)))
    attempt(host + " sendmsg", lambda: udp.sendmsg([b"x"], [], 0, (host, port)))
for host in ("::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "fe80::1", "fd00:ec2::254", "64:ff9b::7f00:1"):
    attempt(host, lambda: connect(host, socket.AF_INET6))
attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket"))
attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect(b"\\0x"))
attempt("pair", lambda: kept[0].sendmsg([b"x"]))
import urllib.request
import requests
url = f"http://127.0.0.1:{port}/"
attempt("urllib", lambda: urllib.request.urlopen(url, timeout=2))
attempt("requests", lambda: requests.get(url, timeout=2))
attempt("shell", lambda: os.system("true"))
attempt("program", lambda: subprocess.run(["/bin/true"]))
attempt("named program", lambda: subprocess.run([sys.executable, "-c", ""]))
attempt("spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
attempt("fork", os.fork)
attempt("curl", lambda: __import__("curl_cffi"))
print(json.dumps(outcomes))
"""


@pytest.fixture
def attempts(server: Any) -> Any:
    server.say("/", b"secret")

    def run(*allowed: str) -> dict[str, str]:
        AddressPolicy(allowed)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ATTEMPTS, json.dumps([allowed, server.port])],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout)
        return found

    return run


def test_nothing_private_is_reached_by_any_call(attempts: Any, server: Any) -> None:
    outcomes = attempts()
    expected = {"pair": "reached", "named program": "reached", "curl": "absent"}
    refused = {"shell", "program", "spawn", "fork"}
    for name, outcome in outcomes.items():
        if name in expected:
            assert outcome == expected[name], name
        elif name in refused:
            assert outcome == "refused", name
        elif name == "requests":
            assert outcome in ("ConnectionError", "blocked")
        elif name == "urllib":
            assert outcome in ("URLError", "blocked")
        else:
            assert outcome == "blocked", name
    assert len(outcomes) >= 60
    assert server.asked == []


def test_what_is_allowed_is_reached(attempts: Any, server: Any) -> None:
    outcomes = attempts("127.0.0.1")
    assert {
        outcomes[name]
        for name in ("127.0.0.1", "127.0.0.1 made", "localhost made", "127.1 made", "urllib", "requests")
    } == {"reached"}
    # A name that nobody looked up in sight stays closed, whatever it would have led to.
    assert outcomes["localhost"] == "blocked"
    assert outcomes["10.0.0.1"] == outcomes["::1"] == "blocked"


def test_an_allowed_name_opens_what_it_resolves_to_and_no_more(attempts: Any) -> None:
    outcomes = attempts("localhost")
    assert outcomes["localhost made"] == "reached"
    assert outcomes["127.0.0.1 made"] == "blocked"
    assert outcomes["2130706433 made"] == "blocked"

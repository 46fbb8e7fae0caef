"""Dump and restore of a database that wants TLS, by programs that have none; and into an earlier PostgreSQL."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.backup import database
from deployments.backup.manifest import BackupError
from deployments.backup.tls import for_plain_client, reachable_without_tls
from deployments.embedded import postgres
from deployments.processes.environment import Surroundings
from deployments.processes.service import ServiceError
from tests.servers.hostile import self_signed
from tests.servers.postgres import running_postgres
from tests.servers.postgres_tls import only_with_tls
from tests.unit.backup.conftest import FILLED, ask


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server with a filled database and two empty ones."""
    home = tmp_path_factory.mktemp("tls")
    with running_postgres(home) as url:
        ask(url, *FILLED.split(";"), "CREATE DATABASE second", "CREATE DATABASE third")
        yield str(postgres.socket_folder(Surroundings(home=home)) / ".s.PGSQL.5432")


@pytest.mark.parametrize("mode", ["", "?sslmode=require", "?sslmode=verify-ca&sslrootcert={certificate}"])
def test_a_database_that_wants_tls_is_dumped(
    socket: str, certificate: Path, tmp_path: Path, mode: str
) -> None:
    with only_with_tls(socket, certificate) as port:
        database.dump(
            f"postgresql://postgres@localhost:{port}/postgres{mode}".format(certificate=certificate), tmp_path
        )
    assert (tmp_path / database.FILE).stat().st_size > 1000


def test_and_restored(socket: str, certificate: Path, tmp_path: Path) -> None:
    with only_with_tls(socket, certificate) as port:
        url = f"postgresql://postgres@127.0.0.1:{port}/{{}}?sslmode=require"
        database.dump(url.format("postgres"), tmp_path)
        database.restore(tmp_path, url.format("second"))
        assert ask(url.format("second"), "SELECT count(*) || max(result) FROM run") == "50results/9.txt"
        with pytest.raises(BackupError) as caught:
            database.restore(tmp_path, url.format("second"))
        assert 'relation "run" already exists' in str(caught.value.hint)


def test_half_a_dump_leaves_nothing(socket: str, tmp_path: Path) -> None:
    url = f"postgresql://postgres@/{{}}?host={Path(socket).parent}"
    database.dump(url.format("postgres"), tmp_path)
    dump = tmp_path / database.FILE
    dump.write_bytes(dump.read_bytes()[:-200])
    with pytest.raises(BackupError, match="could not be restored"):
        database.restore(tmp_path, url.format("third"))
    assert database.is_empty(url.format("third"))


def test_a_certificate_of_nobody_and_a_server_without_tls_are_refused(
    socket: str, certificate: Path, tmp_path: Path
) -> None:
    other = self_signed(tmp_path, "localhost")
    with only_with_tls(socket, certificate) as port:
        url = f"postgresql://postgres@localhost:{port}/postgres?sslmode=verify-ca&sslrootcert={other}"
        with pytest.raises(ServiceError) as caught:
            database.dump(url, tmp_path)
    assert "certificate verify failed" in str(caught.value.hint)
    with only_with_tls(socket, certificate, has_tls=False) as port:
        url = f"postgresql://postgres@localhost:{port}/postgres"
        database.dump(url, tmp_path)
        with pytest.raises(ServiceError) as caught:
            database.dump(f"{url}?sslmode=require", tmp_path)
    assert "the server has no TLS, which sslmode asks for" in str(caught.value.hint)
    with pytest.raises(BackupError, match="files for TLS"):
        database.dump(f"{url}?sslmode=verify-ca&sslrootcert={tmp_path / 'none'}", tmp_path)


@pytest.mark.parametrize("url", ["postgresql://a@/b?host=%2Frun", "postgresql://a:b@db/c?sslmode=disable"])
def test_what_needs_none_is_reached_as_it_is(url: str) -> None:
    with reachable_without_tls(url) as same:
        assert same == url


def test_a_setting_of_later_servers_is_left_out_at_the_head_alone() -> None:
    head = b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nSET row_security = off;\n"
    rows = b"COPY run FROM stdin;\n" * 50 + b"SET transaction_timeout = 0;\n"
    target = io.BytesIO()
    database.for_any_version(io.BytesIO(head + rows), target)
    assert target.getvalue() == head.replace(b"SET transaction_timeout = 0;\n", b"") + rows


def test_a_client_without_tls_is_not_offered_what_needs_it() -> None:
    offered = b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"
    assert for_plain_client(b"R", offered) == b"\0\0\0\x0aSCRAM-SHA-256\0\0"
    for kind, body in ((b"E", offered), (b"R", b"\0\0\0\x05SCRAM-SHA-256-PLUS\0")):
        assert for_plain_client(kind, body) == body


def test_nothing_is_left_of_the_way(socket: str, certificate: Path) -> None:
    with only_with_tls(socket, certificate) as port:
        with reachable_without_tls(f"postgresql://postgres:secret@localhost:{port}/postgres") as near:
            folder = Path(near.partition("host=")[2].replace("%2F", "/"))
            assert folder.is_dir()
            assert folder.stat().st_mode & 0o077 == 0
        assert not folder.exists()

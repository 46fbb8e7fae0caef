"""The servers that an installation may have beside it: a PostgreSQL over TLS, a Redis and a bucket."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from deployments.embedded import postgres
from deployments.embedded.database import ask
from deployments.processes.environment import Surroundings
from deployments.processes.sockets import free_port
from tests.servers.hostile import self_signed
from tests.servers.postgres import running_postgres
from tests.servers.postgres_tls import only_with_tls
from tests.servers.s3 import in_bucket, s3_client, s3_server
from tests.servers.valkey import running_valkey

_RULES = "local all postgres trust\nlocal all all scram-sha-256\n"
"""Who is let into the database: all but its own superuser with a password."""


@dataclass(frozen=True)
class OtherServers:
    """Each with a password, and with an address on this machine."""

    administrator: str
    """Address of the database for who may do all."""
    database: str
    """The same for the installation, with {} for its password."""
    redis: Redis
    redis_address: str
    bucket: str

    def named(self, password: str) -> dict[str, str]:
        """The settings that name them."""
        settings: Mapping[str, str] = {
            "database_url": self.database.format(password),
            "record_store": self.database.format(password),
            "redis_url": self.redis_address.format(password),
            **in_bucket(self.bucket),
        }
        return {f"CONTRAPONTO_{name.upper()}": value for name, value in settings.items()}

    def set_password(self, password: str) -> None:
        """Of the installation's role in the database, whose old one no longer fits, and a further one of the Redis."""
        ask(self.administrator, f"ALTER ROLE contraponto PASSWORD '{password}'")
        self.redis.acl_setuser("default", enabled=True, passwords=[f"+{password}"])

    def forget_password(self, password: str) -> None:
        """Of the Redis."""
        self.redis.acl_setuser("default", enabled=True, passwords=[f"-{password}"])

    def content(self, key: str) -> bytes:
        """A file of the media store."""
        with s3_client(self.bucket) as client:
            return client.get_object(Bucket="media", Key=f"contraponto/{key}")["Body"].read()


@contextmanager
def other_servers(folder: Path, password: str) -> Iterator[OtherServers]:
    """Empty ones."""
    port, home = free_port(), folder / "database"
    with (
        running_postgres(home) as administrator,
        only_with_tls(
            str(postgres.socket_folder(Surroundings(home=home)) / ".s.PGSQL.5432"), self_signed(folder)
        ) as database_port,
        running_valkey("--port", str(port), "--save", "", password=password) as valkey,
        valkey.client() as redis,
        s3_server(folder) as bucket,
    ):
        ask(administrator, "CREATE ROLE contraponto LOGIN")
        ask(administrator, "CREATE DATABASE contraponto OWNER contraponto")
        (home / "postgres" / "pg_hba.conf").write_text(_RULES)
        ask(administrator, "SELECT pg_reload_conf()")
        with s3_client(bucket) as client:
            client.create_bucket(Bucket="media")
        servers = OtherServers(
            administrator,
            f"postgresql://contraponto:{{}}@127.0.0.1:{database_port}/contraponto?sslmode=require",
            redis,
            f"redis://:{{}}@127.0.0.1:{port}/0",
            bucket,
        )
        servers.set_password(password)
        yield servers

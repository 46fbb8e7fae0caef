"""Addresses of a PostgreSQL and of a Redis, checked where they come in and written as all their clients read alike.

The clients differ in what they make of a special character that is not percent-encoded: of the three that read the
address of the database, one takes the host to begin at the first `@`, the others at the last.
"""

from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

_POSTGRESQL = "must be postgresql://USER:PASSWORD@HOST:5432/DATABASE"
_ENCODE = (
    "must have special characters of its password written as %XX: # is %23, / is %2F, ? is %3F, @ is %40"
)
TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TLS_FILES = ("sslrootcert", "sslcert", "sslkey")
"""Parameters of an address of PostgreSQL that name files."""
_PARAMETERS = ("host", "sslmode", *TLS_FILES)


def postgresql_address(value: str) -> str:
    """The address of a database.

    Raises:
        ValueError: it cannot be used; why, as the end of a sentence, without the address.
    """
    kind, _, rest = value.partition("://")
    if kind not in ("postgresql", "postgres", "postgresql+asyncpg") or not rest.strip("/"):
        raise ValueError(_POSTGRESQL)
    if "," in rest.rpartition("@")[2].partition("/")[0]:
        raise ValueError(f"{_POSTGRESQL} with one host")
    parts = _split(value)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if unknown := {name for name, _ in query}.difference(_PARAMETERS):
        raise ValueError(f"knows the parameters {', '.join(_PARAMETERS)}, not {', '.join(sorted(unknown))}")
    mode = dict(query).get("sslmode")
    if mode is not None and mode not in TLS_MODES:
        raise ValueError(f"must have one of {', '.join(TLS_MODES)} as sslmode")
    database = quote(unquote(parts.path.strip("/")), safe="")
    return urlunsplit(
        # No client knows `+` as a space.
        ("postgresql", _place(parts), database and f"/{database}", urlencode(query, quote_via=quote), "")
    )


def redis_address(value: str) -> str:
    """The address of a Redis or Valkey, by the schemes that every client knows.

    Raises:
        ValueError: it cannot be used; why, as the end of a sentence.
    """
    kind, _, rest = value.partition("://")
    if kind == "unix":
        return value
    if not rest.strip("/"):
        raise ValueError("must be redis://:PASSWORD@HOST:6379/0")
    parts = _split(value)
    return urlunsplit(parts._replace(scheme=kind.replace("valkey", "redis"), netloc=_place(parts)))


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
    except ValueError:  # a bracket in the password
        raise ValueError(_ENCODE) from None
    if parts.fragment or "#" in value or "@" in parts.path or "@" in parts.query:
        raise ValueError(_ENCODE)
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("must have a port that is a number up to 65535") from None
    return parts


def _place(parts: SplitResult) -> str:
    """User, password, host and port."""
    login, is_given, host = parts.netloc.rpartition("@")
    user, has_password, password = login.partition(":")
    encoded = f"{_encoded(user)}{has_password}{_encoded(password)}"
    return f"{encoded}{is_given}{host}"


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="")

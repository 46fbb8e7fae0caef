"""Whether a Directus can be a record store: its collections are read, and something is written and taken back."""

from collections.abc import Sequence
from uuid import uuid4

from blocks.directus_api import DirectusApi, ForbiddenError
from blocks.record_store import StoreCheck
from tasks.errors import InvalidSettingError


async def try_collections(api: DirectusApi, names: Sequence[str], claims: str) -> StoreCheck:
    """How it is; `claims` is the collection of claims, into which it writes.

    Raises:
        InvalidSettingError: the token is wrong, may read none of the collections, or may not write claims.
    """
    await api.ask("GET", "/users/me?fields=id")  # which a wrong token does not get
    missing = []
    for name in names:
        try:
            await api.items(name, {}, limit=1, fields="id")
        except ForbiddenError:
            missing.append(name)
    if len(missing) == len(names):
        raise InvalidSettingError(
            f"The token of the record store may read none of the collections: {', '.join(missing)}.",
            hint="Make them, and let the token's role read and write them.",
        )
    return StoreCheck(await _try_claims(api, claims), tuple(missing))


async def _try_claims(api: DirectusApi, claims: str) -> str:
    """Makes a claim on nothing, and takes it back."""
    key = f"health:{uuid4()}"
    claim = {"id": key, "colecao": "health", "registro": key, "vez": 0, "tentativas": 0, "dono": "health"}
    try:
        await api.ask("GET", f"/collections/{claims}")
    except ForbiddenError:
        return f"read; the first job makes {claims}, for which it needs an administrator's token"
    try:
        await api.ask("POST", f"/items/{claims}", claim)
        await api.ask("DELETE", f"/items/{claims}", [key])
    except ForbiddenError as error:
        raise InvalidSettingError(
            f"The token of the record store may not write the collection {claims}.",
            hint="Let its role create, read, update and delete there.",
        ) from error
    return "read and written"

"""Directus over its REST API: items, files, and what it says when it refuses."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from tasks.errors import ContrapontoError, InvalidSettingError, LimitExceededError, TransientError
from tasks.net.addresses import AddressPolicy
from tasks.net.http import REQUEST_ERRORS, request_error, safe_async_client, status_error
from tasks.net.retry import RetryPolicy

Value = TypeVar("Value")

_BATCH = 100
"""Ids in one address, records in one request."""
_RETRIES = RetryPolicy(retries=3)


class NotUniqueError(ContrapontoError):
    """Something with this key is there already."""

    code = "not_unique"


class ForbiddenError(InvalidSettingError):
    """The token may not do it, or there is no such thing: Directus does not tell one from the other."""


class DirectusApi:
    """One Directus, as the owner of a token sees it.

    Methods raise InvalidSettingError for a token or fields that it does not know, ForbiddenError, TransientError when
    it cannot be reached.
    """

    def __init__(self, base_url: str, token: str, policy: AddressPolicy, *, timeout: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = safe_async_client(policy, read_timeout=timeout, follow_redirects=False)
        self._client.base_url = httpx.URL(self._base_url)
        self._client.headers["Authorization"] = f"Bearer {token}"

    async def items(
        self,
        collection: str,
        condition: Mapping[str, Any],
        *,
        sort: str = "id",
        limit: int = -1,
        fields: str = "*",
    ) -> list[dict[str, Any]]:
        """The items for which all the conditions hold, by field, as Directus writes filters."""
        conditions = [{name: rule} for name, rule in condition.items()]
        asked = {
            "filter": json.dumps({"_and": conditions} if conditions else {}),
            "sort": sort,
            "limit": str(limit),
            "fields": fields,
        }
        found: list[dict[str, Any]] = await self._send("GET", f"/items/{collection}", params=asked)
        return found

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """What it answers under `data`. Raises NotUniqueError for a key that is taken."""
        return await self._send(method, path, **({} if body is None else {"json": body}))

    async def upload(self, content: bytes, name: str) -> str:
        """The id of a new file."""
        answer = await self._send("POST", "/files", files={"file": (name, content)})
        return str(answer["id"])

    async def download(self, file: str, target: Path, most_bytes: int) -> None:
        """Writes a file to `target`. Raises LimitExceededError."""
        part = target.with_name(f".{target.name}.part")
        path = f"/assets/{quote(file, safe='')}"
        try:
            async with self._client.stream("GET", path) as answer:
                if error := status_error(answer):
                    raise error
                size = 0
                with part.open("wb") as written:
                    async for chunk in answer.aiter_bytes():
                        size += len(chunk)
                        if size > most_bytes:
                            raise LimitExceededError(
                                f"The file is larger than {most_bytes // 1_000_000} MB.",
                                hint="Send a smaller one.",
                            )
                        written.write(chunk)
            part.replace(target)
        except REQUEST_ERRORS as failure:
            raise request_error(failure, f"{self._base_url}{path}") from failure
        finally:
            part.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Lets go of its connections."""
        await self._client.aclose()

    async def _send(self, method: str, path: str, **content: Any) -> Any:
        failures = 0
        while True:
            try:
                return await self._once(method, path, **content)
            except TransientError as error:
                failures += 1
                if failures > _RETRIES.retries:
                    raise
                await asyncio.sleep(_RETRIES.pause(failures, error.retry_after))

    async def _once(self, method: str, path: str, **content: Any) -> Any:
        try:
            answer = await self._client.request(method, path, **content)
        except REQUEST_ERRORS as failure:
            raise request_error(failure, f"{self._base_url}{path}") from failure
        if refused := _refused(answer) or status_error(answer):
            raise refused
        try:
            return answer.json().get("data") if answer.content else None
        except ValueError as failure:
            raise InvalidSettingError(
                f"{self._base_url} does not answer as Directus does.", hint="Check the address."
            ) from failure


def _refused(answer: httpx.Response) -> ContrapontoError | None:
    """What Directus says of its own about a request that it has refused."""
    if answer.status_code in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        return ForbiddenError(
            f"Directus refuses {answer.request.method} {answer.request.url.path}.",
            hint="Check the collections, and what the role of the record store's token may do with them.",
        )
    if answer.status_code not in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED):
        return None
    try:
        first = answer.json()["errors"][0]
        code, message = first["extensions"]["code"], first["message"]
    except (ValueError, LookupError, TypeError):
        return None
    if code == "RECORD_NOT_UNIQUE":
        return NotUniqueError("There is such a record already.")
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return InvalidSettingError(
            "Directus does not know the token.", hint="Check the token of the record store."
        )
    return InvalidSettingError(
        f"Directus refuses a request: {message}", hint="Check the collections' fields."
    )


def item_path(collection: str, item_id: str | int) -> str:
    """Where an item is."""
    return f"/items/{collection}/{quote(str(item_id), safe='')}"


def in_parts(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    """The values in parts that go into one request."""
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))

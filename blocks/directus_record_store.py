"""The record store in Directus, over its REST API. Callers' collections stay as they are.

Directus promises no compare-and-set, so claims are records of a collection of their own, `contraponto_reserva`, whose
key is that of the record and its turn: of several workers that create the same one, the first has the record. How old
a claim is Directus itself says, by its own clock.

Rows are written before the record's end is, each under an id that is always the same: a repeat writes the same again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from prefect.blocks.core import Block
from pydantic import BaseModel, Field, JsonValue, PrivateAttr, SecretStr
from typing_extensions import override

from blocks.directus_api import DirectusApi, ForbiddenError, NotUniqueError, in_parts, item_path
from blocks.directus_store_check import try_collections
from blocks.record_store import (
    FAILED,
    INTERRUPTED,
    MOST_TRIES,
    WAITING,
    WORKING,
    Claim,
    Collection,
    LostClaimError,
    Record,
    RecordId,
    RecordStore,
    Rows,
    StoreCheck,
    UnknownRecordError,
)
from tasks.errors import InvalidSettingError
from tasks.net.addresses import AddressPolicy

CLAIMS = "contraponto_reserva"
"""The collection of claims."""
_TEXTS = ("string", "text")
_CANDIDATES = 50
"""Records that one look for work considers."""
_CLAIM_FIELDS: tuple[dict[str, Any], ...] = (
    {"field": "id", "type": "string", "schema": {"is_primary_key": True, "length": 255}, "meta": {"hidden": True}},
    {"field": "colecao", "type": "string", "schema": {}},
    {"field": "registro", "type": "string", "schema": {}},
    {"field": "vez", "type": "integer", "schema": {}},
    {"field": "tentativas", "type": "integer", "schema": {}},
    {"field": "dono", "type": "string", "schema": {}},
    {"field": "encerrada", "type": "boolean", "schema": {"default_value": False}},
    {
        "field": "renovada_em",
        "type": "timestamp",
        "schema": {},
        "meta": {"special": ["date-created", "date-updated"], "readonly": True},
    },
)  # fmt: skip


class _Claim(BaseModel):
    """A record of the collection of claims."""

    id: str
    registro: str
    vez: int
    tentativas: int
    dono: str
    encerrada: bool


class DirectusRecordStore(RecordStore, Block):
    """Records in the collections of a Directus."""

    _block_type_name = "Directus Record Store"
    _block_type_slug = "directus-record-store"
    _description = "Records in Directus, for jobs that take them up by their status."

    base_url: str = Field(
        title="Directus",
        description="Its address.",
        pattern=r"^https?://\S+$",
        examples=["https://cms.example.org"],
    )
    token: SecretStr = Field(
        title="Token", description="Static token of a user who may read and write the collections."
    )
    allowed_private_hosts: tuple[str, ...] = Field(
        default=(),
        title="Allowed private hosts",
        description="Hosts of a private network that may be reached.",
    )
    timeout: float = Field(default=60, gt=0, le=600, title="Timeout", description="Seconds for one answer.")
    _connected: DirectusApi | None = PrivateAttr(default=None)
    _fields: dict[str, set[str]] = PrivateAttr(default_factory=dict)
    """What the callers' collections have; what they lack is not written."""
    _without_ids: set[str] = PrivateAttr(default_factory=set)
    """The collections whose keys are texts: Directus makes no new ones there."""

    @override
    async def prepare(self, collections: Sequence[Collection]) -> None:
        try:
            await self._api.ask("GET", f"/collections/{CLAIMS}")
        except ForbiddenError:
            fields = [dict(field) for field in _CLAIM_FIELDS]
            made = {"collection": CLAIMS, "schema": {}, "meta": {"hidden": True}, "fields": fields}
            try:
                await self._api.ask("POST", "/collections", made)
            except ForbiddenError as error:
                raise InvalidSettingError(
                    f"Directus has no collection {CLAIMS}, and the token may not make it.",
                    hint="Start once with an administrator's token, or let it read that collection.",
                ) from error
        for collection in collections:
            try:
                fields = await self._api.ask("GET", f"/fields/{collection.name}")
            except ForbiddenError:
                continue  # What is wrong with it is said where it is needed.
            self._fields[collection.name] = {field["field"] for field in fields}
            if any(field["field"] == "id" and field.get("type") in _TEXTS for field in fields):
                self._without_ids.add(collection.name)

    @override
    async def check(self, collections: Sequence[Collection], seconds: float) -> StoreCheck:
        found = await try_collections(self._api, [each.name for each in collections], CLAIMS)
        return replace(found, remark=f"{self.base_url}: {found.remark}")

    @override
    async def get(self, collection: Collection, record_id: RecordId) -> Record:
        try:
            found = await self._api.ask("GET", item_path(collection.name, record_id))
        except ForbiddenError as error:
            # Directus does not tell what is not there from what may not be seen.
            raise UnknownRecordError(
                f'There is no record "{record_id}" in {collection.name}, or the token may not read it.',
                hint="Check its id, and what the token's role may read.",
                record=str(record_id),
                collection=collection.name,
            ) from error
        return _record(collection, found)

    @override
    async def find(
        self, collection: Collection, where: Mapping[str, RecordId | Sequence[RecordId]]
    ) -> list[Record]:
        several = {name: list(value) for name, value in where.items() if not isinstance(value, str | int)}
        if len(several) > 1:
            raise ValueError("one field at most may have one of several values")
        single = {name: {"_eq": value} for name, value in where.items() if name not in several}
        wanted: list[dict[str, object]] = [
            {**single, name: {"_in": list(part)}}
            for name, values in several.items()
            for part in in_parts(values)
        ]
        if not several:
            wanted = [{**single}]
        order = "sort,id" if "sort" in collection.numbers and self._has(collection, "sort") else "id"
        found = [
            _record(collection, item)
            for condition in wanted
            for item in await self._api.items(collection.name, condition, sort=order)
        ]
        return found if len(wanted) < 2 else sorted(found, key=lambda record: _place(record, order))

    @override
    async def put(self, collection: Collection, values: Mapping[str, JsonValue]) -> RecordId:
        record_id = values.get("id")
        if isinstance(record_id, str | int):
            there = await self._api.items(collection.name, {"id": {"_eq": record_id}}, fields="id")
            if there:
                changed = self._known(collection, values, ("id",))
                await self._api.ask("PATCH", item_path(collection.name, record_id), changed)
                return record_id
        elif collection.name in self._without_ids:
            values = {**values, "id": str(uuid4())}
        made = await self._api.ask("POST", f"/items/{collection.name}", self._known(collection, values))
        made_id: RecordId = made["id"]
        return made_id

    @override
    async def claim(self, collection: Collection, owner: str, seconds: float) -> Claim | None:
        for status in (WAITING, WORKING):
            found = await self._api.items(
                collection.name, {"status": {"_eq": status}}, sort="id", limit=_CANDIDATES
            )
            last = await self._last_claims(collection, [item["id"] for item in found])
            over = await self._over([claim.id for claim in last.values()], seconds)
            for item in found:
                before = last.get(str(item["id"]))
                if before is not None and not before.encerrada and before.id not in over:
                    continue
                if status == WORKING and before is not None and before.tentativas >= MOST_TRIES:
                    await self._give_up(collection, item["id"], before)
                    continue
                tries = before.tentativas + 1 if status == WORKING and before is not None else 1
                turn = (before.vez if before is not None else 0) + 1
                taken = await self._take(collection, item["id"], owner, turn, tries, status)
                if taken is not None:
                    return taken
        return None

    @override
    async def renew(self, claim: Claim, seconds: float) -> None:
        await self._check(claim)
        # What is written does not matter: Directus notes when.
        await self._api.ask("PATCH", item_path(CLAIMS, _key(claim)), {"dono": claim.owner})

    @override
    async def finish(
        self, claim: Claim, status: str, values: Mapping[str, JsonValue], rows: Sequence[Rows] = ()
    ) -> None:
        await self._check(claim)
        await self.replace(rows)
        await self._check(claim)
        record = claim.record
        ended = self._known(record.collection, {**values, "status": status})
        await self._api.ask("PATCH", item_path(record.collection.name, record.id), ended)
        await self._close(claim)

    @override
    async def release(self, claim: Claim) -> None:
        try:
            await self._check(claim)
        except LostClaimError:
            return
        record = claim.record
        await self._api.ask("PATCH", item_path(record.collection.name, record.id), {"status": WAITING})
        await self._close(claim)

    @override
    async def replace(self, rows: Sequence[Rows]) -> None:
        for each in rows:
            name = each.collection.name
            there: set[str] = set()
            for part in in_parts(each.parents):
                items = await self._api.items(name, {each.parent: {"_in": list(part)}}, fields="id")
                there |= {str(item["id"]) for item in items}
            ids = {str(record["id"]) for record in each.records}
            for part in in_parts(sorted(there - ids)):
                await self._api.ask("DELETE", f"/items/{name}", list(part))
            new = [record for record in each.records if str(record["id"]) not in there]
            old = [record for record in each.records if str(record["id"]) in there]
            for created in in_parts(new):
                await self._api.ask(
                    "POST", f"/items/{name}", [self._known(each.collection, record) for record in created]
                )
            for updated in in_parts(old):
                changed = [self._known(each.collection, record, each.kept) for record in updated]
                await self._api.ask("PATCH", f"/items/{name}", changed)

    @override
    async def download(self, file: str, target: Path, most_bytes: int) -> bool:
        if "://" in file:
            return False
        await self._api.download(file, target, most_bytes)
        return True

    @override
    async def upload(self, content: bytes, key: str) -> str:
        return await self._api.upload(content, key.rpartition("/")[2])

    @override
    async def aclose(self) -> None:
        if self._connected is not None:
            await self._connected.aclose()
            self._connected = None

    def _has(self, collection: Collection, field: str) -> bool:
        fields = self._fields.get(collection.name)
        return fields is None or field in fields

    def _known(
        self, collection: Collection, values: Mapping[str, JsonValue], but: Sequence[str] = ()
    ) -> dict[str, JsonValue]:
        return {
            name: value for name, value in values.items() if name not in but and self._has(collection, name)
        }

    async def _take(
        self, collection: Collection, record_id: RecordId, owner: str, turn: int, tries: int, status: str
    ) -> Claim | None:
        """The claim, if it is had first and the record still is what it was when it was seen."""
        key = _claim_key(collection, record_id, turn)
        mine = {
            "id": key,
            "colecao": collection.name,
            "registro": str(record_id),
            "vez": turn,
            "tentativas": tries,
            "dono": owner,
            "encerrada": False,
        }
        try:
            await self._api.ask("POST", f"/items/{CLAIMS}", mine)
        except NotUniqueError:
            there = await self._api.items(CLAIMS, {"id": {"_eq": key}})
            # The answer to the first try may have been lost.
            if not there or there[0]["dono"] != owner:
                return None
        record = await self.get(collection, record_id)
        claim = Claim(record, owner, turn)
        if record.values.get("status") != status:
            await self._close(claim)
            return None
        await self._api.ask("PATCH", item_path(collection.name, record_id), {"status": WORKING})
        return Claim(Record(collection, record.id, {**record.values, "status": WORKING}), owner, turn)

    async def _give_up(self, collection: Collection, record_id: RecordId, last: _Claim) -> None:
        failed = self._known(collection, {"status": FAILED, str(collection.note): INTERRUPTED})
        await self._api.ask("PATCH", item_path(collection.name, record_id), failed)
        await self._api.ask("PATCH", item_path(CLAIMS, last.id), {"encerrada": True})

    async def _last_claims(self, collection: Collection, ids: Sequence[RecordId]) -> dict[str, _Claim]:
        """By record, as text."""
        last: dict[str, _Claim] = {}
        for part in in_parts(ids):
            condition = {
                "colecao": {"_eq": collection.name},
                "registro": {"_in": [str(each) for each in part]},
            }
            for item in await self._api.items(CLAIMS, condition, sort="vez"):
                claim = _Claim.model_validate(item)
                last[claim.registro] = claim
        return last

    async def _over(self, keys: Sequence[str], seconds: float) -> set[str]:
        """Those of these claims that nobody has renewed for so long."""
        found: set[str] = set()
        for part in in_parts(keys):
            condition = {"id": {"_in": list(part)}, "renovada_em": {"_lt": f"$NOW(-{seconds:g} seconds)"}}
            found |= {str(item["id"]) for item in await self._api.items(CLAIMS, condition, fields="id")}
        return found

    async def _check(self, claim: Claim) -> None:
        record = claim.record
        last = (await self._last_claims(record.collection, [record.id])).get(str(record.id))
        if last is None or last.vez != claim.turn or last.dono != claim.owner or last.encerrada:
            raise LostClaimError(
                f'The record "{record.id}" of {record.collection.name} has been taken by another worker meanwhile.',
                hint="Nothing needs to be done: that one writes the result.",
            )

    async def _close(self, claim: Claim) -> None:
        await self._api.ask("PATCH", item_path(CLAIMS, _key(claim)), {"encerrada": True})
        older = {
            "colecao": {"_eq": claim.record.collection.name},
            "registro": {"_eq": str(claim.record.id)},
            "vez": {"_lt": claim.turn},
        }
        if keys := [item["id"] for item in await self._api.items(CLAIMS, older, fields="id")]:
            await self._api.ask("DELETE", f"/items/{CLAIMS}", keys)

    @property
    def _api(self) -> DirectusApi:
        if self._connected is None:
            self._connected = DirectusApi(
                self.base_url,
                self.token.get_secret_value(),
                AddressPolicy(self.allowed_private_hosts),
                timeout=self.timeout,
            )
        return self._connected


def _claim_key(collection: Collection, record_id: RecordId, turn: int) -> str:
    return f"{collection.name}:{record_id}:{turn}"


def _key(claim: Claim) -> str:
    return _claim_key(claim.record.collection, claim.record.id, claim.turn)


def _record(collection: Collection, item: Mapping[str, Any]) -> Record:
    return Record(collection, item["id"], {name: item.get(name) for name in collection.fields})


def _place(record: Record, order: str) -> tuple[float, str]:
    sort = record.values.get("sort") if order.startswith("sort") else None
    return (float(sort) if isinstance(sort, int | float) else float("inf"), str(record.id))

"""What every record store must do: on SQLite, on a real PostgreSQL, and on a fake Directus, which speaks its API.

`make test-directus` runs what is about Directus against a real one.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue, SecretStr

from blocks import directus_api
from blocks.directus_record_store import CLAIMS, DirectusRecordStore
from blocks.record_store import (
    DONE,
    FAILED,
    INTERRUPTED,
    MOST_TRIES,
    WAITING,
    WORKING,
    Claim,
    Collection,
    LostClaimError,
    RecordStore,
    Rows,
    UnknownRecordError,
    row_id,
)
from blocks.sql_record_store import SqlRecordStore
from tasks.documents.reasons import reason
from tasks.errors import InvalidSettingError, LimitExceededError, SourceForbiddenError
from tasks.net.retry import RetryPolicy
from tests.servers.directus import FINE, TOKEN, Directus, running_directus
from tests.servers.postgres import running_postgres
from tests.servers.real_directus import FOLDER, RealDirectus, running_real_directus

INSTALLED = os.environ.get(FOLDER)
"""Read before any test changes the environment."""
LONG, SHORT = 60.0, 0.3
"""Seconds of claims: one that lasts, one that is over soon."""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as address:
        yield address


@pytest.fixture(scope="module")
def any_directus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directus | RealDirectus]:
    """The fake, or with `make test-directus` a real one."""
    if INSTALLED:
        with running_real_directus(Path(INSTALLED), tmp_path_factory.mktemp("directus")) as real:
            yield real
    else:
        with running_directus() as fake:
            yield fake


@pytest.fixture
def directus(any_directus: Directus | RealDirectus) -> Iterator[Directus | RealDirectus]:
    yield any_directus
    if isinstance(any_directus, RealDirectus):
        any_directus.forget()


@pytest.fixture
def versions() -> Collection:
    name = f"versao_{uuid.uuid4().hex[:8]}"
    return Collection(name, texts=("titulo", "observacao", "status"), lists=("clausulas",), note="observacao")


@pytest.fixture
def changes() -> Collection:
    name = f"modificacao_{uuid.uuid4().hex[:8]}"
    return Collection(name, texts=("versao", "alteracao", "nota_analista", "status"), numbers=("sort",))


@pytest.fixture(params=["sqlite", "postgresql", "directus"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, versions: Collection, changes: Collection
) -> AsyncIterator[RecordStore]:
    made: RecordStore
    if request.param == "directus":
        directus: Directus | RealDirectus = request.getfixturevalue("directus")
        directus.make(versions.name, *versions.fields)
        directus.make(changes.name, *changes.fields)
        made = directus_store(directus)
    else:
        address = (
            f"sqlite:///{tmp_path / 'records.db'}"
            if request.param == "sqlite"
            else request.getfixturevalue("postgres")
        )
        made = SqlRecordStore(url=SecretStr(address))
    await made.prepare([versions, changes])
    yield made
    await made.aclose()


def directus_store(directus: Directus | RealDirectus, token: str = TOKEN) -> DirectusRecordStore:
    return DirectusRecordStore(
        base_url=directus.address, token=SecretStr(token), allowed_private_hosts=("127.0.0.1",)
    )


async def waiting(store: RecordStore, versions: Collection, count: int = 1) -> list[str]:
    return [
        str(await store.put(versions, {"id": f"v{number:03}", "titulo": "Acordo", "status": WAITING}))
        for number in range(count)
    ]


async def taken(store: RecordStore, versions: Collection, owner: str = "a", seconds: float = LONG) -> Claim:
    claim = await store.claim(versions, owner, seconds)
    assert claim is not None
    return claim


async def test_a_record_comes_back_as_it_was_written(store: RecordStore, versions: Collection) -> None:
    clauses = ["7.1", "7.2"]
    made = await store.put(versions, {"titulo": "Acordo de não divulgação", "clausulas": [*clauses]})
    assert (await store.get(versions, made)).values == {
        "titulo": "Acordo de não divulgação",
        "clausulas": clauses,
        "observacao": None,
        "status": None,
    }
    await store.put(versions, {"id": made, "titulo": "Aditivo"})
    assert (await store.get(versions, made)).values["titulo"] == "Aditivo"
    assert (await store.get(versions, made)).values["clausulas"] == clauses


async def test_what_is_not_there_is_said(store: RecordStore, versions: Collection) -> None:
    with pytest.raises(UnknownRecordError, match="nowhere") as raised:
        await store.get(versions, "nowhere")
    assert f'"nowhere" de {versions.name}' in reason(raised.value)


async def test_records_are_found_by_their_fields_in_order(store: RecordStore, changes: Collection) -> None:
    for number in range(5):
        await store.put(changes, {"id": f"c{number}", "versao": f"v{number % 2}", "sort": 9 - number})
    assert [record.id for record in await store.find(changes, {"versao": "v0"})] == ["c4", "c2", "c0"]
    every = await store.find(changes, {"versao": ["v0", "v1", "v2"]})
    assert [record.id for record in every] == ["c4", "c3", "c2", "c1", "c0"]
    assert await store.find(changes, {"versao": []}) == []


async def test_a_waiting_record_is_taken_once(store: RecordStore, versions: Collection) -> None:
    await waiting(store, versions, 2)
    first, second = await taken(store, versions, "a"), await taken(store, versions, "b")
    assert {first.record.id, second.record.id} == {"v000", "v001"}
    assert await store.claim(versions, "c", LONG) is None
    assert (await store.get(versions, "v000")).values["status"] == WORKING


async def test_of_many_workers_each_record_has_one(store: RecordStore, versions: Collection) -> None:
    ids = await waiting(store, versions, 12)

    async def work(owner: str) -> list[str]:
        had: list[str] = []
        while claim := await store.claim(versions, owner, LONG):
            had.append(str(claim.record.id))
            await store.finish(claim, DONE, {})
        return had

    found = await asyncio.gather(*(work(f"worker {number}") for number in range(4)))
    assert sorted(record for had in found for record in had) == ids


async def test_a_record_ends_with_what_was_made_of_it(
    store: RecordStore, versions: Collection, changes: Collection
) -> None:
    await waiting(store, versions)
    rows = Rows(
        changes,
        "versao",
        ("v000",),
        [{"id": row_id("v000", number), "versao": "v000", "sort": number} for number in range(150)],
    )
    claim = await taken(store, versions)
    await store.finish(claim, DONE, {"observacao": "150 modificações"}, [rows])
    ended = await store.get(versions, "v000")
    assert (ended.values["status"], ended.values["observacao"]) == (DONE, "150 modificações")
    assert [record.values["sort"] for record in await store.find(changes, {"versao": "v000"})] == list(
        range(150)
    )
    assert await store.claim(versions, "b", LONG) is None


async def test_a_repeat_keeps_what_people_wrote_and_takes_away_what_is_gone(
    store: RecordStore, versions: Collection, changes: Collection
) -> None:
    await waiting(store, versions)
    texts = [
        {"id": f"m{number}", "versao": "v000", "alteracao": "a", "status": "draft"} for number in range(3)
    ]
    await store.finish(await taken(store, versions), DONE, {}, [Rows(changes, "versao", ("v000",), texts)])
    await store.put(changes, {"id": "m1", "status": "aceitar", "nota_analista": "de acordo"})
    await store.put(changes, {"id": "other", "versao": "v999"})
    await store.put(versions, {"id": "v000", "status": WAITING})
    again = [{**text, "alteracao": "b"} for text in texts[1:]]
    rows = Rows(changes, "versao", ("v000",), again, kept=("status",))
    await store.finish(await taken(store, versions), DONE, {}, [rows])
    found = {str(record.id): record.values for record in await store.find(changes, {"versao": "v000"})}
    assert set(found) == {"m1", "m2"}
    assert (found["m1"]["alteracao"], found["m1"]["status"]) == ("b", "aceitar")
    assert found["m1"]["nota_analista"] == "de acordo"
    assert (await store.get(changes, "other")).values["versao"] == "v999"


async def test_a_dead_workers_record_is_taken_again_and_its_late_end_is_refused(
    store: RecordStore, versions: Collection, changes: Collection
) -> None:
    await waiting(store, versions)
    dead = await taken(store, versions, "dead", SHORT)
    await asyncio.sleep(2 * SHORT)
    alive = await taken(store, versions, "alive", SHORT)
    assert alive.turn > dead.turn
    late = Rows(changes, "versao", ("v000",), [{"id": "late", "versao": "v000"}])
    for refused in (store.finish(dead, DONE, {"titulo": "tarde"}, [late]), store.renew(dead, LONG)):
        with pytest.raises(LostClaimError, match="another worker"):
            await refused
    await store.release(dead)
    assert await store.find(changes, {"versao": "v000"}) == []
    await store.finish(alive, DONE, {})
    assert (await store.get(versions, "v000")).values["titulo"] == "Acordo"
    assert (await store.get(versions, "v000")).values["status"] == DONE


async def test_a_renewed_claim_is_kept(store: RecordStore, versions: Collection) -> None:
    pace = 3 if INSTALLED else 1  # a real Directus on a busy machine takes its time
    await waiting(store, versions)
    claim = await taken(store, versions, "slow", pace * 2.0)
    await asyncio.sleep(pace * 1.2)
    await store.renew(claim, pace * 2.0)
    await asyncio.sleep(pace * 1.2)
    assert await store.claim(versions, "other", pace * 2.0) is None
    await store.finish(claim, DONE, {})


async def test_a_record_that_kills_its_workers_fails(store: RecordStore, versions: Collection) -> None:
    await waiting(store, versions)
    for _ in range(MOST_TRIES):
        await taken(store, versions, "dies", SHORT)
        await asyncio.sleep(2 * SHORT)
    assert await store.claim(versions, "last", SHORT) is None
    failed = await store.get(versions, "v000")
    assert (failed.values["status"], failed.values["observacao"]) == (FAILED, INTERRUPTED)
    # Whoever has seen to it puts it back, and it has all its tries again.
    await store.put(versions, {"id": "v000", "status": WAITING})
    for _ in range(MOST_TRIES - 1):
        await taken(store, versions, "dies", SHORT)
        await asyncio.sleep(2 * SHORT)
    await store.finish(await taken(store, versions, "lives", SHORT), DONE, {})


async def test_a_released_record_waits_again_with_all_its_tries(
    store: RecordStore, versions: Collection
) -> None:
    await waiting(store, versions)
    for _ in range(MOST_TRIES + 2):
        await store.release(await taken(store, versions, "polite"))
        assert (await store.get(versions, "v000")).values["status"] == WAITING
    await store.finish(await taken(store, versions), DONE, {})


async def test_what_was_left_working_by_something_else_is_taken(
    store: RecordStore, versions: Collection
) -> None:
    await store.put(versions, {"id": "old", "status": WORKING})
    assert (await taken(store, versions)).record.id == "old"


async def test_preparing_again_changes_nothing(store: RecordStore, versions: Collection) -> None:
    await waiting(store, versions)
    await store.prepare([versions])
    assert (await taken(store, versions)).record.id == "v000"


async def test_a_field_that_is_new_is_added_to_a_table(tmp_path: Path, postgres: str) -> None:
    for address in (f"sqlite:///{tmp_path / 'records.db'}", postgres):
        name = f"contrato_{uuid.uuid4().hex[:8]}"
        before, after = (
            Collection(name, texts=("titulo",)),
            Collection(name, texts=("titulo", "status"), note="titulo"),
        )
        first, second = SqlRecordStore(url=SecretStr(address)), SqlRecordStore(url=SecretStr(address))
        await first.prepare([before])
        await first.put(before, {"id": "c", "titulo": "Locação"})
        await second.prepare([after])
        await second.put(after, {"id": "c", "status": WAITING})
        dead = await taken(second, after, "dead", SHORT)
        assert dead.record.text("titulo") == "Locação"
        await asyncio.sleep(2 * SHORT)
        alive = await taken(second, after, "dead")
        assert alive.turn > dead.turn
        with pytest.raises(LostClaimError):
            await second.finish(dead, DONE, {})
        await second.finish(alive, DONE, {})
        await first.aclose()
        await second.aclose()


@pytest.mark.parametrize("order", [503, "cut", "lost"])
async def test_directus_is_asked_again_whichever_request_fails(
    directus: Directus | RealDirectus,
    order: int | str,
    versions: Collection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not isinstance(directus, Directus):
        pytest.skip("a real one does not fail on order")
    monkeypatch.setattr(directus_api, "_RETRIES", RetryPolicy(backoff=0.01))
    directus.make(versions.name)
    store = directus_store(directus)
    await store.prepare([versions])
    await waiting(store, versions)
    for place in range(8):
        directus.failures = [*([FINE] * place), order]
        claim = await taken(store, versions, f"worker {place}")
        directus.failures = [*([FINE] * place), order]
        await store.finish(claim, DONE, {"titulo": str(place)})
        directus.failures = []
        assert (await store.get(versions, "v000")).text("titulo") == str(place)
        assert await store.claim(versions, "other", LONG) is None
        await store.put(versions, {"id": "v000", "status": WAITING})
    of_this = [claim for claim in directus.collections[CLAIMS].values() if claim["colecao"] == versions.name]
    assert len(of_this) == 1  # old claims do not pile up
    await store.aclose()


async def test_fields_that_a_collection_of_directus_lacks_are_left_out(
    directus: Directus | RealDirectus, versions: Collection, changes: Collection
) -> None:
    directus.make(versions.name, "titulo", "status")
    directus.make(changes.name, "versao", "alteracao")
    store = directus_store(directus)
    await store.prepare([versions, changes])
    await waiting(store, versions)
    rows = Rows(changes, "versao", ("v000",), [{"id": "m", "versao": "v000", "sort": 1, "alteracao": "a"}])
    await store.finish(await taken(store, versions), FAILED, {"observacao": "não lido"}, [rows])
    assert (await store.get(versions, "v000")).values["status"] == FAILED
    assert [record.id for record in await store.find(changes, {"versao": "v000"})] == ["m"]
    await store.aclose()


async def test_directus_keeps_files(directus: Directus | RealDirectus, tmp_path: Path) -> None:
    store = directus_store(directus)
    source = tmp_path / "relatório.html"
    source.write_bytes(b"<p>mudou</p>" * 1000)
    file = await store.upload(source.read_bytes(), "contratos/relatório.html")
    assert await store.download(file, tmp_path / "back", 1_000_000) is True
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    with pytest.raises(LimitExceededError):
        await store.download(file, tmp_path / "small", 1000)
    with pytest.raises(SourceForbiddenError):
        await store.download("nowhere", tmp_path / "none", 1000)
    assert await store.download("https://example.org/a.docx", tmp_path / "none", 1000) is False
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"back", "relatório.html"}
    await store.aclose()


async def test_a_token_that_directus_does_not_know_is_said(
    directus: Directus | RealDirectus, versions: Collection
) -> None:
    store = directus_store(directus, token="wrong")
    with pytest.raises(InvalidSettingError, match="token"):
        await store.claim(versions, "a", LONG)
    await store.aclose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_more_rows_than_a_statement_takes(
    kind: str, tmp_path: Path, postgres: str, versions: Collection, changes: Collection
) -> None:
    store = SqlRecordStore(
        url=SecretStr(f"sqlite:///{tmp_path / 'many.db'}" if kind == "sqlite" else postgres)
    )
    await store.prepare([versions, changes])
    try:
        parents = tuple(f"v{number}" for number in range(40_000))
        written: list[dict[str, JsonValue]] = [
            {"id": f"c{number}", "versao": "v1", "sort": number} for number in range(3000)
        ]
        await store.replace([Rows(changes, "versao", parents, written)])
        fewer: list[dict[str, JsonValue]] = [{**each, "alteracao": "outra"} for each in written[:3]] + [
            {"id": "c1", "versao": "v1"}
        ]
        await store.replace([Rows(changes, "versao", parents, fewer)])
        found = await store.find(changes, {"versao": "v1"})
        assert [each.id for each in found] == ["c0", "c1", "c2"]
    finally:
        await store.aclose()

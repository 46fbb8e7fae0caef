"""Models from the publisher's hub."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.errors import CancelledError, MissingEngineError, StorageFullError
from tasks.models import http_source, sources
from tasks.models.install import find_model, installed, verify
from tasks.net.retry import RetryPolicy
from tests.unit.models.one_model import ensure_model

if TYPE_CHECKING:
    from tests.unit.models.conftest import Hub, ModelFromHub


def test_it_is_fetched_checked_and_recorded(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    fractions: list[float] = []
    directory = ensure_model("m", tmp_path, fractions.append, manifest=from_hub())
    assert {name: (directory / name).read_bytes() for name in hub.files} == hub.files
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    (record,) = installed(tmp_path, manifest=from_hub())
    assert (record.source, record.licence, record.size) == ("hub", "MIT", sum(map(len, hub.files.values())))
    assert record.origin == "org/model@0123456789ab"
    assert verify("m", tmp_path, manifest=from_hub()) == ()


def test_the_second_call_asks_nobody(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    first = ensure_model("m", tmp_path, manifest=from_hub())
    asked = len(hub.transfers)
    assert ensure_model("m", tmp_path, manifest=from_hub()) == first
    assert len(hub.transfers) == asked


def test_the_digests_that_the_hub_publishes_are_enough(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path
) -> None:
    ensure_model("m", tmp_path, manifest=from_hub(digests=False))
    assert verify("m", tmp_path, manifest=from_hub(digests=False)) == ()


@pytest.mark.parametrize("name", ["config.json", "model.bin"])
def test_content_that_differs_from_the_published_digest_is_refused(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path, name: str
) -> None:
    hub.instead[name] = hub.files[name][::-1]
    with pytest.raises(MissingEngineError, match=f"the checksum of {name} does not match"):
        ensure_model("m", tmp_path, manifest=from_hub(digests=False))


def test_without_any_digest_nothing_is_trusted(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    hub.publishes_digests = False
    with pytest.raises(MissingEngineError, match="publishes no checksum"):
        ensure_model("m", tmp_path, manifest=from_hub(digests=False))


def test_wrong_content_leaves_nothing_behind(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    hub.instead["model.bin"] = hub.files["model.bin"][::-1]
    with pytest.raises(MissingEngineError, match=r"the checksum of model\.bin does not match") as failure:
        ensure_model("m", tmp_path, manifest=from_hub())
    assert str(tmp_path / "m") in failure.value.hint
    assert not (tmp_path / "m").exists()
    assert not list(tmp_path.rglob("model.bin*"))


def test_an_offer_of_another_size_is_refused_before_it_is_transferred(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path
) -> None:
    hub.instead["model.bin"] = hub.files["model.bin"] + b"more"
    with pytest.raises(
        MissingEngineError, match=r"offers 2,048,004 bytes for model\.bin instead of 2,048,000"
    ):
        ensure_model("m", tmp_path, manifest=from_hub())


def test_a_cut_connection_is_continued_where_it_broke(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path
) -> None:
    hub.cut_after["model.bin"] = [700_000, 600_000]
    directory = ensure_model("m", tmp_path, manifest=from_hub())
    assert (directory / "model.bin").read_bytes() == hub.files["model.bin"]
    assert hub.starts_of("model.bin") == [0, 700_000, 1_300_000]


def test_a_connection_that_never_brings_anything_is_given_up(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "RETRIES", RetryPolicy(backoff=0.001))
    hub.statuses["model.bin"] = [503] * 20
    with pytest.raises(MissingEngineError, match=r"the transfer of model\.bin .* kept breaking"):
        ensure_model("m", tmp_path, manifest=from_hub())


def test_a_busy_hub_is_asked_again(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "RETRIES", RetryPolicy(backoff=0.001))
    hub.statuses["config.json"] = [503, 429]
    ensure_model("m", tmp_path, manifest=from_hub())


def test_a_hub_that_asks_to_wait_is_given_the_time(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "RETRIES", RetryPolicy(backoff=0.001))
    hub.statuses["config.json"] = [429]
    hub.retry_after = "1"
    ensure_model("m", tmp_path, manifest=from_hub())
    refused, served = hub.times["config.json"]
    assert served - refused >= 1


def test_a_hub_that_asks_for_a_long_wait_is_left_for_the_next_source(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path
) -> None:
    hub.statuses["config.json"] = [429]
    hub.retry_after = "3600"
    with pytest.raises(MissingEngineError, match="it answered 429 and asks to wait 3600 s"):
        ensure_model("m", tmp_path, manifest=from_hub())


def test_waiting_for_a_busy_hub_can_be_cancelled(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    hub.statuses["config.json"] = [503] * 9
    hub.retry_after = "30"

    def cancel(fraction: float) -> None:
        if hub.times:
            raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        ensure_model("m", tmp_path, cancel, manifest=from_hub())
    assert len(hub.times["config.json"]) == 1


def test_a_cancelled_download_is_continued_by_the_next_call(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path
) -> None:
    hub.cut_after["model.bin"] = [900_000]

    def cancel_after_the_cut(fraction: float) -> None:
        if len(hub.starts_of("model.bin")) and fraction > 0.3:
            raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        ensure_model("m", tmp_path, cancel_after_the_cut, manifest=from_hub())
    hub.cut_after.clear()
    assert not (tmp_path / "m").exists()
    ensure_model("m", tmp_path, manifest=from_hub())
    assert hub.starts_of("config.json") == [0]
    assert hub.starts_of("model.bin")[-1] > 0


def test_a_piece_of_other_content_is_dropped(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    staging = tmp_path / ".downloads" / "m" / "hub"
    staging.mkdir(parents=True)
    (staging / "model.bin.part").write_bytes(b"x" * 1000)
    directory = ensure_model("m", tmp_path, manifest=from_hub())
    assert (directory / "model.bin").read_bytes() == hub.files["model.bin"]
    assert hub.starts_of("model.bin") == [1000, 0]


def test_a_part_that_was_already_whole_is_used(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    staging = tmp_path / ".downloads" / "m" / "hub"
    staging.mkdir(parents=True)
    (staging / "model.bin.part").write_bytes(hub.files["model.bin"])
    ensure_model("m", tmp_path, manifest=from_hub())
    assert hub.starts_of("model.bin") == [len(hub.files["model.bin"])]


def test_two_processes_fetch_it_once(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    hub.pause = 0.5
    manifest = tmp_path / "manifest.json"
    manifest.write_text(from_hub().model_dump_json())
    program = (
        "import sys; from pathlib import Path; from tasks.models.install import ensure_models;"
        "from tasks.models.manifest import Manifest;"
        "m = Manifest.model_validate_json(Path(sys.argv[1]).read_text());"
        "print(ensure_models(['m'], Path(sys.argv[2]), manifest=m)['m'])"
    )
    command = [sys.executable, "-c", program, str(manifest), str(tmp_path / "models")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [child.communicate(timeout=60)[0].strip() for child in both]
    assert answers == [str(tmp_path / "models" / "m")] * 2
    assert sorted(hub.transfers) == [("config.json", 0), ("model.bin", 0)]


def test_too_little_space_is_said_before_anything_is_fetched(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=1_000_000))
    with pytest.raises(StorageFullError, match="1 MB free"):
        ensure_model("m", tmp_path, manifest=from_hub())
    assert not hub.transfers


def test_a_disk_that_fills_up_meanwhile_is_said(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    staging = tmp_path / ".downloads" / "m" / "hub"
    staging.mkdir(parents=True)
    (staging / "model.bin.part").symlink_to("/dev/full")
    with pytest.raises(StorageFullError, match="filled up"):
        ensure_model("m", tmp_path, manifest=from_hub())


def test_offline_means_that_the_hub_is_not_asked(
    hub: Hub, from_hub: ModelFromHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MissingEngineError, match="HF_HUB_OFFLINE"):
        ensure_model("m", tmp_path, manifest=from_hub())
    assert not hub.transfers


def test_a_host_out_of_reach_is_not_tried_twice(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    address, file = f"{hub.address}/org/model/resolve/x/config.json", from_hub().get("m").files[0]
    with http_source.HttpSource() as http:
        for host in ("http://127.0.0.1:9", hub.address):
            with pytest.raises(sources.SourceFailedError, match=r"127\.0\.0\.1 cannot be reached"):
                http.fetch(address.replace(hub.address, host), tmp_path / "f", file, lambda received: None)
    assert not hub.transfers


def test_a_removed_file_is_named(hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
    manifest = from_hub()
    del hub.files["model.bin"]
    with pytest.raises(MissingEngineError, match=r"answered 404 for model\.bin"):
        ensure_model("m", tmp_path, manifest=manifest)


def test_what_is_missing_is_said_with_the_command_that_gets_it(
    from_hub: ModelFromHub, tmp_path: Path
) -> None:
    with pytest.raises(MissingEngineError, match="contraponto models get m"):
        find_model("m", tmp_path, manifest=from_hub())

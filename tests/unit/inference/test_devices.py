import re
from pathlib import Path

import pytest

from tasks.errors import EngineError, MissingEngineError, OutOfMemoryError
from tasks.inference.devices import (
    cgroup_cpus,
    cuda_problem,
    probe_device,
    supported_compute_types,
    usable_threads,
)
from tasks.speech.engine import call


def test_the_cpu_gets_int8_and_at_least_one_thread() -> None:
    device = probe_device("cpu")
    assert (device.name, device.compute_type) == ("cpu", "int8")
    assert 1 <= device.threads <= 8


def test_what_the_caller_names_is_taken() -> None:
    device = probe_device("cpu", compute_type="float32", threads=3)
    assert (device.compute_type, device.threads) == ("float32", 3)


def test_an_unsupported_compute_type_is_refused_with_those_that_work() -> None:
    with pytest.raises(MissingEngineError, match="int3") as caught:
        probe_device("cpu", compute_type="int3")
    assert "int8" in caught.value.hint


def test_cuda_without_a_gpu_says_so_and_auto_falls_to_the_cpu() -> None:
    if cuda_problem() is None:
        assert probe_device("auto").name == "cuda"
        return
    with pytest.raises(MissingEngineError, match="No GPU"):
        probe_device("cuda")
    assert probe_device("auto").name == "cpu"


def test_a_control_group_of_two_cpus_cuts_the_threads(tmp_path: Path) -> None:
    group = tmp_path / "fs" / "pod" / "container"
    group.mkdir(parents=True)
    (tmp_path / "own").write_text("0::/pod/container\n")
    (group / "cpu.max").write_text("max 100000\n")
    (group.parent / "cpu.max").write_text("150000 100000\n")
    assert cgroup_cpus(tmp_path / "fs", tmp_path / "own") == 1.5


def test_an_old_control_group_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("200000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cgroup_cpus(tmp_path, tmp_path / "nothing") == 2.0


def test_no_limit_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cgroup_cpus(tmp_path, tmp_path / "nothing") is None


def test_the_quota_of_this_machine_bounds_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.inference.devices.cgroup_cpus", lambda: 0.5)
    assert usable_threads() == 1


def test_compute_types_are_the_libraries_own() -> None:
    assert {"int8", "float32"} <= supported_compute_types("cpu")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("CUDA failed with error out of memory", OutOfMemoryError),
        ("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", OutOfMemoryError),
        ("Library libcublas.so.12 is not found or cannot be loaded", EngineError),
    ],
)
def test_only_want_of_memory_is_called_so(said: str, kind: type[EngineError]) -> None:
    def work() -> None:
        raise RuntimeError(said)

    with pytest.raises(EngineError, match=re.escape(said)) as caught:
        call(work)
    assert type(caught.value) is kind

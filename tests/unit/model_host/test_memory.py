"""What a model host keeps loaded, and that what it unloads is gone."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments.model_host.memory import usable_cpus
from deployments.model_host.models import Limits
from tasks.audio.normalise import NormalisationOptions
from tasks.audio.work import Normalisation
from tasks.errors import OutOfMemoryError
from tasks.inference.client import perform, unload_models
from tasks.media.memory import usable_memory_mb
from tasks.speech.work import Recognition
from tests.servers.model_host import model_host
from tests.unit.model_host.conftest import MakeTrial
from tests.waiting import wait_until


@pytest.mark.models
def test_unloading_gives_the_memory_back(
    tmp_path: Path, noisy_talk: Path, models_dir: Path, recognition: Callable[..., Recognition]
) -> None:
    cleaning = Normalisation(
        source=noisy_talk,
        target=tmp_path / "clean.flac",
        options=NormalisationOptions(remove_noise=True),
        models_dir=models_dir,
        threads=2,
        deadline=60,
    )
    with model_host(tmp_path / "host.sock") as host:
        start = host.memory()
        for _ in range(3):
            perform(recognition(), host=host.socket)
            assert perform(cleaning, host=host.socket).filters[0].status == "applied"
            assert host.memory() > start + 150
            assert unload_models(host.socket) == 2
        assert host.memory() <= 1.05 * start


def test_models_that_do_not_fit_together_take_turns(
    tmp_path: Path, trial: MakeTrial, background: ThreadPoolExecutor
) -> None:
    with model_host(tmp_path / "host.sock", Limits(memory_mb=700)) as host:
        small = [trial(f"small-{number}", holds_mb=100) for number in range(2)]
        large = trial("large", holds_mb=400)
        for work in (*small, small[0]):
            perform(work, host=host.socket)
        assert {entry.model for entry in host.status().models} == {work.model for work in small}
        assert all(entry.memory_mb > 100 for entry in host.status().models)

        perform(large, host=host.socket)
        assert {entry.model for entry in host.status().models} == {large.model, small[0].model}, (
            "the one used longest ago went"
        )
        assert host.status().evictions == 1

        # While a model works it is not taken away: the other waits for it.
        busy = large.model_copy(update={"does": "wait"})
        first = background.submit(perform, busy, host=host.socket)
        wait_until(lambda: any(entry.busy for entry in host.status().models))
        second = background.submit(perform, trial("huge", holds_mb=500), host=host.socket)
        wait_until(lambda: [entry.model for entry in host.status().models] == [large.model])
        assert not second.done()
        (large.folder / "go").touch()
        assert first.result(60) != second.result(60)
        assert large.model not in {entry.model for entry in host.status().models}


def test_a_model_larger_than_the_budget_is_loaded_alone(tmp_path: Path, trial: MakeTrial) -> None:
    with model_host(tmp_path / "host.sock", Limits(memory_mb=150)) as host:
        perform(trial("other"), host=host.socket)
        large = trial("large", holds_mb=300)
        process = perform(large, host=host.socket)
        assert [entry.pid for entry in host.status().models] == [process]
        assert "more than the budget" in host.log.read_text()


def test_models_that_do_not_fit_on_a_gpu_together_take_turns(
    tmp_path: Path, trial: MakeTrial, background: ThreadPoolExecutor
) -> None:
    gpu = tmp_path / "gpu"  # stands for one: there is none here
    gpu.mkdir()
    first, second, third = (trial(name, gpu=gpu) for name in ("first", "second", "third"))
    elsewhere = trial("elsewhere")
    with model_host(tmp_path / "host.sock", Limits(cpus=16)) as host:
        process = perform(first, host=host.socket)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CUDA_VISIBLE_DEVICES", "1")
            perform(elsewhere, host=host.socket)
        assert perform(second, host=host.socket) != process
        assert {entry.model for entry in host.status().models} == {second.model, elsewhere.model}
        assert "out of memory" in host.log.read_text()

        # One that works is waited for, by as many as there are.
        busy = background.submit(perform, second.model_copy(update={"does": "wait"}), host=host.socket)
        wait_until(lambda: any(entry.busy for entry in host.status().models))
        waiting = [background.submit(perform, work, host=host.socket) for work in (first, third)]
        wait_until(lambda: host.log.read_text().count("out of memory (") == 3)
        assert not any(future.done() for future in waiting)
        (second.folder / "go").touch()
        assert len({future.result(60) for future in (busy, *waiting)}) == 3
        assert host.status().errors == 3


def test_a_model_for_which_a_gpu_is_too_small_fails_with_a_reason(tmp_path: Path, trial: MakeTrial) -> None:
    gpu = tmp_path / "gpu"
    gpu.mkdir()
    (gpu / str(os.getpid())).touch()  # another program has all its memory
    with model_host(tmp_path / "host.sock") as host:
        with pytest.raises(OutOfMemoryError, match="out of memory") as caught:
            perform(trial(gpu=gpu), host=host.socket)
        assert (caught.value.code, caught.value.hint) == ("engine_failed", "Choose a smaller model.")


def test_an_unused_model_is_unloaded(tmp_path: Path, trial: MakeTrial) -> None:
    with model_host(tmp_path / "host.sock", Limits(idle_seconds=0.4)) as host:
        first = perform(trial(), host=host.socket)
        wait_until(lambda: not host.status().models)
        assert host.status().evictions == 1
        assert perform(trial(), host=host.socket) != first


def test_what_a_container_may_use(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    own.write_text("0::/outer/inner\n")
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    unlimited = usable_memory_mb(tmp_path, own)
    assert unlimited > 256
    (tmp_path / "outer" / "memory.max").write_text(f"{256 << 20}\n")
    (tmp_path / "outer" / "inner" / "memory.max").write_text("max\n")
    assert usable_memory_mb(tmp_path, own) == 256
    (tmp_path / "outer" / "cpu.max").write_text("150000 100000\n")
    assert usable_cpus(tmp_path, own) == 1

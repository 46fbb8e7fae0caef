"""What this machine can run recognition on: found out by trying, not by looking at lists."""

import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tasks.errors import MissingEngineError

logger = logging.getLogger(__name__)

DeviceName = Literal["auto", "cpu", "cuda"]

_MAX_THREADS = 8
"""Whisper's matrices are too small to keep more threads busy; further ones only wait for each other."""
# In the order in which they are preferred where the device supports them.
_CUDA_TYPES = ("float16", "int8_float16", "int8_float32", "float32")
_CPU_TYPES = ("int8", "int8_float32", "float32")


@dataclass(frozen=True, slots=True)
class Device:
    """Where and how a model runs."""

    name: Literal["cpu", "cuda"]
    compute_type: str
    """Number format of the weights and of the arithmetic, as CTranslate2 names it."""
    threads: int
    """Threads for one transcription on the CPU; on a GPU they only feed it."""


def probe_device(
    device: DeviceName = "auto", *, compute_type: str = "auto", threads: int | None = None
) -> Device:
    """The device to use: a GPU that answers, else the CPU. Anything named by the caller is taken as given.

    Raises MissingEngineError when "cuda" is asked for and no GPU answers, when the compute type is not
    supported there, or when CTranslate2 is not installed.
    """
    name: Literal["cpu", "cuda"] = "cpu"
    if device != "cpu":
        problem = cuda_problem()
        if problem is None:
            name = "cuda"
        elif device == "cuda":
            raise MissingEngineError(
                f"No GPU can be used on this machine: {problem}.",
                hint='Choose device "cpu", or install the NVIDIA driver with CUDA 12 and cuDNN 9.',
            )
    supported = supported_compute_types(name)
    if compute_type == "auto":
        preferred = _CUDA_TYPES if name == "cuda" else _CPU_TYPES
        compute_type = next((kind for kind in preferred if kind in supported), "default")
    elif compute_type not in supported and compute_type not in ("default", "auto"):
        raise MissingEngineError(
            f'The compute type "{compute_type}" is not supported on {name}.',
            hint=f"Choose one of: {', '.join(sorted(supported))}.",
        )
    return Device(name=name, compute_type=compute_type, threads=threads or usable_threads())


def supported_compute_types(name: Literal["cpu", "cuda"]) -> frozenset[str]:
    """The compute types that CTranslate2 can use on the device."""
    return frozenset(_ctranslate2().get_supported_compute_types(name))


def cuda_device_count() -> int:
    """The NVIDIA GPUs that this process sees."""
    return int(_ctranslate2().get_cuda_device_count())


def cuda_problem() -> str | None:
    """Why no GPU can be used, as part of a sentence; None when one can."""
    ctranslate2 = _ctranslate2()
    if cuda_device_count() == 0:
        return "no NVIDIA GPU was found"
    try:
        # Counting devices succeeds with a broken driver; moving memory to the device and back does not.
        on_device = ctranslate2.StorageView.from_array(np.ones((8, 8), np.float32)).to_device(
            ctranslate2.Device.cuda
        )
        if float(np.asarray(on_device.to_device(ctranslate2.Device.cpu)).sum()) != 64.0:
            return "the GPU returned wrong numbers"
    except RuntimeError as error:
        logger.warning("the GPU does not answer: %s", error)
        return f"the GPU does not answer ({str(error).splitlines()[0][:120]})"
    return None


def usable_threads() -> int:
    """CPUs that this process may really use, at most `_MAX_THREADS`.

    Its affinity mask, cut by the control group's quota.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    quota = cgroup_cpus()
    cpus = affinity if quota is None else min(affinity, max(1, math.ceil(quota)))
    return max(1, min(cpus, _MAX_THREADS))


def cgroup_cpus(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float | None:
    """The CPUs that the control groups above this process grant it; None = no limit.

    Containers limit CPUs this way. Reads both versions of control groups.
    """
    groups = [root]
    if own.is_file():
        for line in own.read_text(encoding="utf-8").splitlines():
            if line.startswith("0::"):
                relative = Path(line[3:].lstrip("/"))
                groups = [root / relative, *(root / parent for parent in relative.parents)]
    limits = [limit for group in groups if (limit := _quota(group)) is not None]
    return min(limits, default=None)


def _quota(group: Path) -> float | None:
    try:
        if (group / "cpu.max").is_file():
            quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()[:2]
        elif (group / "cpu" / "cpu.cfs_quota_us").is_file():  # version 1
            quota = (group / "cpu" / "cpu.cfs_quota_us").read_text(encoding="utf-8").strip()
            period = (group / "cpu" / "cpu.cfs_period_us").read_text(encoding="utf-8").strip()
        else:
            return None
        return None if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError) as error:
        logger.debug("cannot read the CPU quota of %s: %s", group, error)
        return None


def _ctranslate2() -> Any:
    try:
        import ctranslate2  # noqa: PLC0415 - an optional engine
    except ImportError as error:
        raise MissingEngineError(
            "Speech recognition is not installed (faster-whisper, CTranslate2).",
            hint="Install it with: pip install 'contraponto[speech]'.",
        ) from error
    return ctranslate2

"""What the launcher asks of the kernel: ends that are tied together, threads that are counted."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_NAME_BYTES = 15
_NICENESS = 10
"""A tenth of the time of a process that does not give way, when both want it (table of the kernel's scheduler)."""

_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; end at once if it has already.

    Raises:
        OSError: the kernel refuses.
    """
    if _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os._exit(128 + signal.SIGKILL)


def stop_with_supervisor() -> None:
    """Let the kernel ask this process to end when its parent does, where that is a supervisor."""
    # Who starts a service from a terminal may close that.
    if "SUPERVISOR_ENABLED" in os.environ:
        parent = os.getppid()
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


def give_way() -> None:
    """Let what takes jobs in and looks after them come first, whenever there is more to do than processors.

    Linux shares time between sessions before it does between processes, where it is set to: the session gives way, too.
    """
    os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS))


def show_as(name: str) -> None:
    """Call this process so in `ps` and `top`; as much of it as the kernel takes."""
    _libc.prctl(_PR_SET_NAME, name.encode()[:_NAME_BYTES])


def parent_of(process: int) -> int | None:
    """The process that a process is a child of now; None if there is no such process."""
    found = _stat(process)
    return int(found[1]) if found else None


def is_stopped(process: int) -> bool:
    """Whether somebody has stopped the process (SIGSTOP) and nobody has let it go on."""
    return _stat(process)[:1] == ["T"]


def _stat(process: int) -> list[str]:
    """What the kernel says of a process, behind its name: state, parent and so on; nothing if there is none."""
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return []
    # Its name, in brackets, may contain anything.
    return state.rpartition(")")[2].split()


def thread_count() -> int:
    """Threads of this process, also those that Python knows nothing of."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - called before every fork


def memory_bytes() -> int:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def has_loaded(library: str) -> bool:
    """Whether a shared library of this name is in the memory of this process."""
    return library in Path("/proc/self/maps").read_text()

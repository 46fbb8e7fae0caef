"""Work that behaves as told, for the tests of the model host: it waits, dies, hangs, holds memory."""

import os
import time
from pathlib import Path
from typing import ClassVar, Literal

import psutil
from pydantic import TypeAdapter

from tasks.errors import CancelledError, NoAudioError, OutOfMemoryError
from tasks.inference.work import Work
from tasks.progress import Progress, ignore_progress

_RESULT = TypeAdapter(int)
_PAUSE_SECONDS = 0.02

held: list[bytes] = []


class Trial(Work[int]):
    """The result is the id of the process that did it."""

    kind: ClassVar[str] = "trial"
    name: str
    """Of its model."""
    folder: Path
    """Where it writes what it has come to: `begun` (its process), `aborted`."""
    does: Literal["answer", "wait", "wait once", "hang", "die", "steps", "raise", "fault"] = "answer"
    """`wait`: until the file `go` is there. `wait once`: only if nobody has begun before."""
    holds_mb: int = 0
    gpu: Path | None = None
    """A folder that stands for a GPU with memory for one model. Who has loaded one leaves the process's id there."""
    threads: int = 1_000
    deadline: float = 60

    @property
    def model(self) -> str:
        return self.name

    @property
    def expected_mb(self) -> int:
        return 50 + self.holds_mb

    @property
    def busy_threads(self) -> int:
        return self.threads

    @property
    def result(self) -> TypeAdapter[int]:
        return _RESULT

    def load(self) -> None:
        if self.gpu is not None:
            others = {int(file.name) for file in self.gpu.iterdir()} - {os.getpid()}
            if any(psutil.pid_exists(pid) for pid in others):
                raise OutOfMemoryError(
                    "CUDA failed with error out of memory.", hint="Choose a smaller model."
                )
            (self.gpu / str(os.getpid())).touch()
        if self.holds_mb and not held:
            held.append(os.urandom(1 << 20) * self.holds_mb)

    def run(self, progress: Progress = ignore_progress) -> int:
        begun = self.folder / "begun"
        first = not begun.exists()
        begun.write_text(str(os.getpid()))
        match self.does:
            case "wait":
                self._wait(progress)
            case "wait once" if first:
                self._wait(progress)
            case "hang":
                while True:
                    time.sleep(_PAUSE_SECONDS)
            case "die":
                os.abort()
            case "steps":
                for step in range(1, 4):
                    time.sleep(0.15)  # longer than the pause between two reports
                    progress(step / 4)
            case "raise":
                raise NoAudioError("There is no sound in it.", hint="Give another.")
            case "fault":
                raise KeyError("nobody expected this")
            case _:
                pass
        return os.getpid()

    def _wait(self, progress: Progress) -> None:
        try:
            while not (self.folder / "go").exists():
                time.sleep(_PAUSE_SECONDS)
                progress(0.5)
        except CancelledError:
            (self.folder / "aborted").touch()
            raise

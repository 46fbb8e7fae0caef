"""How far a job is, stage by stage: bars in a terminal, lines in a log."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from deployments.cli.summary import place_in_words
from deployments.client.queued_document import QueuedDocument
from tasks.foreign_text import printable

if TYPE_CHECKING:
    from tasks.jobs.document import JobDocument

_LINE_EVERY_SECONDS = 10.0


class StageDisplay(Protocol):
    """Shows job documents as they come in."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def begin(self) -> None:
        """Show that the job is on its way, although nothing is known of it."""

    def show(self, document: "JobDocument") -> None:
        """Show the latest state of the job."""


def stage_display(console: Console, *, lines: bool = False) -> StageDisplay:
    """Bars if the console is a terminal, lines otherwise and if they are asked for."""
    return StageBars(console) if console.is_terminal and not lines else StageLines(console)


class StageBars:
    """One live bar a stage. They are drawn by a thread, which runs from `begin` on, or from the first document."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("  {task.description:<14}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[percent]:>7}"),
            TextColumn("{task.fields[status]:<11}"),
            TimeElapsedColumn(),
            TextColumn(
                "{task.fields[message]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")
            ),
            console=console,
        )
        self._stages: dict[str, TaskID] = {}
        self._queue = _QueueLine(console)
        self._started = False
        self._start: TaskID | None = None
        """A bar that moves while nothing is known."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end_of_start()
        if self._started:
            self._bars.stop()

    def begin(self) -> None:
        """A bar that stands for the start."""
        self._bars.start()
        self._started = True
        self._start = self._bars.add_task("start", total=None, status="starting", percent="", message="")

    def _end_of_start(self) -> None:
        if self._start is not None:
            self._bars.remove_task(self._start)
            self._start = None

    def show(self, document: "JobDocument") -> None:
        """Move the bars."""
        if not self._started:
            self._started = True
            self._bars.start()
        if document.stages:
            self._end_of_start()
        self._queue.show(document)
        for name, stage in document.stages.items():
            if name not in self._stages:
                self._stages[name] = self._bars.add_task(
                    name, total=100, start=False, status=stage.status, percent="", message=""
                )
            bar = self._stages[name]
            if stage.started_at is not None:
                self._bars.start_task(bar)
            going_on = stage.completed_at is None
            message = printable(stage.message) if going_on and stage.message else ""
            self._bars.update(
                bar,
                completed=stage.progress,
                percent=f"{stage.progress:.1f} %",
                status=stage.status,
                message=message,
            )
            if stage.completed_at is not None:
                self._bars.stop_task(bar)


class StageLines:
    """A line when a stage begins, ends, or has gone on for a while."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, str] = {}
        self._last = 0.0
        self._queue = _QueueLine(console)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def begin(self) -> None:
        """Nothing: there are lines for what is known."""

    def show(self, document: "JobDocument") -> None:
        """Write what is new."""
        self._queue.show(document)
        due = time.monotonic() - self._last >= _LINE_EVERY_SECONDS
        for name, stage in document.stages.items():
            going_on = stage.started_at is not None and stage.completed_at is None
            if self._shown.get(name, "queued") != stage.status or (due and going_on):
                self._shown[name] = stage.status
                self._last = time.monotonic()
                at = f"  {printable(stage.message)}" if going_on and stage.message else ""
                self._console.print(f"  {name}: {stage.status} {stage.progress:.0f} %{at}", markup=False)


class _QueueLine:
    """A line when a queued job has come forward."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._position: int | None = None

    def show(self, document: "JobDocument") -> None:
        if isinstance(document, QueuedDocument) and document.queue.position != self._position:
            self._position = document.queue.position
            self._console.print(f"  {place_in_words(document.queue)}", markup=False)

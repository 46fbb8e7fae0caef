"""Docxodus, the program that compares Word documents: kept running, so that its start is paid once.

It reads one request a line (JSON) from its standard input and writes one answer a line. What its own client lacks is
here: a deadline for each call, a new process after a failure and after so many documents, and a process that ends with
ours. Several threads may call; it does one thing at a time.
"""

import base64
import binascii
import importlib.util
import json
import logging
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.errors import EngineError, MissingEngineError, OutOfMemoryError, StageTimeoutError
from tasks.media.memory import bound_mb, resident_mb
from tasks.media.process import ChildProcess

log = logging.getLogger(__name__)

_DEADLINE = 240.0
"""Seconds for one comparison: a contract of 300 pages takes 10."""
_DOCUMENTS = 200
"""Comparisons that one process makes. It grows from 160 to about 190 MB in twice as many."""
_RESIDENT_MB = 1024
"""What a process may hold after a comparison before the next one gets a new process."""
_MOST_MB = 4096
"""What it may hold at any time."""
_LIFE = 30 * 24 * 3600.0
_LONGEST_ANSWER = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Signature:
    """Who made the changes of a redline, and when."""

    author: str = "Contraponto"
    date: datetime = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Request:
    line: bytes
    answer: "Future[dict[str, object]]"


def engine_program() -> Path:
    """Where the program is. Raises MissingEngineError."""
    # Its package is not imported: it would bring a client of its own, which is not used.
    found = importlib.util.find_spec("docx_scalpel")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        for name in ("docxodus-pyhost", "docxodus-pyhost.exe"):
            program = Path(folder) / "_bin" / name
            if program.is_file():
                return program
    raise MissingEngineError(
        "The engine that compares documents is not installed.",
        hint="Install it: pip install 'contraponto[comparison]'.",
    )


_RUNTIME = {"DOTNET_EnableDiagnostics": "0", "DOTNET_TieredCompilation": "0"}
"""Diagnostics would leave a pipe in the folder of temporary files for each process that is killed. To compile first in
haste and then again costs 0.05 s less until the first answer, and from then on up to half of the processor's time."""


class ComparisonEngine:
    """One process of the engine, started when it is first needed. Close it, or use it as a context manager."""

    def __init__(
        self,
        program: Path | None = None,
        *,
        deadline: float = _DEADLINE,
        documents: int = _DOCUMENTS,
        resident_mb: int = _RESIDENT_MB,
    ) -> None:
        """`program` is the engine (None for the installed one), `deadline` the seconds for one call.

        After `documents` comparisons, or when it holds more than `resident_mb`, the process is exchanged for a new one.
        """
        self._program = program
        self._deadline = deadline
        self._documents = documents
        self._resident_mb = resident_mb
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._owner: threading.Thread | None = None
        self.starts = 0
        """Processes that were started so far."""

    def __enter__(self) -> "ComparisonEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def redline(self, old: bytes, new: bytes, signature: Signature, *, revised: bool = False) -> bytes:
        """The new document with all that differs from the old one as native tracked changes.

        `revised` says that the two may hold some already, which the engine then accepts first. It takes two fifths
        longer, also where there is nothing to accept, and clean copies hold none.

        Raises MissingEngineError, EngineError, OutOfMemoryError and StageTimeoutError; whichever it is, the next call
        finds an engine that works.
        """
        result = self._call(
            "docx_diff_compare_products",
            {
                "leftB64": base64.b64encode(old).decode(),
                "rightB64": base64.b64encode(new).decode(),
                "settings": {
                    "authorForRevisions": signature.author,
                    "dateTimeForRevisions": signature.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "preAcceptInputRevisions": revised,
                    # Paragraph by paragraph: words that wander over the ends of paragraphs are hard to follow.
                    "crossParagraphTokenDiff": False,
                },
                "products": ["redline"],
            },
        )
        made = result.get("redlineB64")
        try:
            redline = base64.b64decode(made, validate=True) if isinstance(made, str) else b""
        except binascii.Error:
            redline = b""
        if not redline:
            raise EngineError("O programa de comparação não devolveu um documento.")
        return redline

    def close(self) -> None:
        """Ends the process after the call that is going on."""
        with self._lock:
            owner, self._owner = self._owner, None
            if owner is not None:
                self._requests.put(None)
        if owner is not None and owner is not threading.current_thread():
            owner.join()

    def _call(self, operation: str, arguments: dict[str, object]) -> dict[str, object]:
        line = json.dumps({"id": 1, "op": operation, "args": arguments}, separators=(",", ":")).encode()
        request = _Request(line + b"\n", Future())
        with self._lock:
            if self._owner is None:
                program = self._program or engine_program()
                # The kernel ends a child with the thread that started it: one thread owns all of them.
                self._owner = threading.Thread(
                    target=self._serve, args=(program,), name="comparison-engine", daemon=True
                )
                self._owner.start()
            self._requests.put(request)
        return request.answer.result()

    def _serve(self, program: Path) -> None:
        process: _Process | None = None
        while (request := self._requests.get()) is not None:
            try:
                if process is None:
                    process = _Process(program)
                    self.starts += 1
                answer = process.ask(request.line, self._deadline)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the caller gets it
                if process is not None and not isinstance(error, _RefusedError):
                    process.end()
                    process = None
                request.answer.set_exception(error)
            else:
                request.answer.set_result(answer)
            if process is not None and (
                process.answered >= self._documents or resident_mb(process.pid) > self._resident_mb
            ):
                process.end()
                process = None
        if process is not None:
            process.end()


_kept: list[ComparisonEngine] = []
"""That of the block of `kept_engine` which goes on in this process, if one does."""


@contextmanager
def kept_engine() -> Iterator[None]:
    """Within the block, `an_engine` is always the same one: its start is paid once for many documents."""
    with ComparisonEngine() as engine:
        _kept.append(engine)
        try:
            yield
        finally:
            _kept.remove(engine)


@contextmanager
def an_engine() -> Iterator[ComparisonEngine]:
    """The engine that is kept, else one for the block alone."""
    if _kept:
        yield _kept[-1]
    else:
        with ComparisonEngine() as engine:
            yield engine


class _RefusedError(EngineError):
    """The engine said no and is well."""


class _Process:
    """A running engine."""

    def __init__(self, program: Path) -> None:
        self._child = ChildProcess(
            [str(program)], deadline=_LIFE, feed=True, collect=True, variables=_RUNTIME
        )
        self._child.memory_mb = min(_MOST_MB, bound_mb())
        self.pid = self._child.pid
        self.answered = 0

    def ask(self, line: bytes, deadline: float) -> dict[str, object]:
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._child.kill()

        timer = threading.Timer(deadline, kill)
        timer.daemon = True
        timer.start()
        try:
            self._child.stdin.write(line)
            self._child.stdin.flush()
            answer = self._child.stdout.readline(_LONGEST_ANSWER)
        except OSError as error:
            raise self._ended(late.is_set(), deadline) from error
        finally:
            timer.cancel()
        if not answer.endswith(b"\n"):
            raise self._ended(late.is_set(), deadline)
        self.answered += 1
        return _result(answer)

    def _ended(self, late: bool, deadline: float) -> Exception:
        self._child.kill()
        status = self._child.wait()
        if late:
            return StageTimeoutError(
                f"A comparação dos documentos passou de {deadline:.0f} s e foi encerrada.",
                hint="Compare documentos menores, ou partes deles.",
            )
        if self._child.outgrown:
            return OutOfMemoryError(
                "A comparação dos documentos precisa de mais memória do que esta máquina dá."
            )
        log.warning("The engine ended with %s: %s", status, " | ".join(self._child.messages[-5:]))
        return EngineError("O programa de comparação falhou com este par de documentos.")

    def end(self) -> None:
        self._child.__exit__(None, None, None)


def _result(answer: bytes) -> dict[str, object]:
    try:
        told = json.loads(answer)
    except ValueError as error:
        raise EngineError("O programa de comparação deu uma resposta que não se entende.") from error
    if not isinstance(told, dict):
        raise EngineError("O programa de comparação deu uma resposta que não se entende.")
    if not told.get("ok"):
        error_ = told.get("error")
        details = error_ if isinstance(error_, dict) else {}
        log.warning(
            "The engine refused: %s %s\n%s",
            details.get("code"),
            details.get("message"),
            details.get("trace") or "",
        )
        raise _RefusedError(
            "O programa de comparação não lê um dos documentos.", hint="Abra-os no Word e salve como .docx."
        )
    result = told.get("result")
    return result if isinstance(result, dict) else {}

"""What becomes of calls when the engine is slow, dies, talks nonsense or is not there.

The program is ours and speaks the engine's protocol; what it does is told by the document that it gets.
"""

import base64
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from tasks.documents.engine import ComparisonEngine, Signature, an_engine, engine_program, kept_engine
from tasks.errors import EngineError, MissingEngineError, StageTimeoutError
from tests.waiting import wait_until

PROGRAM = """\
#!{python}
import base64, json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    said = base64.b64decode(request["args"]["leftB64"]).decode()
    if said == "sleep":
        time.sleep(60)
    elif said == "die":
        sys.stderr.write("out of luck\\n")
        os.abort()
    elif said == "nonsense":
        print("{{", flush=True)
        continue
    elif said == "refuse":
        print(json.dumps({{"id": 1, "ok": False, "error": {{"code": "internal_error", "message": "no"}}}}), flush=True)
        continue
    elif said == "nothing":
        print(json.dumps({{"id": 1, "ok": True, "result": {{}}}}), flush=True)
        continue
    answer = base64.b64encode(f"{{os.getpid()}} {{said}}".encode()).decode()
    print(json.dumps({{"id": 1, "ok": True, "result": {{"redlineB64": answer}}}}), flush=True)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "host"
    path.write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
    path.chmod(0o755)
    return path


def ask(engine: ComparisonEngine, said: str) -> tuple[int, str]:
    pid, _, rest = engine.redline(said.encode(), b"", Signature()).decode().partition(" ")
    return int(pid), rest


def test_many_documents_share_a_process_and_each_gets_its_own_answer(program: Path) -> None:
    found: dict[str, tuple[int, str]] = {}
    with ComparisonEngine(program) as engine:

        def call(word: str) -> None:
            found[word] = ask(engine, word)

        threads = [threading.Thread(target=call, args=(f"word {number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert engine.starts == 1
    assert all(found[word][1] == word for word in found)
    assert len(found) == 12
    assert len({pid for pid, _ in found.values()}) == 1


def test_a_new_process_comes_after_so_many_documents(program: Path) -> None:
    with ComparisonEngine(program, documents=3) as engine:
        pids = [ask(engine, "x")[0] for _ in range(7)]
        assert engine.starts == 3
    assert len(set(pids)) == 3
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_new_process_comes_when_one_holds_too_much(program: Path) -> None:
    with ComparisonEngine(program, resident_mb=1) as engine:
        assert ask(engine, "x")[0] != ask(engine, "x")[0]


@pytest.mark.parametrize("said", ["die", "nonsense"])
def test_a_failure_costs_one_call(program: Path, said: str) -> None:
    with ComparisonEngine(program) as engine:
        before, _ = ask(engine, "x")
        with pytest.raises(EngineError):
            ask(engine, said)
        after, rest = ask(engine, "still there")
    assert rest == "still there"
    assert after != before
    assert not psutil.pid_exists(before)


def test_what_is_refused_costs_no_process(program: Path) -> None:
    with ComparisonEngine(program) as engine:
        before, _ = ask(engine, "x")
        for said in ("refuse", "nothing"):
            with pytest.raises(EngineError):
                engine.redline(said.encode(), b"", Signature())
        assert ask(engine, "x")[0] == before


def test_a_call_that_hangs_is_ended_at_its_deadline(program: Path) -> None:
    with ComparisonEngine(program, deadline=0.5) as engine:
        started = time.monotonic()
        with pytest.raises(StageTimeoutError, match="passou de"):
            ask(engine, "sleep")
        assert time.monotonic() - started < 20
        assert ask(engine, "x")[1] == "x"


def test_it_ends_with_the_process_that_uses_it(program: Path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from tasks.documents.engine import ComparisonEngine, Signature
        engine = ComparisonEngine(Path(sys.argv[1]))
        print(engine.redline(b"x", b"", Signature()).decode(), flush=True)
        time.sleep(60)
        """
    )
    user = subprocess.Popen(
        [sys.executable, "-c", script, str(program)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    with user:
        assert user.stdout is not None
        pid = int(user.stdout.readline().split()[0])
        assert psutil.pid_exists(pid)
        os.kill(user.pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_an_engine_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingEngineError, match="comparison"):
        engine_program()
    with ComparisonEngine() as engine, pytest.raises(MissingEngineError):
        engine.redline(b"", b"", Signature())


def test_the_real_one_refuses_what_is_no_document_and_goes_on(engine: ComparisonEngine) -> None:
    with pytest.raises(EngineError):
        engine.redline(b"no", b"document", Signature())
    with pytest.raises(EngineError):
        engine.redline(base64.b64decode("UEsDBBQAAAAIAA=="), b"", Signature())
    assert engine.starts == 1


def test_one_engine_is_kept_for_a_block_and_one_is_had_without_it() -> None:
    with kept_engine(), an_engine() as first, an_engine() as second:
        assert first is second
    with an_engine() as alone, an_engine() as another:
        assert alone is not another
        assert alone is not first

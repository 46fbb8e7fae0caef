"""What the commands import: what they do not need is not paid for."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT

HEAVY = (
    *("prefect.server", "prefect.main", "prefect.flow_engine", "fastapi", "sqlalchemy", "docket", "uvicorn"),
    *("numpy", "av", "faster_whisper", "ctranslate2", "onnxruntime", "yt_dlp", "PIL", "pysubs2", "openai"),
    *("redis", "boto3", "cryptography"),
)
JOB = "4dbf2b7c-3c85-4b1b-8a3c-6e9bb1f0a7ad"
LOADED = "print([name for name in sys.argv[1:] if name in sys.modules])"


def loaded(code: str, names: tuple[str, ...], home: Path, **environment: str) -> list[str]:
    """Which of the modules a fresh interpreter has after the code."""
    found = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{LOADED}", *names],
        cwd=PROJECT_ROOT,
        env={"PATH": os.defpath, "CONTRAPONTO_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    result: list[str] = ast.literal_eval(found.stdout.splitlines()[-1])
    return result


def after(*words: str) -> str:
    """Code that runs a command to its end."""
    return (
        "from deployments.cli.app import main\n"
        "names = sys.argv\n"
        f"sys.argv = ['contraponto', *{list(words)!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.argv = names"
    )


@pytest.mark.parametrize("words", [("submit", "transcribe"), ("status", JOB), ("jobs",)])
def test_commands_about_jobs_import_a_client_and_nothing_that_works_or_serves(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    silent = "http://127.0.0.1:9/api"
    found = loaded(after(*words), ("prefect", *HEAVY), tmp_path, PREFECT_API_URL=silent)
    assert found == ["prefect"]


@pytest.mark.parametrize("words", [("down",), ("submit", "transcribe"), ("models", "list"), ("health",)])
def test_commands_that_find_no_server_do_not_import_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    found = loaded(after(*words), HEAVY, tmp_path)
    assert not {"prefect.server", "sqlalchemy", "faster_whisper", "onnxruntime", "yt_dlp"} & set(found)


def test_run_says_its_first_word_before_it_imports_what_takes_long(tmp_path: Path) -> None:
    # Imported sooner, Prefect would not know the temporary server and would start one of its own.
    code = (
        "import deployments.local.run as local\n"
        "def stop(*_, **__): raise SystemExit\n"
        "local.scratch_server = stop\n"
    )
    found = loaded(
        code + after("run", "transcribe", "-p", "youtube_url=a.wav"), ("prefect", *HEAVY), tmp_path
    )
    assert found == []


def test_run_imports_no_server_into_the_process_of_the_job(tmp_path: Path) -> None:
    code = "from deployments.local import scratch_server\nscratch_server._import_what_both_need()"
    found = loaded(f"{code}\nimport flows.transcription", HEAVY, tmp_path)
    assert "prefect.main" in found
    assert not {
        "prefect.server",
        "sqlalchemy",
        "docket",
        "redis",
        "faster_whisper",
        "onnxruntime",
        "yt_dlp",
    } & set(found)


def test_what_starts_a_run_imports_nothing_but_the_standard_library(tmp_path: Path) -> None:
    for module in ("launch", "service"):
        found = loaded(
            f"import deployments.launcher.{module}",
            ("prefect", "pydantic", "httpx", "yaml", *HEAVY),
            tmp_path,
        )
        assert found == []


def test_a_temporary_server_is_not_forked_from_a_process_that_has_prefect(tmp_path: Path) -> None:
    code = (
        "import prefect\n"
        "from pathlib import Path\n"
        "from deployments.local.scratch_server import scratch_server\n"
        f"try: scratch_server(Path({str(tmp_path)!r}), {{}}).__enter__()\n"
        "except RuntimeError as error: assert 'before Prefect is imported' in str(error)\n"
        "else: raise SystemExit('no error')"
    )
    assert "fastapi" not in loaded(code, HEAVY, tmp_path)

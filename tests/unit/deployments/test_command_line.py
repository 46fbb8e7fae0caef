"""The command line as a program: what it reads to start, exit codes, standard input."""

import configparser
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from blocks.settings import PROJECT_ROOT, get_settings
from deployments.cli.app import app
from deployments.cli.output import print_json, print_whatever_it_is

HEAVY = ("pydantic", "httpx", "numpy", "prefect", "yaml")


def run(*words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployments.cli.app", *words],
        cwd=PROJECT_ROOT,
        env={"PATH": "", **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_its_help_reads_nothing_that_takes_long_to_import() -> None:
    code = "import sys, deployments.cli.app; print([name for name in sys.argv[1:] if name in sys.modules])"
    command = [sys.executable, "-c", code, *HEAVY]
    found = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(
    "way", [("-m", "deployments.cli"), ("-c", "from deployments.cli import main; main()")]
)
def test_the_ways_of_earlier_versions_lead_there_too(way: tuple[str, str]) -> None:
    found = subprocess.run(
        [sys.executable, *way, "--help"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "factory-reset" in found.stdout


def test_exit_codes_are_as_the_help_says(tmp_path: Path) -> None:
    home = {"CONTRAPONTO_HOME": str(tmp_path)}
    text = " ".join(run("--help").stdout.split())
    assert "0 done" in text
    assert "1 it failed" in text
    assert "2 wrong use" in text
    assert run("models", "list", "--json", **home).returncode == 0
    assert run("jobs", "--json", **home).returncode == 1, "no server is known"
    assert run("jobs", "--since", "soon", **home).returncode == 2
    assert run("jobs", CONTRAPONTO_POLL_INTERVAL="never", **home).returncode == 2


def test_parameters_from_standard_input(tmp_path: Path) -> None:
    parameters = json.dumps({"youtube_url": "https://example.org/a.mp3", "languge": "pt"})
    refused = run("run", "transcribe", "--params", "-", stdin=parameters, CONTRAPONTO_HOME=str(tmp_path))
    assert refused.returncode == 2
    assert 'Did you mean "language"' in refused.stderr
    broken = run("run", "transcribe", "--params", "-", stdin="{", CONTRAPONTO_HOME=str(tmp_path))
    assert broken.returncode == 2
    assert "standard input is neither JSON nor YAML" in broken.stderr


def test_letters_that_a_terminal_does_not_know_stop_no_command(tmp_path: Path) -> None:
    """As in a locale of another century; names of files may be bytes that are no text at all."""
    home = {"CONTRAPONTO_HOME": str(tmp_path)}
    drawn = run("pipelines", PYTHONIOENCODING="latin-1", **home)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    assert "\\u2500" in drawn.stdout
    bytes_of = subprocess.run(
        [sys.executable, "-m", "deployments.cli.app", "doctor"],
        cwd=PROJECT_ROOT,
        env={"PATH": "", "CONTRAPONTO_S3_REGION": "s\udce3o", "PYTHONIOENCODING": "utf-8", **home},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in bytes_of.stderr
    assert b"s\xe3o" in bytes_of.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_json_stays_json_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    print_whatever_it_is()
    value = {"título": "São Paulo – 🎬"}
    print_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(written.getvalue().decode()) == value


def test_programs_read_what_is_damaged_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("CONTRAPONTO_VIDEO_ENCODER", "h264_nvenc")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
    get_settings.cache_clear()
    printed = CliRunner().invoke(app, ["doctor", "--json"])
    get_settings.cache_clear()
    assert printed.exit_code == 1
    findings = {finding["subject"]: finding for finding in json.loads(printed.stdout)["findings"]}
    missing = {subject for subject, finding in findings.items() if not finding["well"]}
    assert missing >= {"model whisper-base", "ffmpeg", "video encoder of the GPU"}
    assert findings["model whisper-base"]["mend"] == "contraponto models get whisper-base"
    assert all(findings[subject]["mend"] == findings[subject]["fix"] != "" for subject in missing)
    assert {findings[subject]["state"] for subject in missing} == {"down"}


def test_the_unit_for_systemd_starts_what_exists() -> None:
    # Options of systemd are case-sensitive, and none occurs twice here.
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(PROJECT_ROOT / "deployments" / "systemd" / "contraponto.service")
    service = unit["Service"]
    program, *words = service["ExecStart"].split()
    assert program == f"{service['WorkingDirectory']}/.venv/bin/contraponto"
    shown = run(*words, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "--foreground" in shown.stdout
    assert run(*words, "--json").returncode == 2, "nothing would be printed before the end"
    # The services are stopped in their order by the command, not all at once by systemd.
    assert service["KillMode"] == "mixed"

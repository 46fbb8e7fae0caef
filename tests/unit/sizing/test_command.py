"""`contraponto sizing` with the files of the manual, and with what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from blocks.settings import PROJECT_ROOT
from deployments.cli.app import app
from tasks.errors import InvalidInputError
from tests.readme import blocks, text_of

PAGE = PROJECT_ROOT / "docs" / "sizing.md"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page shows."""
    monkeypatch.chdir(tmp_path)
    for block in blocks(text_of(PAGE)):
        if block.language in ("csv", "yaml"):
            (tmp_path / f"jobs.{block.language}").write_text(block.text)
    return tmp_path


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["sizing", *words])


def answered(*words: str) -> Any:
    result = typed(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_commands_of_the_page_give_answers(files: Path) -> None:
    lines = [
        line for block in blocks(text_of(PAGE)) if block.language == "sh" for line in block.text.splitlines()
    ]
    assert len(lines) == 4
    for line in lines[1:]:  # the first one asks a server: a test of the commands about jobs has it
        result = typed(*line.split()[2:])
        assert result.exit_code == 0, result.output
        assert "<- enough" in result.stdout


def test_an_answer_in_words(files: Path) -> None:
    result = typed("jobs.yaml", "--wait", "2m", "--cost-per-machine", "40")
    found = answered("jobs.yaml", "--wait", "2m", "--cost-per-machine", "40")
    machines = found["machines"]
    assert f"{machines} machine" in result.stdout.splitlines()[-1]
    (marked,) = (line for line in result.stdout.splitlines() if "<- enough" in line)
    assert marked.split()[:2] == [str(machines), str(2 * machines)]
    assert f"{40 * machines:.2f}" in marked
    assert "wait p95 by queue: default " in result.stdout
    assert "described in jobs.yaml, not recorded" in result.stderr
    assert found["jobs_per_day"] == 800
    assert found["basis"] == "described in jobs.yaml, not recorded"


def test_options_change_the_answer(files: Path) -> None:
    usual = answered("jobs.yaml", "--jobs-per-day", "8000")
    assert answered("jobs.yaml", "--jobs-per-day", "8000", "--peak", "10")["machines"] > usual["machines"]
    assert answered("jobs.yaml", "--jobs-per-day", "8000", "--slots", "8")["machines"] < usual["machines"]
    assert answered("jobs.yaml", "--jobs-per-day", "8000", "--wait", "5s")["machines"] > usual["machines"]
    short = answered("--machine-class", "2-cores", "--media-minutes", "5", "--jobs-per-day", "900")
    long = answered("--machine-class", "2-cores", "--media-minutes", "50", "--jobs-per-day", "900")
    assert short["machines"] < long["machines"]
    assert "assumed, not recorded" in long["basis"]


def test_too_few_machines_are_an_exit_code(files: Path) -> None:
    result = typed("jobs.yaml", "--jobs-per-day", "20000", "--most-machines", "8")
    assert result.exit_code == 1
    assert "Up to 8 machines are not enough for 5m." in result.stdout
    for most in ("8", "1"):
        programs = typed("jobs.yaml", "--jobs-per-day", "20000", "--most-machines", most, "--json")
        assert programs.exit_code == 1, "also for programs"
        found = json.loads(programs.stdout)
        assert found["machines"] is None
        assert found["least_machines"] >= 8
    far = typed("jobs.yaml", "--jobs-per-day", "20000", "--most-machines", "1")
    assert far.exit_code == 1
    assert f"not enough for 5m. It takes {found['least_machines']} or more." in far.stdout


@pytest.mark.parametrize(
    "times",
    ["seconds: 1e300", "p50: 1\n    p95: 1e308", "media_minutes: 1e300\n    seconds_per_media_second: 1e9"],
)
def test_times_without_an_end_are_refused(times: str, files: Path) -> None:
    (files / "endless.yaml").write_text(f"jobs_per_day: 10\nkinds:\n  - operation: a\n    {times}\n")
    result = typed("endless.yaml")
    assert isinstance(result.exception, InvalidInputError), result.exception
    assert "cannot be simulated" in result.exception.message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--machine-class", "2-cores"], "How many jobs come in a day is not known."),
        (["jobs.yaml", "--machine-class", "2-cores"], "two answers to one question"),
        (["jobs.yaml", "--wait", "soon"], '--wait: "soon" is no time.'),
        (["jobs.yaml", "--queue", "urgent"], 'There is no queue "urgent".'),
        (["jobs.yaml", "--jobs-per-day", "0"], "--jobs-per-day is 0, and has to be above 0."),
        (["jobs.yaml", "--jobs-per-day", "nan"], "--jobs-per-day is nan, and has to be above 0."),
        (["jobs.yaml", "--media-minutes", "4"], "--media-minutes is for recorded jobs"),
        (["jobs.yaml", "--peak", "99"], "A peak of 99 is none"),
        (
            ["--machine-class", "2-cores", "--media-minutes", "inf"],
            "--media-minutes is inf, and may be 10080",
        ),
        (["jobs.yaml", "--start-seconds", "inf"], "--start-seconds is inf, and may be 86400 at most."),
        (["jobs.yaml", "--cost-per-machine", "inf"], "--cost-per-machine is inf, and may be 1e+09 at most."),
        (["--pool", "tpu"], 'There is no pool "tpu".'),
    ],
)
def test_what_is_wrong_is_said(words: list[str], said: str, files: Path) -> None:
    result = typed(*words)
    assert isinstance(result.exception, InvalidInputError)
    assert said in result.exception.message

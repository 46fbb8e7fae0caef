"""The same runs in fresh interpreters and through the launcher, on one real server: nothing may differ."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system.launcher_stage import POOLS, Run, Stage, staged
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("l")) as running:
        yield running


def _zygote_takes_a_run(stage: Stage) -> bool:
    body = {"target": str(stage.directory / "taken-again"), "words": []}
    run = stage.submit("launcher", "report", parameters=body)
    assert run.ended()[1] == "Completed"
    return f"zygote | run {run.id}" in stage.log()


def _stays(pids: Path) -> bool:
    return pids.exists() and " " in pids.read_text()


def _all_gone(pids: list[int]) -> bool:
    return not any(map(psutil.pid_exists, pids))


def _has_heartbeats(run: Run) -> bool:
    return "prefect.flow-run.heartbeat" in run.events()


def _forks(stage: Stage, target: Path) -> bool:
    before = len(stage.log())
    stage.submit("launcher", "report", parameters={"target": str(target), "words": []}).ended()
    return "fresh interpreter" not in stage.log()[before:]


@pytest.fixture(scope="module")
def outcomes(stage: Stage) -> dict[str, dict[str, Any]]:
    """What became of every kind of run on either pool; all are submitted at once."""
    runs: dict[str, dict[str, Run]] = {}
    place = stage.directory / "out"
    place.mkdir()
    # Other tests change code or kill the zygote; the next run then starts without it.
    wait_until(partial(_forks, stage, place / "warm"), what="a run that is forked")
    before = len(stage.log())
    for pool in POOLS:
        paths = {name: str(place / f"{name}-{pool}") for name in ("told", "exit", "kill", "stay", "turns")}
        runs[pool] = {
            "report": stage.submit(
                pool,
                "report",
                parameters={"target": paths["told"], "words": ["um", "dois"]},
                job_variables={"env": {"MINE": pool, "PREFECT_LOGGING_LEVEL": "DEBUG"}},
            ),
            "fail": stage.submit(pool, "fail"),
            "exit": stage.submit(pool, "leave", parameters={"target": paths["exit"], "how": "exit"}),
            "kill": stage.submit(pool, "leave", parameters={"target": paths["kill"], "how": "kill"}),
            "linger": stage.submit(pool, "linger"),
            "stay": stage.submit(
                pool, "stay", parameters={"target": paths["stay"], "pids": f"{paths['stay']}-pids"}
            ),
            "turn 1": stage.submit(pool, "take-turns", queue="one", parameters={"log": paths["turns"]}),
        }
    for pool in reversed(POOLS):  # the launcher's run begins first
        turns = place / f"turns-{pool}"
        wait_until(turns.exists, what="the first of two turns")
        # Not before: a server on PostgreSQL that looks for runs at the very moment in which one becomes Pending
        # skips that one's locked row, counts it as not yet begun, and hands out the next one too.
        runs[pool]["turn 2"] = stage.submit(pool, "take-turns", queue="one", parameters={"log": str(turns)})
    for pool in POOLS:
        wait_until(partial(_stays, place / f"stay-{pool}-pids"), what="a run that stays")
        stage.call(
            "POST",
            f"/flow_runs/{runs[pool]['stay'].id}/set_state",
            {"state": {"type": "CANCELLING", "name": "Cancelling"}},
        )
    found: dict[str, dict[str, Any]] = {}
    for pool, named in runs.items():
        states = {name: run.ended() for name, run in named.items()}
        for name in ("exit", "kill", "stay"):
            wait_until((place / f"{name}-{pool}").exists, what=f"the hook of {name}")
        pids = [int(pid) for pid in (place / f"stay-{pool}-pids").read_text().split()]
        if pool == "fresh":
            # With a command of its own, Prefect's worker leaves the children of a cancelled run behind.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids.pop(), signal.SIGKILL)
        wait_until(partial(_all_gone, pids), what="the end of a cancelled run and its children", seconds=30)
        found[pool] = {
            "states": states,
            "told": json.loads((place / f"told-{pool}").read_text()),
            "hooks": {name: (place / f"{name}-{pool}").read_text() for name in ("exit", "kill", "stay")},
            "turns": (place / f"turns-{pool}").read_text().split(),
            "logs": named["report"].logs(),
            "run": named["report"],
            "log": stage.log()[before:],
        }
    return found


@pytest.mark.parametrize("pool", POOLS)
def test_every_end_is_reported(outcomes: dict[str, dict[str, Any]], pool: str) -> None:
    states = outcomes[pool]["states"]
    assert {name: state[1] for name, state in states.items()} == {
        "report": "Completed",
        "fail": "Failed",
        "exit": "Crashed",
        "kill": "Crashed",
        "linger": "TimedOut",
        "stay": "Cancelled",
        "turn 1": "Completed",
        "turn 2": "Completed",
    }
    assert "ValueError: as it should" in states["fail"][2]
    assert "1.0 second(s)" in states["linger"][2]
    assert "status code: -9" in states["kill"][2]
    assert outcomes[pool]["hooks"] == {"exit": "CRASHED", "kill": "CRASHED", "stay": "CANCELLING"}


@pytest.mark.parametrize("pool", POOLS)
def test_a_run_gets_its_parameters_environment_and_directory(
    stage: Stage, outcomes: dict[str, dict[str, Any]], pool: str
) -> None:
    assert outcomes[pool]["told"] == {
        "words": ["um", "dois"],
        "directory": str(stage.directory),
        "mine": pool,
        "level": "DEBUG",
    }


@pytest.mark.parametrize("pool", POOLS)
def test_limits_of_queues_hold(outcomes: dict[str, dict[str, Any]], pool: str) -> None:
    assert outcomes[pool]["turns"] == ["begin", "end", "begin", "end"]


def test_logs_and_output_arrive_and_both_ways_tell_the_same(
    stage: Stage, outcomes: dict[str, dict[str, Any]]
) -> None:
    fresh, launched = (outcomes[pool] for pool in POOLS)
    assert {"printed", "logged"} <= set(fresh["logs"]) & set(launched["logs"])
    for pool in POOLS:
        assert stage.log().count(f"on standard output of {pool}\n") == 1
    assert fresh["states"] == launched["states"]
    for outcome in (fresh, launched):
        wait_until(partial(_has_heartbeats, outcome["run"]), what="heartbeats")


def test_the_runs_were_really_forked(outcomes: dict[str, dict[str, Any]]) -> None:
    log = outcomes["launcher"]["log"]
    assert "fresh interpreter" not in log
    assert "monitor" in log


def test_one_runs_environment_does_not_reach_the_next(
    stage: Stage, outcomes: dict[str, dict[str, Any]]
) -> None:
    assert outcomes["launcher"]["told"]["mine"] == "launcher"
    target = stage.directory / "later"
    run = stage.submit("launcher", "report", parameters={"target": str(target), "words": []})
    assert run.ended()[1] == "Completed"
    told = json.loads(target.read_text())
    assert (told["mine"], told["level"]) == (None, None)


@pytest.mark.parametrize("victim", ["zygote", "run"])
def test_what_is_killed_costs_one_run_at_most(stage: Stage, victim: str) -> None:
    pids, target = stage.directory / f"pids-{victim}", stage.directory / f"hook-{victim}"
    running = stage.submit("launcher", "stay", parameters={"target": str(target), "pids": str(pids)})
    wait_until(partial(_stays, pids), what="a run that stays")
    run = int(pids.read_text().split()[0])
    os.kill(stage.zygote.pid if victim == "zygote" else run, signal.SIGKILL)
    next_target = stage.directory / f"next-{victim}"
    after = stage.submit("launcher", "report", parameters={"target": str(next_target), "words": []})
    assert after.ended()[1] == "Completed"
    if victim == "zygote":
        assert running.state["type"] == "RUNNING"
        os.kill(run, signal.SIGKILL)
    assert running.ended()[1] == "Crashed"


def test_what_was_lost_with_a_killed_worker_is_known_as_soon_as_the_next_one_starts(stage: Stage) -> None:
    """No automation looks for silence on this server: nothing else can end the run."""
    assert stage.service is not None
    pids = stage.directory / "pids-lost"
    body = {"target": str(stage.directory / "hook-lost"), "pids": str(pids)}
    running = stage.submit("launcher", "stay", parameters=body)
    wait_until(partial(_stays, pids), what="a run that stays")
    command = stage.service.cmdline()
    worker = tuple(command[command.index("--") + 1 :])
    # As when the machine runs out of memory, or a container is killed: a run outlives a worker that is killed alone.
    family = [stage.service, *stage.service.children(recursive=True)]
    for member in family:
        member.kill()
    gone, alive = psutil.wait_procs(family, timeout=20)
    assert {int(pid) for pid in pids.read_text().split()} <= {member.pid for member in gone}, alive
    assert running.state["type"] == "RUNNING"
    before = stage.log().count("zygote | ready")
    stage.keep(worker)
    assert running.ended() == ("CRASHED", "Crashed", "The worker of this run was killed.")
    wait_until(lambda: not list((stage.directory / "taken").iterdir()), what="the marks to be gone")
    wait_until(lambda: stage.log().count("zygote | ready") > before, what="the zygote")


def test_changed_code_runs_next(stage: Stage) -> None:
    flows = stage.directory / "pipeline" / "flows.py"
    before = flows.read_text()
    target = stage.directory / "changed"
    try:
        flows.write_text(before.replace('"words": words', '"words": ["new code"]'))
        run = stage.submit("launcher", "report", parameters={"target": str(target), "words": []})
        assert run.ended()[1] == "Completed"
        assert json.loads(target.read_text())["words"] == ["new code"]
    finally:
        flows.write_text(before)
    # The tests after this one are about runs of the zygote, and it has to be restarted once more.
    wait_until(lambda: _zygote_takes_a_run(stage), what="a zygote with the code as it was")

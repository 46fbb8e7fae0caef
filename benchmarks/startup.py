"""What commands cost before they do anything: `python -m benchmarks.startup`.

Processor seconds of each command with all of its children, the least of some starts, beside what Prefect by itself
takes for the like. On a machine that does other work at the same time they are comparable, but higher.

- `--help`; `submit` and `status` on a server of this machine, which is not counted;
- `run` of a clip whose every step is cached, with its temporary server, beside a flow that does nothing with Prefect's;
- the zygote until it could fork its first run, beside the imports of one run that Prefect starts by itself;
- a worker that looks for work once, with its zygote, beside Prefect's.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import machine
from deployments.local.scratch_server import scratch_server

_ROOT = Path(__file__).parents[1]
_BIN = Path(sys.executable).parent
_FLOW = "from prefect import flow\n@flow\ndef nothing() -> None: ...\nnothing()"
_ZYGOTE = (
    "import socket; from pathlib import Path\n"
    "from deployments.launcher.freshness import Limits\n"
    "from deployments.launcher.zygote import Zygote\n"
    "Zygote(socket.socket(), Path.cwd(), Limits()).preload()"
)
_RUN = "import prefect.engine, prefect.flow_engine, prefect.task_engine, flows.transcription"


@dataclass(frozen=True)
class Row:
    """One command, what it may cost, and what of Prefect's does the like."""

    name: str
    budget: float
    ours: Sequence[str]
    theirs: Sequence[str]


def cost(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Processor seconds of a command and its children.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(
        command, env=dict(environment), cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode()[-2000:]}")
    return usage.ru_utime + usage.ru_stime


def rows(job: str, parameters: Path) -> list[Row]:
    """Everything that is measured; `job` is one of the server, `parameters` those of the cached job."""
    ours, prefect = str(_BIN / "contraponto"), str(_BIN / "prefect")
    python = str(sys.executable)
    worker = ("worker", "start", "--pool", "cpu", "--type", "process", "--run-once")
    launcher = str(_ROOT / "deployments" / "launcher" / "service.py")
    own = (python, "-I", "-S", "-E", launcher, "--socket", str(parameters.with_name("zygote.sock")), "--")
    return [
        Row("--help", 0.3, (ours, "--help"), (prefect, "--help")),
        Row(
            "submit",
            1.5,
            (ours, "submit", "nothing", "-p", "number=1"),
            (prefect, "deployment", "run", "nothing/nothing", "-p", "number=1"),
        ),
        Row("status", 1.5, (ours, "status", job), (prefect, "flow-run", "inspect", job)),
        Row(
            "run, every step cached",
            4.0,
            (ours, "run", "transcribe", "--params", str(parameters)),
            (python, "-c", _FLOW),
        ),
        Row("zygote, until it can fork", 6.0, (python, "-c", _ZYGOTE), (python, "-c", _RUN)),
        Row("worker, one look for work", 10.0, (*own, prefect, *worker), (prefect, *worker)),
    ]


def deployed(api_url: str) -> str:
    """A pool, and a deployment without a flow's code; the id of a job of it."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import WorkPoolCreate  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        assert str(client.api_url).rstrip("/") == api_url
        client.create_work_pool(WorkPoolCreate(name="cpu", type="process"))
        deployment = client.create_deployment(
            client.create_flow_from_name("nothing"),
            "nothing",
            work_pool_name="cpu",
            work_queue_name="default",
            parameter_openapi_schema={"type": "object", "properties": {"number": {"type": "integer"}}},
        )
        return str(client.create_flow_run_from_deployment(deployment, parameters={"number": 1}).id)


def main() -> int:
    """Measure, print a table, and fail where a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, help="of each command")
    parser.add_argument("--only", help="rows whose name contains this")
    chosen = parser.parse_args()
    broken = 0
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
            "CONTRAPONTO_HOME": str(home),
            "CONTRAPONTO_MODELS_DIR": os.environ.get(
                "CONTRAPONTO_MODELS_DIR", str(_ROOT / ".contraponto" / "models")
            ),
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PYTHONPATH": str(_ROOT),
        }
        parameters = _cached_job(Path(folder), home)
        with scratch_server(home, plain) as server:
            server.wait_until_ready()
            known = plain | {"PREFECT_API_URL": server.api_url, "PREFECT_API_AUTH_STRING": server.auth}
            wanted = [
                row
                for row in rows(deployed(server.api_url), parameters)
                if chosen.only is None or chosen.only in row.name
            ]
            print(f"{machine()}\n\n| processor seconds | ours | budget | Prefect | ours ÷ Prefect |")
            print("|---|---|---|---|---|")
            for row in wanted:
                # What starts a server of its own must not know this one.
                environment = plain if row.name.startswith("run") else known
                ours = min(cost(row.ours, environment) for _ in range(chosen.starts))
                theirs = min(cost(row.theirs, environment) for _ in range(chosen.starts))
                broken += ours > row.budget
                print(f"| {row.name} | {ours:.2f} | {row.budget:g} | {theirs:.2f} | {ours / theirs:.2f} |")
    return 1 if broken else 0


def _cached_job(folder: Path, home: Path) -> Path:
    """The parameters of a job, in a file; the first start of `run` does it, the others find it done."""
    import wave  # noqa: PLC0415

    (home / "store").mkdir(parents=True)
    with wave.open(str(home / "store" / "silence.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(2 * 16_000))
    path = folder / "parameters.json"
    path.write_text(
        json.dumps({"youtube_url": "silence.wav", "model": "tiny.en", "language": "en"}), encoding="utf-8"
    )
    return path


if __name__ == "__main__":
    sys.exit(main())

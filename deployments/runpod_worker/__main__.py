"""A serverless worker on RunPod: this project on a serverless GPU, making shards of img2vid.

    FROM contraponto:cuda
    RUN pip install runpod
    CMD ["python", "-m", "deployments.runpod_worker"]

The worker writes into the bucket that CONTRAPONTO_STORE names, and answers with the keys and signed addresses of the
clips. Callers point CONTRAPONTO_VIDEO_ENDPOINT_URL at the endpoint. What was made before is found in the bucket, so an
order that arrives twice is paid for once.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from blocks.settings import get_settings
from tasks.errors import InvalidSettingError
from tasks.video.shards import ShardOrder, ShardResult

_SPARE_SECONDS = 60.0
"""For the start and the end of the process that works."""


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Make the shard that the event's `input` orders. Raises InvalidSettingError, or ValueError if it failed."""
    settings = get_settings()
    if not settings.store.startswith("s3"):
        raise InvalidSettingError(
            f"The store {settings.store} of this worker goes away with it.",
            hint="Set CONTRAPONTO_STORE to a bucket: s3://BUCKET/PREFIX.",
        )
    order = ShardOrder.model_validate(event["input"])
    with TemporaryDirectory() as folder:
        parameters = Path(folder) / "order.json"
        parameters.write_text(order.model_dump_json(), encoding="utf-8")
        # A process of its own: Prefect reads its settings once, and nothing of one job is left for the next.
        done = subprocess.run(
            [
                *(sys.executable, "-m", "deployments.cli.app", "run", "img2vid-shard"),
                *("--json", "--params", str(parameters)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=settings.img2vid_timeout_minutes * 60 + _SPARE_SECONDS,
            check=False,
        )
    if not done.stdout:
        raise ValueError(f"The worker ended with status {done.returncode}; its log says why.")
    document = json.loads(done.stdout)
    if document["error"]:
        raise ValueError(document["error"])
    return ShardResult.model_validate(document["result"]).model_dump(mode="json")


def main() -> None:
    """Serve the endpoint until the machine is taken back."""
    import runpod  # noqa: PLC0415 - only the endpoint's image has it

    runpod.serverless.start({"handler": handle})


if __name__ == "__main__":
    main()

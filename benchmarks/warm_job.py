# ruff: noqa: PLC0415 - Prefect and the settings read the environment when they are imported
"""Jobs as a warm worker runs them: server up, model loaded, the recording on a web server of this machine."""

import asyncio
import functools
import http.server
import inspect
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.local.scratch_server import scratch_server

if TYPE_CHECKING:
    from tasks.speech.document import TranscriptionDocument

_NO_FILTERS = {
    "remove_noise": False,
    "isolate_vocals": False,
    "apply_highpass_filter": False,
    "convert_to_mono": False,
    "set_sample_rate_16k": False,
}


class WarmJobs:
    """Runs the flow `transcribe`; a job finds nothing of an earlier one but the loaded model."""

    def __init__(self, home: Path, url: str) -> None:
        self._home = home
        self._url = url

    def run(self, served: str, language: str, *, filters: bool) -> "TranscriptionDocument":
        """The document of a completed job for a served file, with the default filters or with none.

        Raises what the job raises.
        """
        from flows.transcription import transcribe

        async def job() -> Any:
            state: Any = transcribe(
                youtube_url=f"{self._url}/{served}",
                language=language,
                return_state=True,
                **({} if filters else _NO_FILTERS),
            )
            if inspect.isawaitable(state):
                state = await state
            return await state.result()

        document: TranscriptionDocument = asyncio.run(job())
        assert not any(stage.cached for stage in document.stages.values()), "the job found earlier work"
        return document

    def audio(self, document: "TranscriptionDocument", target: Path) -> Path:
        """A copy of the normalised sound of a job."""
        assert document.audio_file is not None
        return Path(shutil.copyfile(self._home / "store" / document.audio_file, target))

    def forget(self) -> None:
        """Removes all that earlier jobs left."""
        for folder in ("store", "results"):
            shutil.rmtree(self._home / folder, ignore_errors=True)


@contextmanager
def warm_jobs(home: Path, models_dir: Path, folder: Path, *, model: str, threads: int) -> Iterator[WarmJobs]:
    """A server of its own in `home`, the files of `folder` served over HTTP, and the model loaded.

    Changes this process's environment, which Prefect and the settings read when they are imported.
    """
    os.environ.update(
        CONTRAPONTO_HOME=str(home),
        CONTRAPONTO_MODELS_DIR=str(models_dir),
        CONTRAPONTO_ALLOWED_PRIVATE_HOSTS="127.0.0.1",
        CONTRAPONTO_WHISPER_MODEL=model,
        CONTRAPONTO_WHISPER_DEVICE="cpu",
        CONTRAPONTO_WHISPER_THREADS=str(threads),
        PREFECT_HOME=str(home / "prefect"),
        PREFECT_LOCAL_STORAGE_PATH=str(home / "results"),
        PREFECT_LOGGING_LEVEL="ERROR",
        PREFECT_LOGGING_TO_API_ENABLED="false",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
    )
    with scratch_server(home, os.environ) as server, _web_server(folder) as url:
        server.wait_until_ready()
        from blocks.settings import get_settings
        from tasks.speech.recognition import load_recogniser
        from tasks.speech.steps import model_directory

        settings = get_settings()
        load_recogniser(
            model_directory(model, settings),
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            threads=threads,
        )
        yield WarmJobs(home, url)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def _web_server(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

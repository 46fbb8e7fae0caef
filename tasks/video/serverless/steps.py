"""Clips made by a serverless endpoint instead of this machine.

The endpoint runs this project too (`deployments/runpod_worker`). It gets a shard's order, with the addresses of the
images, and answers with the clips. Where it writes into the same bucket they are there already; otherwise they are
fetched from the addresses that it names.
"""

import hashlib
from pathlib import Path

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.scratch import scratch_directory
from blocks.settings import Settings, get_settings
from tasks.errors import ContrapontoError, EngineError, InvalidSettingError, SourceNotFoundError
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import run_step, step
from tasks.jobs.tracker import current_stage
from tasks.media.probe import probe, require_video
from tasks.progress import Progress, part_of
from tasks.remote.outcomes import FinishedJob
from tasks.remote.protocol import ServiceRules
from tasks.remote.runpod import JobMemory, RunPodEndpoint
from tasks.video.shards import ShardOrder, ShardResult, VideoClip, file_name

_WORK_SHARE = 0.9
"""Of the progress; the rest is fetching the clips."""
_TRIES = 2


class ServerlessRequest(StepRequest):
    """A shard to have made."""

    order: ShardOrder
    endpoint: str
    job_id: str
    """Of the job it belongs to: what another job paid for is its own."""

    def cache_key(self) -> str | None:
        """None: the images behind the addresses may be others tomorrow."""
        return None


async def serverless_clips(order: ShardOrder, job_id: str) -> ShardResult:
    """The shard, made by the endpoint; once more if it failed there. Raises as `RunPodEndpoint.run_once`."""
    settings = get_settings()
    assert settings.video_endpoint_url is not None  # noqa: S101 - the caller has looked
    request = ServerlessRequest(order=order, endpoint=settings.video_endpoint_url, job_id=job_id)
    for _ in range(_TRIES - 1):
        try:
            return await run_step(make_serverless, request)
        except EngineError:
            pass
    return await run_step(make_serverless, request)


@step("serverless shard")
def make_serverless(request: ServerlessRequest, progress: Progress) -> ShardResult:
    """Submits, polls and fetches one shard. Raises as `RunPodEndpoint.run_once`."""
    settings = get_settings()
    store = media_store(settings)
    endpoint = _endpoint(request.endpoint, settings)
    done = endpoint.run_once(
        request.order,
        memory=_memory(request, store),
        deadline=settings.img2vid_timeout_minutes * 60,
        progress=part_of(progress, 0.0, _WORK_SHARE),
        submitted=current_stage().done_by,
    )
    made = done.read(ShardResult)
    by_index = {clip.index: clip for clip in made.clips}
    if set(by_index) != {clip.index for clip in request.order.clips}:
        raise EngineError("The RunPod endpoint gave other clips than it was asked for.")
    # The same bucket, and not only the same key in another.
    shared = made.store == settings.store and settings.store != "local"
    fetched: list[VideoClip] = []
    with scratch_directory(settings.home, "serverless") as folder:
        for number, clip in enumerate(request.order.clips):
            progress(_WORK_SHARE + (1 - _WORK_SHARE) * number / len(request.order.clips))
            key = f"{request.order.folder}/{file_name(clip)}"
            fetched.append(
                _fetched(by_index[clip.index], key, endpoint, done, store, folder, settings, shared)
            )
    return ShardResult(clips=tuple(fetched), store=settings.store)


def _fetched(
    clip: VideoClip,
    key: str,
    endpoint: RunPodEndpoint,
    job: FinishedJob,
    store: MediaStore,
    folder: Path,
    settings: Settings,
    shared: bool,
) -> VideoClip:
    """The clip with its file in our store."""
    if clip.status == "failed":
        return clip.model_copy(update={"file": None, "url": None, "thumbnail": None})
    here = shared and clip.file is not None and store.exists(clip.file)
    try:
        if here and clip.file is not None:
            if clip.file != key:
                store.copy_file(clip.file, key)
        elif clip.url:
            path = folder / f"{clip.index}.mp4"
            endpoint.fetch(
                FinishedJob(job.service, job.job_id, {"url": clip.url}),
                path,
                max_bytes=settings.max_download_mb * 1024 * 1024,
                deadline=settings.download_timeout,
            )
            require_video(probe(path))
            store.put_file(path, key)
            path.unlink()
        else:
            raise SourceNotFoundError(f"The RunPod endpoint made clip {clip.index} and says not where it is.")
    except ContrapontoError as error:
        if error.code == "cancelled" or error.transient:
            raise
        failed = {"status": "failed", "error": str(error), "error_code": error.code}
        return clip.model_copy(update={**failed, "file": None, "url": None, "thumbnail": None})
    small = clip.thumbnail if clip.thumbnail and here and store.exists(clip.thumbnail) else None
    return clip.model_copy(update={"file": key, "url": store.url(key), "thumbnail": small})


def _endpoint(url: str, settings: Settings) -> RunPodEndpoint:
    if settings.remote_api_key is None:
        raise InvalidSettingError(
            "The endpoint for clips has no key.", hint="Set CONTRAPONTO_REMOTE_API_KEY to that of RunPod."
        )
    return RunPodEndpoint(
        url,
        api_key=settings.remote_api_key.get_secret_value(),
        rules=ServiceRules(
            poll_interval=settings.poll_interval,
            # The job's time limit ends the wait.
            max_poll_attempts=max(
                settings.max_poll_attempts,
                int(settings.img2vid_timeout_minutes * 60 / settings.poll_interval) + 1,
            ),
            max_retries=settings.http_max_retries,
            backoff=settings.retry_backoff_base_seconds,
        ),
        allowed_private_hosts=settings.allowed_private_hosts,
    )


def _memory(request: ServerlessRequest, store: MediaStore) -> JobMemory:
    """Remote jobs by what they do, in the media store: whichever machine goes on with this job finds them."""
    name = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    key = f"remote/runpod/{name}.txt"

    def recall() -> str | None:
        return store.read_bytes(key).decode() if store.exists(key) else None

    def remember(job_id: str) -> None:
        store.put_text(job_id, key)

    return JobMemory(recall, remember)

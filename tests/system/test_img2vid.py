"""A hundred images over several workers, one of which is killed."""

import io
import json
import os
import signal
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.servers.media import MediaServer
from tests.system.checkout import Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

COUNT, BROKEN = 100, 42
SMALL = {"width": 128, "height": 72, "fps": 5, "quality": "draft"}


def photograph(number: int) -> bytes:
    """A picture whose mean brightness tells its number."""
    rng = np.random.default_rng(number)
    shades = np.clip(60 + number + rng.normal(0, 12, (72, 128, 3)), 0, 255).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(shades).save(data, "JPEG", quality=95)
    return data.getvalue()


def brightness(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(next(container.decode(video=0)).to_ndarray(format="rgb24").mean())


def shards_of(job: Job) -> list[Job]:
    """The runs that were offered to the workers, in the order of the shards."""
    body = {"flow_runs": {"parent_flow_run_id": {"any_": [job.id]}}, "sort": "NAME_ASC"}
    found = job.checkout.api("POST", "/flow_runs/filter", body).json()
    return [Job(job.checkout, run["id"]) for run in found]


def test_a_hundred_images_a_killed_worker_and_a_broken_image(checkout: Checkout, web: MediaServer) -> None:
    images = [
        {
            "id": f"cena-{number}",
            "image_url": web.say(f"/cenas/{number}.jpg", photograph(number), content_type="image/jpeg"),
            "duracao": 0.6,
        }
        for number in range(1, COUNT + 1)
    ]
    web.replace(f"/cenas/{BROKEN}.jpg", photograph(BROKEN)[:700], content_type="image/jpeg")
    hook = web.say("/img2vid-hook", content_type=None)
    job = checkout.submit(
        {
            "images": images,
            "zoom_types": ["zoomin", "zoomout", "zoompanright"],
            "path": "Canal/Roteiro 7",
            "webhook_url": hook,
            "id_roteiro": "R-7",
            **SMALL,
        },
        "img2vid",
    )
    job.wait_until(lambda: len(shards_of(job)) == 2, what="the shards")
    second = shards_of(job)[0]
    second.wait_until(lambda: second.stage("clips").get("progress", 0) > 10, what="work on the second shard")
    os.kill(second.process().pid, signal.SIGKILL)

    result = job.completed()["result"]
    assert second.run["state_type"] == "CRASHED"
    assert (result["total"], result["completed"], result["failed"], result["shards"]) == (100, 99, 1, 3)
    videos = result["videos"]
    assert [video["id"] for video in videos] == [image["id"] for image in images]
    assert [video["index"] for video in videos if video["status"] == "failed"] == [BROKEN]
    assert videos[BROKEN - 1]["error_code"] == "damaged_media"
    store = checkout.home / "store"
    shown = {
        video["index"]: brightness(store / video["file"])
        for video in videos
        if video["status"] == "completed"
    }
    assert {video["file"] for video in videos if video["file"]} == {
        f"Canal/Roteiro 7/video_{number}.mp4" for number in shown
    }
    assert all(abs(shade - (60 + number)) < 4 for number, shade in shown.items()), "clips were mixed up"

    def messages() -> list[dict[str, object]]:
        return [json.loads(asked.body) for asked in web.asked if asked.path == "/img2vid-hook"]

    wait_until(lambda: bool(messages()), what="the webhook", seconds=240)
    [message] = messages()
    assert (message["status"], message["idRoteiro"]) == ("COMPLETED", "R-7")
    assert not list(checkout.home.glob("scratch/*")), "scratch files were left"


def test_cancelling_the_job_ends_its_shards(checkout: Checkout, web: MediaServer) -> None:
    images = [
        {
            "id": str(number),
            "image_url": web.say(f"/longas/{number}.jpg", photograph(number), content_type="image/jpeg"),
            "duracao": 30,
        }
        for number in range(60)
    ]
    hook = web.say("/cancel-hook", content_type=None)
    job = checkout.submit({"images": images, "webhook_url": hook}, "img2vid")
    job.wait_until(lambda: len(shards_of(job)) == 1, what="the shard")
    [shard] = shards_of(job)
    shard.wait_until(lambda: shard.run["state_type"] == "RUNNING", what="the shard at work")
    checkout.contraponto("cancel", job.id)
    job.wait_until(lambda: job.run["state_type"] == "CANCELLED", what="the end of the job", seconds=240)
    shard.wait_until(lambda: shard.run["state_type"] == "CANCELLED", what="the end of the shard", seconds=240)
    try:
        wait_until(
            lambda: not list(checkout.home.glob("scratch/clip*")), what="scratch files go away", seconds=20
        )
    except TimeoutError as error:
        left = [str(path) for path in checkout.home.glob("scratch/**/*")]
        told = checkout.api("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [job.id, shard.id]}}})
        raise AssertionError(f"{error}: {left}; {[line['message'] for line in told.json()][-30:]}") from None
    assert not [process for process in checkout.processes() if "ffmpeg" in process]
    wait_until(
        lambda: any(asked.path == "/cancel-hook" for asked in web.asked), what="the webhook", seconds=240
    )


def test_a_worker_killed_in_the_middle_costs_a_second_start_and_no_clip(
    checkout: Checkout, web: MediaServer
) -> None:
    images = [
        {
            "id": str(number),
            "image_url": web.say(f"/meio/{number}.jpg", photograph(number), headers={"ETag": f'"{number}"'}),
            "duracao": 6,
        }
        for number in range(8)
    ]
    hook = web.say("/killed-hook", content_type=None)
    job = checkout.submit(
        {"images": images, "webhook_url": hook, "width": 640, "height": 360, "fps": 30}, "img2vid"
    )
    job.wait_until(lambda: job.stage("clips").get("progress", 0) > 30, what="the first clips")
    os.kill(checkout.pids()["worker-gpu"], signal.SIGKILL)
    job.wait_until(lambda: job.run["state_type"] == "COMPLETED", what="its second start")
    names = [state["name"] for state in checkout.api("GET", f"/flow_run_states/?flow_run_id={job.id}").json()]
    assert names.count("Running") == 2
    assert "Crashed" in names
    assert job.document["result"]["completed"] == len(images)

    def messages() -> list[str]:
        return [json.loads(asked.body)["status"] for asked in web.asked if asked.path == "/killed-hook"]

    wait_until(lambda: bool(messages()), what="the webhook", seconds=240)
    assert messages() == ["COMPLETED"]

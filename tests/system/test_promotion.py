"""A pipeline is added by data alone, and has everything that jobs have: through server and workers."""

import json
from collections.abc import Iterator

import pytest

from tests.material import photograph
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

OWN = """
pipelines:
  - name: story-film
    description: A film of 30 seconds of three pictures, and the post for Instagram.
    steps:
      - type: ENHANCED_IMAGES
        config: {longest_side: 480}
      - type: VIRAL_COPY
        config: {platform: instagram}
      - type: PROMOTIONAL_VIDEO
        config: {duration: 30, template: story, size: 240, fps: 12, quality: draft}
"""
PRODUCT = {"name": "Cafeteira Aurora", "features": ["Café em 40 segundos"], "price": "R$ 1.299,90"}


@pytest.fixture(scope="module")
def project(checkout: Checkout) -> Iterator[Checkout]:
    file = checkout.home / "pipelines.yaml"
    file.write_text(OWN, encoding="utf-8")
    checkout.contraponto("up")
    yield checkout
    file.unlink()
    checkout.api("DELETE", f"/deployments/{_deployment(checkout)['id']}")
    checkout.contraponto("up")


def _deployment(project: Checkout) -> dict[str, object]:
    found: dict[str, object] = project.api("GET", "/deployments/name/promote/story-film").json()
    return found


def test_its_film_and_its_copy_come_through_server_and_workers(project: Checkout, web: MediaServer) -> None:
    images = [
        web.say(f"/film-{number}.jpg", photograph(number, (640, 480)), content_type="image/jpeg")
        for number in range(3)
    ]
    hook = web.say("/film-made", content_type=None)
    asked = ("-p", f"product={json.dumps(PRODUCT)}", "-p", f"images={json.dumps(images)}")
    rehearsed = project.contraponto("pipelines", "story-film", "--dry-run", *asked).stdout
    assert "Nothing was begun. The job can be submitted." in rehearsed
    told = project.contraponto("submit", "story-film", *asked, "-p", f"webhook_url={hook}", "--wait")
    job = told.stdout.split()[1]
    document = json.loads(project.contraponto("status", job, "--json").stdout)
    assert (document["operation"], document["status"]) == ("story-film", "completed")
    assert list(document["stages"]) == ["enhanced_images", "viral_copy", "promotional_video"]
    steps = document["result"]["steps"]
    assert steps["viral_copy"]["made"]["platform"] == "instagram"
    assert "R$ 1.299,90" in steps["viral_copy"]["made"]["text"]
    assert (steps["promotional_video"]["made"]["seconds"], len(steps["enhanced_images"]["files"])) == (
        30.0,
        3,
    )
    film = project.home / "store" / steps["promotional_video"]["files"]["film"]["file"]
    assert film.stat().st_size > 10_000
    wait_until(lambda: bool(web.requests("/film-made", "POST")), what="the message")
    message = json.loads(web.requests("/film-made", "POST")[0].body)
    assert (message["operation"], message["status"]) == ("story-film", "COMPLETED")
    listed = json.loads(project.contraponto("jobs", "--operation", "story-film", "--json").stdout)
    assert [line["job_id"] for line in listed] == [job]
    assert job in {line["job_id"] for line in json.loads(project.contraponto("jobs", "--json").stdout)}
    numbers = json.loads(project.contraponto("stats", "--json").stdout)["operations"]
    counted = {found["operation"]: found["jobs"].get("completed", 0) for found in numbers}
    assert (counted["story-film"], counted["promotional-video-full"]) == (1, 0)
    assert 'operation="story-film"' in project.contraponto("metrics").stdout


def test_its_form_has_what_its_steps_take_and_refuses_the_rest(project: Checkout) -> None:
    deployment = _deployment(project)
    schema = deployment["parameter_openapi_schema"]
    assert isinstance(schema, dict)
    config = schema["properties"]["config"]["properties"]
    assert set(config) == {"enhanced_images", "viral_copy", "promotional_video"}
    body = {"parameters": {"product": PRODUCT, "images": ["a.jpg"], "config": {"voice_over": {}}}}
    answer = project.api("POST", f"/deployments/{deployment['id']}/create_flow_run", body)
    assert answer.status_code == 409
    assert "voice_over" in answer.text


def test_a_faulty_file_is_named_by_up(project: Checkout) -> None:
    file = project.home / "pipelines.yaml"
    file.write_text(OWN.replace("VIRAL_COPY", "VIRAL_COPIES"), encoding="utf-8")
    told = project.contraponto("up", code=2)
    assert "pipelines.yaml:8: pipelines[0].steps[1].type" in told.stderr
    file.write_text(OWN, encoding="utf-8")
    project.contraponto("up")

"""A dry run: what a job of a pipeline would do, and what does not fit."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.settings import get_settings
from deployments.checks.rehearsal import Rehearsal, rehearse
from flows.pipelines import known_pipelines

PRODUCT: dict[str, Any] = {
    "name": "Cafeteira Aurora",
    "features": ["Café em 40 segundos"],
    "price": "R$ 1.299,90",
}


@pytest.fixture
def rehearsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rehearsal]]:
    """Rehearses a pipeline on a machine without models, with one picture in the store."""
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PATH", "")
    (tmp_path / "store" / "in").mkdir(parents=True)
    (tmp_path / "store" / "in" / "a.jpg").write_bytes(b"picture")
    get_settings.cache_clear()

    def run(pipeline: str, **parameters: Any) -> Rehearsal:
        return rehearse(
            known_pipelines()[pipeline], {"product": PRODUCT, "images": ["in/a.jpg"], **parameters}
        )

    yield run
    get_settings.cache_clear()


def test_what_would_run_where_and_for_how_long(rehearsed: Callable[..., Rehearsal]) -> None:
    found = rehearsed("promotional-video-full", config={"promotional_video": {"duration": 20}})
    assert found.pool == "gpu"
    assert found.faults == ()
    steps = {step.step: step for step in found.steps}
    assert steps["captions"].waits_for == ("viral_copy", "voice_over")
    assert found.seconds is not None
    assert steps["promotional_video"].seconds < found.seconds < sum(step.seconds for step in found.steps)
    assert any("There is no voice-over" in warning for warning in found.warnings)
    assert any("no music" in warning for warning in found.warnings)
    lines = list(found.lines())
    assert lines[0] == "promotional-video-full in the pool gpu"
    assert lines[-1] == "Nothing was begun. The job can be submitted."


def test_a_speech_endpoint_needs_no_voice_on_this_machine(
    rehearsed: Callable[..., Rehearsal], monkeypatch: pytest.MonkeyPatch
) -> None:
    full: dict[str, dict[str, Any]] = {"config": {"promotional_video": {"duration": 20}}}
    assert any(
        "There is no voice-over" in warning
        for warning in rehearsed("promotional-video-full", **full).warnings
    )
    monkeypatch.setenv("CONTRAPONTO_VOICE_ENDPOINT_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("CONTRAPONTO_VOICE_ENDPOINT_MODEL", "tts-1")
    get_settings.cache_clear()
    full["config"]["voice_over"] = {"engine": "endpoint", "model": "tts-2"}
    found = rehearsed("promotional-video-full", **full)
    assert not any(warning.startswith("voice_over: ") for warning in found.warnings)
    assert {step.step: step.seconds for step in found.steps}["voice_over"] > 1


def test_what_would_be_put_in_place_of_something_does_not_fit_a_strict_job(
    rehearsed: Callable[..., Rehearsal],
) -> None:
    found = rehearsed("promotional-video-full", strict=True)
    assert any(fault.startswith("voice_over: ") for fault in found.faults)
    assert any(fault.startswith("promotional_video: ") for fault in found.faults)
    assert "can be submitted" not in "".join(found.lines())


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a parameter": ({"imges": []}, 'There is no parameter "imges" here. Did you mean "images"?'),
    "a value": ({"config": {"voice_over": {"speed": 9}}}, "config.voice_over.speed: 9 is too large"),
    "facts": ({"product": PRODUCT | {"old_price": 5}}, "product: old_price is what it cost before"),
    "a picture": ({"images": ["in/b.jpg"]}, 'enhanced_images: "in/b.jpg" is not in the media store.'),
    "a font": ({"product": PRODUCT | {"brand": {"font": "Nofontlikethis"}}}, "Nofontlikethis"),
    "a text model": ({"config": {"viral_copy": {"engine": "model"}}}, "the settings name none"),
    "a long script": (
        {
            "config": {
                "voice_over": {"script_text": "Esta cafeteira faz café em quarenta segundos. " * 10},
                "promotional_video": {"duration": 10},
            }
        },
        "more than the film is to last",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_said(name: str, rehearsed: Callable[..., Rehearsal]) -> None:
    parameters, said = WRONG[name]
    found = rehearsed("promotional-video-full", **parameters)
    assert any(said in fault for fault in found.faults), found.faults

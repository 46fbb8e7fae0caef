"""How long the steps of a job are likely to take, and what in it does not fit: before anything is begun."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.promotion.planning import Plan


@dataclass(frozen=True)
class Forecast:
    """What is to be expected of a job."""

    seconds: Mapping[str, float]
    """By the step, on two cores without a GPU."""
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


_SECONDS = {
    "VIRAL_COPY": 0.5,
    "PRODUCT_DESCRIPTION": 0.5,
    "VOICE_OVER": 12.0,
    "CAPTIONS": 1.0,
    "PROMOTIONAL_VIDEO": 40.0,
}
_AN_IMAGE = 4.0


def forecast(plan: Plan, images: int) -> Forecast:
    """What is to be expected of a job with so many images."""
    kinds = {name: plan.step(name).type for name in plan.graph}
    return Forecast({name: _SECONDS.get(kind, _AN_IMAGE * images) for name, kind in kinds.items()})

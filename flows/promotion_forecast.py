"""How long the steps of a job are likely to take, and what in it does not fit: before anything is begun."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.promotion.planning import Plan
from tasks.promotion.product import Product


@dataclass(frozen=True)
class Forecast:
    """What is to be expected of a job."""

    seconds: Mapping[str, float]
    """By the step, on two cores without a GPU."""
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def forecast(plan: Plan, product: Product | None, images: tuple[str, ...]) -> Forecast:
    """What is to be expected of a job."""
    return Forecast(dict.fromkeys(plan.graph, 1.0), (), ())

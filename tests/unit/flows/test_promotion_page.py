"""What the web page says of the steps of a promotional job."""

import pytest
from pydantic import JsonValue

from flows.promotion_steps.page import step_row
from tasks.promotion.document import StepEnd, StepResult

ASKED: dict[str, JsonValue] = {"requests": 2, "prompt_tokens": 900, "completion_tokens": 350, "cost": None}


@pytest.mark.parametrize(
    ("made", "tokens"),
    [({"text": "Olá", "usage": ASKED}, 1250), ({"text": "Olá", "usage": None}, ""), (None, "")],
)
def test_the_tokens_of_a_text_model_are_counted(made: dict[str, JsonValue] | None, tokens: object) -> None:
    result = StepResult(type="VIRAL_COPY", status=StepEnd.COMPLETED, seconds=1.5, made=made)
    assert step_row("viral_copy", result)["tokens"] == tokens

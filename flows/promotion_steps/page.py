"""What the web page shows of a promotional job: texts to copy, pictures, the contact sheet of the film, seconds."""

import asyncio
from collections.abc import Iterator

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.promotion_steps.material import Made
from tasks.jobs.artifacts import write_image, write_markdown, write_table
from tasks.jobs.markdown import Markdown, heading, link, page, table, text
from tasks.promotion.document import PromotionOutcome, StepResult
from tasks.promotion.materials import TextModelUsage, WrittenCopy
from tasks.promotion.scheduling import Ended

_MOST_SHOWN = 1_500_000
"""Bytes of a picture, which travels within its artifact."""


async def show_result(outcome: PromotionOutcome, ended: Ended[Made]) -> None:
    """Writes the artifacts of a job of which some steps may have failed."""
    result = outcome.result
    blocks = [block for name, made in ended.made.items() for block in _texts(name, made)]
    files = [
        (name, kind, link(file.url, file.file.rpartition("/")[2]))
        for name, step in result.steps.items()
        for kind, file in step.files.items()
    ]
    blocks += [Markdown("## Files"), table(["step", "what", "file"], files)] if files else []
    blocks += (
        [Markdown("## Warnings"), *(Markdown(f"- {text(told)}") for told in result.warnings)]
        if result.warnings
        else []
    )
    await write_markdown("promotion", page(heading(result.pipeline), *blocks), "What was made")
    await write_table(
        "steps", [step_row(name, step) for name, step in result.steps.items()], "What each step took"
    )
    store = media_store(get_settings())
    for name, made in ended.made.items():
        for kind, key in made.shown.items():
            picture = await asyncio.to_thread(store.read_bytes, key)
            if len(picture) <= _MOST_SHOWN:
                await write_image(
                    f"{name}-{kind}".replace("_", "-"), picture, f"{name}: {kind.replace('_', ' ')}"
                )


def _texts(name: str, made: Made) -> Iterator[Markdown]:
    if isinstance(made.told, WrittenCopy):
        copy = made.told
        yield heading(f"{name} ({copy.platform})", 2)
        yield Markdown(f"**{text(copy.headline)}**")
        yield from (text(paragraph) for paragraph in copy.text.split("\n\n"))
    elif made.pages:
        yield heading(name, 2)
        for title, paragraph in made.pages.items():
            yield Markdown(f"**{text(title)}**")
            yield text(paragraph)


def step_row(name: str, step: StepResult) -> dict[str, object]:
    """What the table of the steps says of one."""
    return {
        "step": name,
        "status": step.status.value,
        "seconds": step.seconds if step.seconds is not None else "",
        "done before": "yes" if step.cached else "",
        "tokens": _tokens(step),
        "remark": step.error or " ".join(step.warnings),
    }


def _tokens(step: StepResult) -> int | str:
    """Those that a text model was asked and has answered; empty where there was none."""
    usage = (step.made or {}).get("usage")
    if usage is None:
        return ""
    asked = TextModelUsage.model_validate(usage)
    return asked.prompt_tokens + asked.completion_tokens

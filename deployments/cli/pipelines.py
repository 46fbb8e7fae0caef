"""`pipelines`: which pipelines of promotional content there are, how they look, and what a job of one would do."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.options import FileOption, JsonOption, ParameterOption
from deployments.cli.output import print_json

if TYPE_CHECKING:
    from tasks.promotion.pipelines import Pipeline


def pipelines(
    name: Annotated[str | None, typer.Argument(help="Only this one, with how its steps are set.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what a job of it would do, and what does not fit.")
    ] = False,
    param: ParameterOption = None,
    params: FileOption = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Draw it for a page of Markdown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List and draw the pipelines: those of the product, and those of your own file.

    contraponto pipelines promotional-video-full --dry-run --params product.yaml

    Exit code 2 if the file has faults, or if the job of a dry run could not be done.
    """
    from deployments.client.parameters import choose, parse_parameters
    from flows.pipelines import known_pipelines
    from flows.promotion_steps.types import STEP_TYPES
    from tasks.errors import InvalidInputError
    from tasks.promotion.graph import mermaid

    known = known_pipelines()
    chosen = list(known.values()) if name is None else [known[choose(name, known, what="pipeline")]]
    if dry_run:
        if name is None:
            raise InvalidInputError(
                "A dry run needs a pipeline.", hint="contraponto pipelines NAME --dry-run"
            )
        _rehearse(chosen[0], parse_parameters(param or [], params), as_json=as_json)
    elif as_json:
        print_json(json.dumps([each.model_dump(mode="json") for each in chosen], ensure_ascii=False))
    elif as_mermaid:
        typer.echo("\n\n".join(f"```mermaid\n{mermaid(each, STEP_TYPES)}\n```" for each in chosen))
    else:
        typer.echo("\n\n".join(_drawn(each, in_full=name is not None) for each in chosen))


def _drawn(pipeline: "Pipeline", *, in_full: bool) -> str:
    from flows.promotion_steps.types import STEP_TYPES
    from tasks.promotion.graph import draw

    lines = [
        pipeline.name,
        f"  {pipeline.description}",
        *(f"    {line}" for line in draw(pipeline, STEP_TYPES)),
    ]
    if in_full:
        for step in pipeline.steps:
            kind = STEP_TYPES[step.type]
            set_ = ", ".join(
                f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in step.config.items()
            )
            pool, minutes = step.pool or kind.pool, step.timeout_minutes or kind.minutes
            retries = f", {step.retries} retries" if step.retries else ""
            lines.append(
                f"  {step.name}: {step.type}, {pool}, at most {minutes:g} minutes{retries}; {set_ or 'as usual'}"
            )
    return "\n".join(lines)


def _rehearse(pipeline: "Pipeline", parameters: dict[str, object], *, as_json: bool) -> None:
    from deployments.checks.rehearsal import rehearse

    found = rehearse(pipeline, parameters)
    if as_json:
        print_json(found.model_dump_json())
    else:
        for line in found.lines():
            typer.echo(line)
    if found.faults:
        raise typer.Exit(2)

"""JSON schemas of pipelines: of their files, for editors, and of what a job of one takes."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tasks.promotion.graph import Types
from tasks.promotion.pipelines import Pipeline, PipelineFile, PipelineStep, StepType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLACE = "definitions"
"""Where Prefect looks for what a schema refers to."""

Schema = dict[str, Any]


def file_schema(types: Types) -> Schema:
    """Of a file of pipelines, with what each type of step may be set by; editors complete and check by it."""
    schema = PipelineFile.model_json_schema()
    definitions: Schema = schema["$defs"]
    of_step: Schema = definitions["PipelineStep"]
    of_step["allOf"] = []
    for name, kind in types.items():
        options = kind.options.model_json_schema()
        definitions |= options.pop("$defs", {})
        definitions[kind.options.__name__] = options
        config = {"properties": {"config": {"$ref": f"#/$defs/{kind.options.__name__}"}}}
        if_type = {"properties": {"type": {"const": name}}, "required": ["type"]}
        of_step["allOf"].append({"if": if_type, "then": config})
    return {"$schema": _DIALECT, "title": "Pipelines of promotional content", **schema}


def job_schema(flow: Mapping[str, Any], pipeline: Pipeline, types: Types) -> Schema:
    """The schema of the flow's parameters without what the steps of a pipeline do not take, and closed."""
    schema = deepcopy(dict(flow))
    properties: Schema = schema["properties"]
    kinds = [types[step.type] for step in pipeline.steps]
    inputs = {wanted for kind in kinds for wanted in kind.inputs}
    required = [name for name in schema.get("required", []) if name in properties]
    for name in ("product", "images"):
        if name not in inputs:
            del properties[name]
            continue
        properties[name] = _needed(properties[name])
        required.append(name)
    if "images" in inputs:
        properties["images"]["minItems"] = 1
    schema["required"] = sorted({*required} & {*properties})
    definitions: Schema = schema.setdefault(_PLACE, {})
    properties["config"] |= _configs(pipeline, types, definitions)
    properties["pipeline"] |= {"enum": [pipeline.name], "default": pipeline.name}
    schema[_PLACE] = {name: definitions[name] for name in _used(schema, definitions)}
    return schema


def _used(schema: Schema, definitions: Schema) -> list[str]:
    """The definitions that the schema refers to, directly or through others."""
    found: list[str] = []
    open_: list[Any] = [{key: value for key, value in schema.items() if key != _PLACE}]
    while open_:
        value = open_.pop()
        if isinstance(value, Mapping):
            reference = value.get("$ref")
            name = reference.removeprefix(f"#/{_PLACE}/") if isinstance(reference, str) else ""
            if name in definitions and name not in found:
                found.append(name)
                open_.append(definitions[name])
            open_ += value.values()
        elif isinstance(value, list):
            open_ += value
    return sorted(found)


def _needed(field: Schema) -> Schema:
    """A field that may not be null, nor left out."""
    choices = [choice for choice in field.get("anyOf", []) if choice.get("type") != "null"]
    kept = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    return kept | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})


def _configs(pipeline: Pipeline, types: Types, definitions: Schema) -> Schema:
    properties = {}
    for step in pipeline.steps:
        own = _config(types[step.type], step)
        definitions |= own.pop("$defs", {})
        properties[step.name] = own
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "default": {},
    }


def _config(kind: StepType, step: PipelineStep) -> Schema:
    """How a step is set: its defaults are those of the pipeline."""
    own = kind.options.model_json_schema(ref_template=f"#/{_PLACE}/{{model}}")
    for name, value in step.config.items():
        own["properties"][name]["default"] = value
    return {**own, "title": f"{step.name} ({step.type})"}

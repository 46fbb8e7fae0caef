"""Pipelines out of files of YAML: everything that is wrong with them is named, each with its file, line and key."""

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tasks.errors import InvalidSettingError
from tasks.foreign_text import one_line
from tasks.promotion.graph import Types, ancestors, cycles, graph_of
from tasks.promotion.pipelines import Pipeline, PipelineFile, PipelineStep
from tasks.promotion.yaml_lines import Lines, Path, Value, YamlError, read_yaml

_SHOWN = 60
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, order=True)
class Fault:
    """Something in a file that must be changed."""

    file: str
    line: int
    key: str
    """Such as `pipelines[0].steps[1].depends_on`; empty for the file as a whole."""
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {f'{self.key}: ' if self.key else ''}{self.message}"


class PipelineFileError(InvalidSettingError):
    """Files of pipelines that cannot be used; the hint has a line for each fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        files = sorted({fault.file for fault in faults})
        count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(
            f"There {'is' if len(faults) == 1 else 'are'} {count} in {' and '.join(files)}.",
            hint="\n".join(map(str, self.faults)),
        )


def load_pipelines(
    files: Iterable[FilePath], types: Types, *, taken: Collection[str] = ()
) -> dict[str, Pipeline]:
    """The pipelines of all files by their names, in their order.

    Args:
        files: Those of the product, then the user's; each must be there.
        types: What kinds of steps there are.
        taken: Names that other jobs have.

    Raises:
        PipelineFileError: With every fault of every file.
    """
    faults: list[Fault] = []
    pipelines: dict[str, Pipeline] = {}
    defined: dict[str, str] = dict.fromkeys(taken, "another job")
    for file in files:
        try:
            if file.stat().st_size > _MOST_BYTES:
                faults.append(Fault(str(file), 1, "", "the file is larger than a megabyte"))
                continue
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(str(file), 1, "", f"the file cannot be read: {error}"))
            continue
        checked = _Checked(str(file), text, types, defined)
        faults += checked.faults
        pipelines |= checked.pipelines
        # Lines of other files are named, too, where a name is given twice.
        defined |= checked.defined
    if faults:
        raise PipelineFileError(faults)
    return pipelines


class _Checked:
    """One file: its pipelines, and what is wrong with them."""

    def __init__(self, file: str, text: str, types: Types, taken: Mapping[str, str]) -> None:
        self.faults: list[Fault] = []
        self.pipelines: dict[str, Pipeline] = {}
        self.defined: dict[str, str] = {}
        self._file = file
        self._types = types
        self._taken = taken
        self._lines = Lines()
        try:
            value, self._lines = read_yaml(text)
        except YamlError as error:
            self.faults.append(Fault(file, error.line, "", error.message))
            return
        if value is not None:
            self._read(value)

    def _read(self, value: Value) -> None:
        try:
            read = PipelineFile.model_validate(value)
        except ValidationError as error:
            self._tell_invalid(error, PipelineFile, ())
            # What is sound in the others is looked at all the same.
            entries = value.get("pipelines") if isinstance(value, dict) else None
            found = [(n, _sound(each)) for n, each in enumerate(entries if isinstance(entries, list) else [])]
        else:
            found = list(enumerate(read.pipelines))
        for number, pipeline in found:
            if pipeline is not None:
                self._check(pipeline, ("pipelines", number))

    def _check(self, pipeline: Pipeline, at: Path) -> None:
        if where := self.defined.get(pipeline.name) or self._taken.get(pipeline.name):
            self._tell((*at, "name"), f'"{pipeline.name}" is already the name of {where}')
        self.defined[pipeline.name] = f"the pipeline of {self._file}:{self._lines.line((*at, 'name'))}"
        before = len(self.faults)
        for number, step in enumerate(pipeline.steps):
            self._check_config(step, (*at, "steps", number))
        if self._check_ids(pipeline.steps, (*at, "steps")):
            self._check_graph(pipeline, (*at, "steps"))
        if len(self.faults) == before:
            self.pipelines.setdefault(pipeline.name, pipeline)

    def _check_ids(self, steps: Sequence[PipelineStep], at: Path) -> bool:
        counts = Counter(step.name for step in steps)
        seen: set[str] = set()
        sound = True
        for number, step in enumerate(steps):
            if step.name in seen:
                advice = "give it another" if step.id else "give each of them an id"
                self._tell(
                    (*at, number, "id"), f'{counts[step.name]} steps are called "{step.name}": {advice}'
                )
                sound = False
            seen.add(step.name)
            for place, waits in enumerate(step.depends_on or ()):
                if waits not in counts:
                    sound = False
                    key = (*at, number, "depends_on", place)
                    self._tell(key, f'there is no step "{waits}" in this pipeline{_meant(waits, counts)}')
        return sound

    def _check_graph(self, pipeline: Pipeline, at: Path) -> None:
        graph = graph_of(pipeline.steps, self._types)
        numbers = {step.name: number for number, step in enumerate(pipeline.steps)}
        circles = list(cycles(graph))
        for circle in circles:
            key = (*at, min(numbers[name] for name in circle), "depends_on")
            self._tell(key, f"these steps wait for each other: {' → '.join(circle)}")
        if circles:
            return
        for number, step in enumerate(pipeline.steps):
            kind = self._types[step.type]
            given = {self._types[pipeline.step(name).type].gives for name in ancestors(graph, step.name)}
            if missing := kind.needs - given:
                makers = [name for name, other in self._types.items() if other.gives in missing]
                self._tell(
                    (*at, number),
                    f"{step.type} needs {' and '.join(sorted(missing))}: "
                    f"let it depend on a step of the type {' or '.join(makers)}",
                )

    def _check_config(self, step: PipelineStep, at: Path) -> None:
        options = self._types[step.type].options
        try:
            options.model_validate(step.config)
        except ValidationError as error:
            self._tell_invalid(error, options, (*at, "config"))

    def _tell_invalid(self, error: ValidationError, model: type[BaseModel], at: Path) -> None:
        details = error.errors(include_url=False)
        for detail in details:
            inside = (other["loc"][: len(detail["loc"])] for other in details if other is not detail)
            if detail["type"] == "too_short" and detail["loc"] in inside:
                continue  # Entries that cannot be used are not counted.
            path = (*at, *_without_choices(detail["loc"]))
            self._tell(path, _sentence(detail, model))

    def _tell(self, path: Path, message: str) -> None:
        self.faults.append(Fault(self._file, self._lines.line(path), _written(path), message))


def _sound(value: Value) -> Pipeline | None:
    """A pipeline by itself; None if its form is wrong."""
    try:
        return Pipeline.model_validate(value)
    except ValidationError:
        return None


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong, in words."""
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    match detail["type"]:
        case "extra_forbidden":
            known = _fields(model, detail["loc"][:-1])
            there = f"; there are: {', '.join(known)}" if known else ""
            return f'there is no "{_shown(name)}" here{_meant(name, known)}{there}'
        case "missing":
            return "this is missing"
        case "literal_error":
            choices = str(detail.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")
            meant = _meant(str(detail["input"]), choices.split(", "))
            return f"{_value(detail['input'])} cannot be used{meant}; there are: {choices}"
        case "too_short" | "string_too_short":
            return "this is empty"
        case "string_pattern_mismatch":
            allowed = _allowed(model, detail["loc"])
            return f"{_value(detail['input'])} cannot be used{f': give {allowed}' if allowed else ''}"
    said = detail["msg"].removeprefix("Value error, ")
    if said.startswith("Input should "):
        said = f"it must {said.removeprefix('Input should ')}"
    return f"{_value(detail['input'])} cannot be used: {one_line(said, 300)}"


def _models(model: type[BaseModel], loc: Iterable[str | int]) -> Iterator[tuple[type[BaseModel], str]]:
    """The models that a path leads through, each with the name of the field that it goes on with."""
    current: Any = model
    for part in loc:
        if isinstance(part, int) or not (isinstance(current, type) and issubclass(current, BaseModel)):
            continue
        yield current, part
        field = current.model_fields.get(part)
        current = _inner_model(field.annotation) if field else None


def _inner_model(annotation: Any) -> Any:
    """The model within a type such as `tuple[Model, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_inner_model(each) for each in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found is not None), None)


def _fields(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    *_, (found, _name) = [*_models(model, [*loc, ""])] or [(model, "")]
    return sorted(found.model_fields)


def _allowed(model: type[BaseModel], loc: Sequence[str | int]) -> str:
    for found, name in reversed([*_models(model, loc)]):
        schema = found.model_json_schema()["properties"].get(name, {})
        choices = [schema, *schema.get("anyOf", []), schema.get("items", {})]
        if said := next((each["allowed"] for each in choices if "allowed" in each), None):
            return str(said)
    return ""


def _without_choices(loc: Sequence[str | int]) -> Iterator[str | int]:
    """The path without what pydantic adds for the kind of a value, such as `literal['a']` or `function-after[…]`."""
    for part in loc:
        if isinstance(part, int) or not any(mark in part for mark in "[]()"):
            yield part


def _written(path: Path) -> str:
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in path
    ).removeprefix(".")


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    # Types are written large; whoever writes them small means the same.
    close = close or difflib.get_close_matches(name.upper(), list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def _shown(text: str) -> str:
    return one_line(text, _SHOWN)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "this object"
    if isinstance(value, list | tuple):
        return "this list"
    return "nothing" if value is None else f'"{_shown(str(value))}"'

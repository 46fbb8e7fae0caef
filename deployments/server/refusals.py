"""Why parameters are refused, in sentences: what was sent, and what to send instead.

A validator of JSON schemas says that a value "is not valid under any of the given schemas", or quotes a regular
expression. Here the schema itself is put into words. Where its own words would not do, as for a pattern, it has the
keyword `allowed`: `Field(pattern=…, json_schema_extra={"allowed": "a colour such as #FF8800"})`; and for mistakes that
are known `advice`: what to do instead, by a pattern of what was sent.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tasks.foreign_text import one_line
from tasks.net.urls import mask_urls

ALLOWED = "allowed"
"""The keyword of a schema that says in words what it allows, as in "give …"."""
ADVICE = "advice"
"""The keyword of a schema that has sentences for known mistakes."""

_SHOWN = 80
"""Characters of a value that are shown: it may be long, or a secret."""
_CHOICES = 20
_SENTENCES = 10
_LOOKED_AT = 50
"""Errors that are put into words. Ten thousand images may each have three, and while they are, nobody is answered."""
_DEPTH = 3
"""Schemas within each other that are put into words; beyond, their names have to do."""

_REASONS = {
    "minimum": "is too small",
    "exclusiveMinimum": "is too small",
    "maximum": "is too large",
    "exclusiveMaximum": "is too large",
    "minLength": "has fewer than {} characters",
    "maxLength": "has more than {} characters",
    "minItems": "has fewer than {} entries",
    "maxItems": "has more than {} entries",
    "minProperties": "has fewer than {} entries",
    "maxProperties": "has more than {} entries",
    "uniqueItems": "has an entry twice",
}
_OF_NAMES = ("required", "additionalProperties")
_FORMATS = {
    "date-time": "a date and time such as 2026-01-31T12:00:00Z",
    "date": "a date such as 2026-01-31",
    "email": "an e-mail address",
    "uri": "a URL that begins with https:// or http://",
    "uuid": "a UUID",
}

Schema = Mapping[str, Any]


def refusals(parameters: Mapping[str, Any], schema: Schema) -> list[str]:
    """A sentence for everything that the schema refuses, each with the place it is about; empty if nothing is."""
    worded = reworded(Draft202012Validator(schema).iter_errors(parameters), schema)
    lines = []
    for error in worded[:_SENTENCES]:
        place = _place(error.absolute_path)
        lines.append(f"{place}: {error.message}" if place else error.message)
    if len(worded) > _SENTENCES:
        lines.append("And there is more.")
    return lines


def reworded(errors: Iterable[ValidationError], schema: Schema) -> list[ValidationError]:
    """The first errors with sentences as their messages; of those that say the same about the same place one.

    What lies in an error, such as the choices of `anyOf`, gets its sentence: whoever picks one of these has it too.
    """
    kept: dict[tuple[str, object], ValidationError] = {}
    names_are_checked = False
    errors = list(islice(errors, _LOOKED_AT))
    for error in errors:
        names_are_checked |= "propertyNames" in error.relative_schema_path
    for error in errors:
        if error.validator == "additionalProperties" and names_are_checked and not error.relative_path:
            continue  # Said name by name.
        _say(error, sentence(error, schema))
        # One is enough of a value; an object may lack several, and have several that are not known.
        of_a_name = error.validator in _OF_NAMES or "propertyNames" in error.relative_schema_path
        kept.setdefault((str(list(error.absolute_path)), error.message if of_a_name else None), error)
    return list(kept.values())


def _say(error: ValidationError, message: str) -> None:
    error.message = message
    for inner in error.context or ():
        _say(inner, message)


def sentence(error: ValidationError, root: Schema) -> str:
    """What is wrong with the value that the error is about, and what to give instead. It does not say where.

    `root` is the schema of all parameters, which holds the definitions.
    """
    value, schema = error.instance, error.schema
    if isinstance(value, Exception):
        return one_line(
            str(error.message), 200
        )  # Prefect could not make a value of a template or a variable.
    if not isinstance(schema, Mapping):
        return f"{_shown(value)} cannot be used: leave it out."
    if "propertyNames" in error.relative_schema_path:
        if error.validator == "enum":
            return _unknown([str(value)], error.validator_value)
        return f"The name {_fault(error)}: give {allowed(schema, root)}."
    match error.validator:
        case "required":
            return _missing(error, schema, root)
        case "additionalProperties" if isinstance(value, Mapping):
            known = schema.get("properties", {})
            return _unknown([str(name) for name in value if name not in known], known)
        case "anyOf" | "oneOf":
            return _none_fits(error, schema, root)
    return f"{_fault(error)}: {_instead(error, root)}{_or_leave_it_out(error, root)}."


def _instead(error: ValidationError, root: Schema) -> str:
    """What to do about a value: as the schema advises for its like, or what it allows."""
    known = error.schema.get(ADVICE)
    if error.validator == "pattern" and isinstance(known, Mapping):
        for pattern, advice in known.items():
            if re.search(pattern, str(error.instance)):
                return str(advice)
    return f"give {allowed(error.schema, root)}"


def _missing(error: ValidationError, schema: Schema, root: Schema) -> str:
    # One error for each; which one it is stands in its text alone.
    names = [name for name in error.validator_value if error.message.startswith(repr(name))]
    name = max(names, key=len, default="")
    wanted = schema.get("properties", {}).get(name, {})
    # Prefect's server, too, takes the name from the beginning of the text.
    return f"{name!r} is missing: give {allowed(wanted, root)}."


def _unknown(names: Sequence[str], known: Iterable[str]) -> str:
    listed = sorted(known)
    name = names[0] if names else ""
    close = difflib.get_close_matches(name, listed, n=1)
    meant = f' Did you mean "{close[0]}"?' if close else ""
    there = f" There are: {', '.join(listed)}." if listed else " There are none."
    return f'There is no parameter "{_cut(name)}" here.{meant}{there}'


def _none_fits(error: ValidationError, schema: Schema, root: Schema) -> str:
    """Of a value with choices: what is wrong by the choice that it was meant for, if that can be told."""
    choices: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        choices.setdefault(inner.relative_schema_path[0], []).append(inner)
    for faults in choices.values():
        if all(inner.relative_path for inner in faults):
            deeper = faults[0]
            # Relative to the value: that is where this sentence is about.
            return f"{_place(deeper.relative_path)} in it: {sentence(deeper, root)}"
    meant = [faults for faults in choices.values() if all(inner.validator != "type" for inner in faults)]
    if meant and isinstance(meant[0][0].schema, Mapping) and ADVICE in meant[0][0].schema:
        return f"{_fault(meant[0][0])}: {_instead(meant[0][0], root)}."
    fault = _fault(meant[0][0]) if meant else f"{_shown(error.instance)} cannot be used"
    return f"{fault}: give {allowed(schema, root)}{_or_leave_it_out(error, root)}."


def _fault(error: ValidationError) -> str:
    is_empty = error.instance in ("", [], {})
    reason = "cannot be used" if is_empty else _REASONS.get(str(error.validator), "cannot be used")
    return f"{_shown(error.instance)} {reason.format(error.validator_value)}"


def _or_leave_it_out(error: ValidationError, root: Schema) -> str:
    """For null alone, which who sends it takes for nothing."""
    path = list(error.absolute_path)
    optional = len(path) == 1 and path[0] not in root.get("required", ())
    return ", or leave it out" if error.instance is None and optional else ""


def allowed(schema: Any, root: Schema, depth: int = _DEPTH) -> str:
    """What a schema allows, as in "give …"."""
    schema = _resolved(schema, root)
    if isinstance(schema.get(ALLOWED), str):
        return str(schema[ALLOWED])
    if "const" in schema:
        return f"exactly {_shown(schema['const'])}"
    if isinstance(schema.get("enum"), list):
        return _one_of([_choice(value) for value in schema["enum"]])
    for key in ("anyOf", "oneOf", "allOf"):
        if choices := schema.get(key):
            return _or([allowed(choice, root, depth - 1) for choice in choices])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return _or([_kind(kind, schema, root, depth) for kind in kinds])
    return _kind(kinds, schema, root, depth)


def _resolved(schema: Any, root: Schema) -> Schema:
    """What a reference to a definition stands for."""
    for _ in range(_DEPTH):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        place: Any = root
        for name in reference[2:].split("/"):
            place = place.get(name, {}) if isinstance(place, Mapping) else {}
        schema = place
    return {}


def _kind(kind: object, schema: Schema, root: Schema, depth: int) -> str:
    match kind:
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "string":
            return _text(schema)
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case "array":
            entries = (
                f", each {allowed(schema['items'], root, depth - 1)}" if depth and "items" in schema else ""
            )
            return f"a list{_count(schema, 'minItems', 'maxItems', 'entries', 'entry')}{entries}"
        case "object":
            needed = [str(name) for name in schema.get("required", ())]
            names = needed or [str(name) for name in schema.get("properties", ())]
            return f"an object with {_and(names)}" if names else "an object of names and values"
    return "another value"


def _number(schema: Schema, *, whole: bool) -> str:
    step = schema.get("multipleOf")
    even = whole and step == 2
    name = "an even whole number" if even else "a whole number" if whole else "a number"
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is not None and most is not None:
        name += f" from {least:g} to {most:g}"
    else:
        bounds = [
            f"{words} {bound:.12g}"
            for words, bound in (
                ("above", above),
                ("of at least", least),
                ("below", below),
                ("of at most", most),
            )
            if bound is not None
        ]
        name += f" {' and '.join(bounds).replace(' and of ', ' and ')}" if bounds else ""
    return name if step is None or even else f"{name}, a multiple of {step:g}"


def _text(schema: Schema) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    length = _count(schema, "minLength", "maxLength", "characters", "character")
    if "pattern" not in schema:
        return f"text{length}"
    if examples := schema.get("examples"):
        return f"text such as {_shown(examples[0])}"
    described = schema.get("description")
    return f"text as it is described ({described})" if described else "text of another form"


def _count(schema: Schema, least_name: str, most_name: str, many: str, one: str) -> str:
    least, most = schema.get(least_name), schema.get(most_name)
    if least and most:
        return f" of {least} to {most} {many}"
    if least:
        return f" of at least {least} {one if least == 1 else many}"
    return f" of at most {most} {one if most == 1 else many}" if most is not None else ""


def _choice(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, default=str)


def _one_of(choices: list[str]) -> str:
    more = f" or one of {len(choices) - _CHOICES} others" if len(choices) > _CHOICES else ""
    return f"one of {', '.join(choices[:_CHOICES])}{more}" if len(choices) > 1 else f"exactly {choices[0]}"


def _or(choices: list[str]) -> str:
    distinct = sorted(dict.fromkeys(choices), key=lambda choice: choice == "null")
    return (", or " if any("," in choice or " or " in choice for choice in distinct) else " or ").join(
        distinct
    )


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def misfits(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """Sentences for a request whose form is not that of the call, of what pydantic says of it."""
    return [_misfit(error) for error in list(errors)[:_SENTENCES]]


def _misfit(error: Mapping[str, Any]) -> str:
    path = [step for step in error.get("loc", ()) if step not in ("body", "query", "path")]
    if error.get("type") == "json_invalid":
        return "The body is not JSON: send an object, with Content-Type: application/json."
    place = _place(path) or "The body"
    match error.get("type"):
        case "missing":
            return f"{place} is missing."
        case "extra_forbidden":
            return f"{place} is not known to this call: leave it out."
    wanted = str(error.get("msg", "")).removeprefix("Input should ").removeprefix("Value error, ")
    if wanted.startswith("be "):
        return f"{place}: {_shown(error.get('input'))} cannot be used: it must {one_line(wanted, 200)}."
    return f"{place}: {_shown(error.get('input'))} cannot be used: {one_line(wanted, 200)}."


def _place(path: Iterable[str | int]) -> str:
    """`images[2].duracao`."""
    return "".join(_steps(path)).removeprefix(".")


def _steps(path: Iterable[str | int]) -> Iterator[str]:
    for step in path:
        yield f"[{step}]" if isinstance(step, int) else f".{_cut(step)}"


def _shown(value: object) -> str:
    """The value, short, and without the passwords of addresses."""
    if isinstance(value, str):
        return f'"{_cut(mask_urls(value[: 10 * _SHOWN]))}"'
    if isinstance(value, list | tuple):
        return "The list" if value else "The empty list"
    if isinstance(value, Mapping):
        return "The object" if value else "The empty object"
    if value is None or isinstance(value, bool | int | float):
        return _cut(json.dumps(value))
    return "This value"


def _cut(text: str) -> str:
    return one_line(text, _SHOWN)

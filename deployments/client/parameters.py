"""Parameters as a person types them: `-p name=value`, or a JSON or YAML file."""

import difflib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import InvalidInputError

STDIN = Path("-")
"""The file that stands for standard input."""


def parse_parameters(pairs: Iterable[str], file: Path | None = None) -> dict[str, Any]:
    """The parameters of a file, overridden by `name=value` pairs.

    A value that is JSON is taken as such (`true`, `3`, `["srt", "vtt"]`, `"3"`); anything else is text, `NaN` too.

    Raises:
        InvalidInputError: a pair without `=`, a name given twice, a file that cannot be read, or a value that JSON
            cannot hold.
    """
    parameters = _read(file) if file is not None else {}
    given: set[str] = set()
    for pair in pairs:
        name, separator, value = pair.partition("=")
        name = name.strip()
        if not separator or not name:
            raise InvalidInputError(f'"{pair}" is not a parameter.', hint="Write it as NAME=VALUE.")
        if name in given:
            raise InvalidInputError(f'The parameter "{name}" is given twice.')
        given.add(name)
        parameters[name] = _value(value)
    for name, value in parameters.items():
        _check_json(name, value)
    return parameters


def check_names(given: Iterable[str], known: Iterable[str], *, of: str) -> None:
    """Refuse names that `of` (a flow, a deployment) does not have, and name the closest that it has.

    Raises:
        InvalidInputError: at the first unknown name.
    """
    names = list(known)
    for name in given:
        if name not in names:
            raise InvalidInputError(f'{of} has no parameter "{name}".', hint=_suggestion(name, names))


def choose(name: str, known: Iterable[str], *, what: str) -> str:
    """`name` if it is known.

    Raises:
        InvalidInputError: it is not; the hint names the closest and all that exist.
    """
    names = sorted(known)
    if name not in names:
        raise InvalidInputError(f'There is no {what} "{name}".', hint=_suggestion(name, names))
    return name


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f'Did you mean "{close[0]}"? ' if close else ""
    return f"{meant}There {'are' if known else 'is none'}{': ' if known else ''}{', '.join(known)}."


def _value(text: str) -> Any:
    try:
        # Python reads more than JSON has.
        return json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return text


def _no_json(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _check_json(name: str, value: Any) -> None:
    """Raises InvalidInputError for what no request can carry: YAML holds more than JSON, and so may a command line."""
    try:
        json.dumps({name: value}, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f'The parameter "{name}" holds half a character, or bytes that are no text.',
            hint="Write it in UTF-8.",
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInputError(
            f'The parameter "{name}" holds what JSON cannot: {error}.',
            hint="Give numbers, texts, true, false, null, lists and objects of these; infinity is none.",
        ) from error


class _Loader(yaml.SafeLoader):
    """Dates stay the texts that they are in JSON, as in `offer_ends: 2026-12-05`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:timestamp"]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(file: Path) -> dict[str, Any]:
    name = "standard input" if file == STDIN else f"The file {file}"
    try:
        text = _typed() if file == STDIN else file.read_text(encoding="utf-8")
        content = yaml.load(text, _Loader)  # noqa: S506 - a safe one. JSON is YAML.
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{name} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise InvalidInputError(f"{name} is neither JSON nor YAML.", hint=str(error)) from error
    except RecursionError as error:
        raise InvalidInputError(f"{name} is nested too deep.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidInputError(f"{name} holds no object of names and values.")
    return {str(name): value for name, value in content.items()}


def _typed() -> str:
    if sys.stdin is None:  # closed by whoever started this
        raise OSError("it is closed")
    return sys.stdin.read()

"""YAML as plain values, and the line that each of them stands in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml
from yaml.reader import ReaderError

Path = tuple[str | int, ...]
"""The keys and numbers that lead to a value: `("pipelines", 0, "name")`."""
Value = str | int | float | bool | list["Value"] | dict[str, "Value"] | None

_MOST_VALUES = 50_000
"""Aliases within aliases make any number of values of a short text."""


class YamlError(Exception):
    """What is wrong with a text, and the line (from 1) of it."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass
class Lines:
    """Where the values of a text stand."""

    of_value: dict[Path, int] = field(default_factory=dict)
    """From 1; of a value with a key, the key's line."""

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a value, or of the innermost thing around it that is there."""
        for length in range(len(path), -1, -1):
            if found := self.of_value.get(tuple(path[:length])):
                return found
        return 1


def read_yaml(text: str) -> tuple[Value, Lines]:
    """The one document of a text; None for an empty one.

    Raises:
        YamlError: It is not YAML, has a key twice, a key that is no text, or more values than anybody writes.
    """
    try:
        return _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = " ".join(filter(None, [error.context, error.problem]))
        raise YamlError(mark.line + 1 if mark else 1, f"this is not YAML: {told}") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"this is not YAML: {error.reason}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(1, f"this is not YAML: {str(error).partition(chr(10))[0]}") from error


def _read(text: str) -> tuple[Value, Lines]:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, Lines()
        reader = _Reader(loader)
        return reader.value(node, (), node.start_mark.line), reader.lines
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._open: list[int] = []
        self._count = 0
        self.lines = Lines()

    def value(self, node: yaml.Node, path: Path, line: int) -> Value:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise YamlError(line + 1, "there are too many values")
        if id(node) in self._open:
            raise YamlError(line + 1, "this holds itself")
        self.lines.of_value[path] = line + 1
        self._open.append(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return {name: self.value(inner, (*path, name), at) for name, inner, at in self._fields(node)}
            if isinstance(node, yaml.SequenceNode):
                entries = enumerate(node.value)
                return [
                    self.value(entry, (*path, number), entry.start_mark.line) for number, entry in entries
                ]
        finally:
            self._open.pop()
        made = self._loader.construct_object(node)
        # Dates and bytes are no JSON: they are taken as they are written.
        return made if isinstance(made, str | int | float | bool | None) else str(node.value)

    def _fields(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, int]]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(key.start_mark.line + 1, "a key must be a text")
            if key.value in seen and key.value != "<<":
                raise YamlError(key.start_mark.line + 1, f'the key "{key.value}" stands here twice')
            seen.add(key.value)
        self._loader.flatten_mapping(node)
        # Of a merged key and an own one, the own one comes last.
        last = {key.value: (inner, key.start_mark.line) for key, inner in node.value}
        yield from ((name, inner, line) for name, (inner, line) in last.items())

"""Who is asked in a conversation: collectors and executors, by their names and with their parameters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tasks.messages.contents import MOST_OF_A_NAME, TargetName

_OLD_NAMES = {"escavadores": "collectors", "executadores": "executors"}
_OLD_FIELDS = {"nome": "name", "escavador": "name", "executador": "name", "parametros": "parameters"}


class Target(BaseModel):
    """A collector or an executor that is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: TargetName = Field(description="Its name, as in escavador_NAME or executador_NAME.")
    parameters: dict[str, JsonValue] = Field({}, description="What it is asked with.")


def substep_names(targets: Sequence[Target]) -> list[str]:
    """What each is called within a conversation: its name; of one that is asked again `name-2`, `name-3` and so on.

    A name that somebody else has is left out: `a`, `a-2`, `a` are `a`, `a-2`, `a-3`. One that would be too long with
    its number loses its end.
    """
    taken = {target.name for target in targets}
    met: set[str] = set()
    names = []
    for target in targets:
        name, ordinal = target.name, 1
        while name in met or (ordinal > 1 and name in taken):
            ordinal += 1
            suffix = f"-{ordinal}"
            name = f"{target.name[: MOST_OF_A_NAME - len(suffix)]}{suffix}"
        met.add(name)
        names.append(name)
    return names


def parameters_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the flow, from the payload of a message that starts it.

    They are the flow's own; the Portuguese names of earlier callers (`escavadores`, `executadores`, `nome`,
    `parametros`) are understood, and a target that is only a name. What is wrong with the rest, the flow says.
    """
    named = {_OLD_NAMES.get(name, name): value for name, value in payload.items()}
    for name in ("collectors", "executors"):
        if isinstance(targets := named.get(name), list):
            named[name] = list(_targets(targets))
    return named


def _targets(targets: Iterable[object]) -> Iterable[object]:
    for target in targets:
        if isinstance(target, str):
            yield {"name": target}
        elif isinstance(target, Mapping):
            yield {_OLD_FIELDS.get(str(name), str(name)): value for name, value in target.items()}
        else:
            yield target

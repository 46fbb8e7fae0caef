"""Rewrites what the manual has from the code, tables and a diagram: `python -m deployments.scripts.reference`.

It stands between `<!-- generated: NAME -->` and `<!-- end -->`; NAME is a key of `TABLES`, or `imports`. Of a
translated page (a folder below `docs/`) the titles and the column of meanings of a table are its own and stay.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blocks.settings import OLD_NAMES, PROJECT_ROOT, Settings
from blocks.settings_sources import variable_name
from deployments.scripts.diagram import mermaid
from deployments.server.pipelines import with_entries
from flows.promotion_steps.types import STEP_TYPES
from tasks.captions.presets import MEANINGS, PRESETS, SHARED
from tasks.messages.schema import message_schema
from tasks.models.manifest import Model, default_manifest
from tasks.promotion.schemas import file_schema

DOCS = PROJECT_ROOT / "docs"
_PART = re.compile(r"(<!-- generated: ([a-z]+) -->\n)(.*?)(<!-- end -->)", re.S)


@dataclass(frozen=True)
class Table:
    """A table of the reference: its first column names things, one column says what they mean."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    meaning: int
    """Which column a translation has in its own words."""

    def markdown(self, titles: tuple[str, ...], meanings: Mapping[str, str]) -> str:
        """The table with these titles and these meanings instead of its own where there are any."""
        rows = [titles or self.titles, ("---",) * len(self.titles)]
        for row in self.rows:
            meaning = meanings.get(row[0], row[self.meaning])
            rows.append((*row[: self.meaning], meaning, *row[self.meaning + 1 :]))
        lines = [f"| {' | '.join(row)} |" for row in rows]
        lines[1] = f"|{'|'.join(rows[1])}|"
        return "\n".join(lines) + "\n"


def settings_table() -> Table:
    """Every setting: its variable, default, meaning and the names that earlier `.env` files have."""
    values: dict[str, object] = {}
    rows = []
    for name, field in Settings.model_fields.items():
        values[name] = field.get_default(call_default_factory=True, validated_data=values)
        old = ", ".join(f"`{old}`" for old in OLD_NAMES.get(name, ()))
        variable = variable_name(Settings, name)
        rows.append((f"`{variable}`", _shown(values[name]), field.description or "", old))
    return Table(("setting", "default", "meaning", "old name"), tuple(rows), meaning=2)


def models_table() -> Table:
    """Every model: its size, purpose, sources and licence."""
    rows = [
        (f"`{model.name}`", f"{model.size / 1e6:.0f}", model.purpose, _sources(model), model.licence)
        for model in default_manifest().model
    ]
    return Table(("model", "MB", "for", "source", "licence"), tuple(rows), meaning=2)


def presets_table() -> Table:
    """Every preset of captions: what it looks like, and the values that it stands for."""
    rows = [("every one", "Unless it says otherwise", _values(SHARED))]
    for name, values in PRESETS.items():
        own = {key: value for key, value in values.items() if SHARED.get(key) != value}
        rows.append((f"`{name}`", MEANINGS[name], _values(own)))
    return Table(("preset", "look", "values"), tuple(rows), meaning=1)


def _values(values: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}` {_value(value)}" for name, value in values.items())


def _value(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool | tuple) else str(value)


TABLES: dict[str, Callable[[], Table]] = {
    "settings": settings_table,
    "models": models_table,
    "presets": presets_table,
}


def generated_pages() -> list[Path]:
    """The pages that hold something generated."""
    return [page for page in sorted(DOCS.rglob("*.md")) if _PART.search(page.read_text(encoding="utf-8"))]


def rewritten(page: Path) -> str:
    """The text of a page with what is generated as the code has it now."""
    translated = page.parent != DOCS

    def part(found: re.Match[str]) -> str:
        if found[2] == "imports":
            return f"{found[1]}{mermaid()}{found[4]}"
        titles, meanings = _own_words(found[3], TABLES[found[2]]()) if translated else ((), {})
        return f"{found[1]}{TABLES[found[2]]().markdown(titles, meanings)}{found[4]}"

    return _PART.sub(part, page.read_text(encoding="utf-8"))


def generated_files() -> dict[Path, str]:
    """The files besides pages that are made of the code, or hold something that is, with their texts as it is now."""
    deployed = PROJECT_ROOT / "prefect.yaml"
    schemas = {
        PROJECT_ROOT / "flows" / "pipelines.schema.json": file_schema(STEP_TYPES),
        PROJECT_ROOT / "tasks" / "messages" / "mensagem_schema.json": message_schema(),
    }
    return {
        deployed: with_entries(deployed.read_text(encoding="utf-8")),
        **{file: f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n" for file, schema in schemas.items()},
    }


def _own_words(text: str, table: Table) -> tuple[tuple[str, ...], dict[str, str]]:
    """Titles and meanings of a table as it stands in a translated page."""
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return (rows[0] if rows else ()), {row[0]: row[table.meaning] for row in rows[1:]}


def _shown(value: object) -> str:
    """A default as the table has it."""
    match value:
        case None | ():
            return "—"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return f"`{','.join(_shown(part).strip('`') for part in value)}`"
        case Path():
            return f"`{value.relative_to(PROJECT_ROOT)}`"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


def _sources(model: Model) -> str:
    """Where a model comes from, in the order in which the sources are tried."""
    found = []
    if model.hub:
        found.append(f"[{model.hub.repository}](https://huggingface.co/{model.hub.repository})")
    if model.release:
        page = model.release.base.partition("/download/")[0]
        found.append(f"[{'/'.join(page.split('/')[3:5])}]({page})")
    if model.carrier:
        more = len(model.carrier) > 1
        found.append(f"carrier{'s' if more else ''} `{model.carrier[0].package}`{' …' if more else ''}")
    return ", ".join(found)


def main() -> None:
    """Rewrite what differs, and name it."""
    for page in generated_pages():
        text = rewritten(page)
        if text != page.read_text(encoding="utf-8"):
            page.write_text(text, encoding="utf-8")
            sys.stdout.write(f"rewritten: {page.relative_to(PROJECT_ROOT)}\n")
    for file, text in generated_files().items():
        if text != file.read_text(encoding="utf-8"):
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"rewritten: {file.relative_to(PROJECT_ROOT)}\n")


if __name__ == "__main__":
    main()

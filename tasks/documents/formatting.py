"""What became of the looks of words and paragraphs, told in a few Portuguese words."""

from collections.abc import Iterator

from lxml import etree

_RUN = {
    "b": "negrito",
    "i": "itálico",
    "u": "sublinhado",
    "strike": "tachado",
    "dstrike": "tachado duplo",
    "caps": "maiúsculas",
    "smallCaps": "versalete",
    "color": "cor",
    "highlight": "realce",
    "shd": "fundo",
    "sz": "tamanho",
    "rFonts": "fonte",
    "vertAlign": "sobrescrito ou subscrito",
    "vanish": "texto oculto",
    "rStyle": "estilo",
    "spacing": "espaçamento",
}
_BLOCK = {
    "jc": "alinhamento",
    "ind": "recuo",
    "spacing": "espaçamento",
    "numPr": "numeração",
    "pStyle": "estilo",
    "keepNext": "quebra de página",
    "pageBreakBefore": "quebra de página",
    "pBdr": "borda",
    "shd": "fundo",
    "tabs": "tabulações",
    "outlineLvl": "nível",
    "rPr": "",
}
_SWITCHES = frozenset({"b", "i", "strike", "dstrike", "caps", "smallCaps", "vanish"})
"""Properties that are on or off (ECMA-376 part 1, 17.17.4)."""
_UNSEEN = frozenset(
    {"bCs", "iCs", "szCs", "lang", "noProof", "proofErr", "sectPr", "headerReference", "footerReference"}
)
"""For scripts that run from right to left, for the spelling; and what is told otherwise."""


def run_change(before: etree._Element | None, now: etree._Element | None) -> str:
    """What differs in the properties of two runs (rPr): "negrito aplicado, tamanho 11 → 12"; empty if nothing does."""
    return _told(before, now, _RUN, "formatação")


def block_change(before: etree._Element | None, now: etree._Element | None) -> str:
    """What differs in the properties of two paragraphs (pPr): "parágrafo: alinhamento"; empty if nothing does."""
    told = _told(before, now, _BLOCK, "outra propriedade")
    return f"parágrafo: {told}" if told else ""


def tables_and_sections(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """What holds tracked changes of tables and sections in a redline, each once, and what is told of it."""
    for table in root.iter("{*}tbl"):
        changes = (change for place in _TABLE_CHANGES for change in table.findall(place))
        if any(_really(change) for change in changes):
            yield table, "tabela: larguras, bordas ou outra propriedade"
    for change in root.iter("{*}sectPrChange"):
        section = change.getparent()
        if section is not None and _really(change):
            yield section, "seção: página, margens ou colunas"


_TABLE_CHANGES = (
    "{*}tblPr/{*}tblPrChange",
    "{*}tblGrid/{*}tblGridChange",
    "{*}tr/{*}trPr/{*}trPrChange",
    "{*}tr/{*}tc/{*}tcPr/{*}tcPrChange",
)


def is_hollow(change: etree._Element) -> bool:
    """Whether a tracked change of properties changes nothing."""
    return not _really(change)


def _really(change: etree._Element) -> bool:
    properties = change.getparent()
    return properties is not None and _values(next(iter(change), None)) != _values(properties)


def _told(
    before: etree._Element | None, now: etree._Element | None, names: dict[str, str], other: str
) -> str:
    old_values, new_values = _values(before), _values(now)
    told: list[str] = []
    for name in dict.fromkeys([*new_values, *old_values]):
        old, new = old_values.get(name), new_values.get(name)
        title = names.get(name, other)
        if old == new or title == "":
            continue
        if name in _SWITCHES:
            if _off(old) == _off(new):
                continue
            title = f"{title} {'retirado' if _off(new) else 'aplicado'}"
        elif name == "sz":
            title = f"{title} {_points(old)} → {_points(new)}"
        if title not in told:
            told.append(title)
    return ", ".join(told)


def _values(properties: etree._Element | None) -> dict[str, tuple[str, ...]]:
    """Each property with its attributes and those below it."""
    found: dict[str, tuple[str, ...]] = {}
    for each in properties if properties is not None else ():
        name = str(each.tag).rpartition("}")[2]
        if not name.endswith("Change") and name not in ("ins", "del", "moveFrom", "moveTo", *_UNSEEN):
            found[name] = tuple(
                f"{str(below.tag).rpartition('}')[2]}/{str(key).rpartition('}')[2]}={value!s}"
                for below in each.iter()
                for key, value in sorted(below.attrib.items())
            )
    return found


def _off(value: tuple[str, ...] | None) -> bool:
    return value is None or any(each.endswith(("=0", "=false", "=off")) for each in value)


def _points(value: tuple[str, ...] | None) -> str:
    number = value[0].rpartition("=")[2] if value else ""
    return f"{int(number) / 2:g}".replace(".", ",") if number.isdigit() else "padrão"

"""Contracts that are made up, and edits of them of which it is known what they change and where."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasks.documents.clauses import Clause
from tests.unit.documents.docx import body, paragraph, save

_WORDS = re.findall(
    r"\w+",
    "contratada contratante serviço entrega obrigação prazo pagamento fatura garantia multa rescisão vigência objeto "
    "escopo aditivo notificação comunicação sigilo dados proteção responsabilidade perdas danos foro comarca reajuste "
    "índice anual mensal parcela valor medição relatório aceite prestação execução fiscalização subcontratação cessão",
)
_JOINTS = re.findall(r"\w+", "de da do que em por para com sem sobre conforme mediante e ou")
_NAMES = re.findall(
    r"[^|]+",
    "DO OBJETO|DO PREÇO|DO PRAZO|DO PAGAMENTO|DO REAJUSTE|DA GARANTIA|DAS OBRIGAÇÕES DA CONTRATADA|DO SIGILO|"
    "DAS OBRIGAÇÕES DA CONTRATANTE|DA FISCALIZAÇÃO|DAS PENALIDADES|DA RESCISÃO|DA VIGÊNCIA|DA CESSÃO|DO FORO|"
    "DA PROTEÇÃO DE DADOS|DAS NOTIFICAÇÕES|DA SUBCONTRATAÇÃO|DO ACEITE|DAS DISPOSIÇÕES GERAIS",
)


@dataclass(frozen=True)
class Section:
    """A clause of a contract: its name and its paragraphs, of which the last may be a table."""

    key: str
    """What it is known by in a test, wherever it stands."""
    name: str
    paragraphs: tuple[str, ...]
    cells: tuple[str, ...] = ()


@dataclass
class Contract:
    """Clauses in their order; their numbers are those of their places in the first version."""

    sections: list[Section]
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.numbers:
            self.numbers = {section.key: place for place, section in enumerate(self.sections, 1)}

    def copy(self) -> "Contract":
        return Contract([*self.sections], dict(self.numbers))

    def title(self, section: Section) -> str:
        return f"CLÁUSULA {self.numbers[section.key]}ª – {section.name}"

    def save(self, path: Path, *, tagged: bool = False) -> Path:
        blocks: list[str] = []
        for section in self.sections:
            number = self.numbers[section.key]
            first, last = (f"{{{{{number}}}}}", f"{{{{/{number}}}}}") if tagged else ("", "")
            blocks.append(paragraph(first, self.title(section)) if tagged else paragraph(self.title(section)))
            blocks += [paragraph(text) for text in section.paragraphs[:-1]]
            close = [last] if tagged else []
            if section.cells:
                blocks.append(paragraph(section.paragraphs[-1]))
                cells = "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in section.cells)
                blocks.append(
                    f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>{paragraph('Tudo conforme acima.', *close)}"
                )
            else:
                blocks.append(paragraph(section.paragraphs[-1], *close))
        return save(path, body(*blocks))

    def clauses(self) -> list[Clause]:
        return [
            Clause(
                id=section.key,
                numero=str(self.numbers[section.key]),
                nome=section.name,
                conteudo="\n".join((self.title(section), *section.paragraphs)),
            )
            for section in self.sections
        ]


@dataclass(frozen=True)
class Edit:
    """What was done: a word of it that nothing else has, and the clause that it is in."""

    kind: str
    token: str
    key: str


def sentence(chance: random.Random, words: int) -> str:
    said = [chance.choice(_WORDS if place % 2 == 0 else _JOINTS) for place in range(words)]
    return f"{' '.join(said).capitalize()}."


def make_contract(chance: random.Random, sections: int, paragraphs: int = 4, words: int = 40) -> Contract:
    made: list[Section] = []
    for number in range(1, sections + 1):
        texts = [
            f"{number}.{place}. {sentence(chance, words)} Referência {number:03}x{place}."
            for place in range(1, paragraphs + 1)
        ]
        cells = (f"Item {number}", sentence(chance, 5), f"R$ {number * 100},00") if number % 7 == 3 else ()
        name = _NAMES[(number - 1) % len(_NAMES)]
        if number > len(_NAMES):
            name = f"{name} {number // len(_NAMES) + 1}"
        made.append(Section(f"k{number}", name, tuple(texts), cells))
    return Contract(made)


KINDS = ("insert", "delete", "replace", "add paragraph", "remove paragraph", "cell", "add", "remove", "move")


def edit(contract: Contract, chance: random.Random, number: int, kinds: Sequence[str] = KINDS) -> Edit | None:
    """Makes a random edit; None where there is nothing to edit in that way."""
    kind = chance.choice(kinds)
    place = chance.randrange(len(contract.sections))
    section = contract.sections[place]
    token = f"novidade{number:04}"
    if "novidade" in " ".join((*section.paragraphs, *section.cells)) or section.key.startswith("novo"):
        return None  # edited before
    if kind in ("insert", "delete", "replace"):
        return _edit_words(contract, place, kind, token, chance)
    if kind == "add paragraph":
        texts = [*section.paragraphs]
        texts.insert(chance.randrange(1, len(texts) + 1), f"Parágrafo único. {sentence(chance, 25)} {token}")
        contract.sections[place] = replace(section, paragraphs=tuple(texts))
    elif kind == "remove paragraph":
        if len(section.paragraphs) < 2:
            return None
        gone = chance.randrange(1, len(section.paragraphs))
        if "x" not in section.paragraphs[gone].split()[-1]:
            return None
        token = section.paragraphs[gone].split()[-1]
        kept = section.paragraphs[:gone] + section.paragraphs[gone + 1 :]
        contract.sections[place] = replace(section, paragraphs=kept)
    elif kind == "cell":
        if not section.cells:
            return None
        contract.sections[place] = replace(section, cells=(*section.cells[:-1], f"R$ {number},00 {token}"))
    elif kind == "add":
        key = f"novo{number}"
        texts_ = (f"{sentence(chance, 30)} {token}", sentence(chance, 30))
        contract.sections.insert(place, Section(key, f"DA {token.upper()}", texts_))
        contract.numbers[key] = 100 + number
        return Edit(kind, token, key)
    elif kind == "remove":
        if len(contract.sections) < 3:
            return None
        token = section.paragraphs[0].split()[-1]
        del contract.sections[place]
    else:
        token = section.paragraphs[0].split()[-1]
        contract.sections.insert(chance.randrange(len(contract.sections)), contract.sections.pop(place))
    return Edit(kind, token, section.key)


def _edit_words(contract: Contract, place: int, kind: str, token: str, chance: random.Random) -> Edit | None:
    section = contract.sections[place]
    which = chance.randrange(len(section.paragraphs))
    words = section.paragraphs[which].split()
    if len(words) < 8:
        return None
    at = chance.randrange(2, len(words) - 3)
    if kind == "insert":
        words.insert(at, token)
    elif kind == "replace":
        words[at] = token
    else:
        token = words[-1]
        del words[at:]  # its reference is gone with its end
    texts = [*section.paragraphs]
    texts[which] = " ".join(words)
    contract.sections[place] = replace(section, paragraphs=tuple(texts))
    return Edit(kind, token, section.key)

"""Versions of contracts compared: short pairs in one process, a long contract, and memory over many documents.

python -m benchmarks.documents                    105 short pairs and a long contract that are made up
python -m benchmarks.documents --pairs FILE       pairs of your own: two paths a line, with a blank between them
python -m benchmarks.documents --many 1000        also the memory of the engine over so many documents

The ways are: ours with all that it does (checks, clean copies, redline, accept and reject, changes, clauses), the
engine alone in one process, and the engine started for each pair, as its own command is. Alone it accepts the tracked
changes of its inputs itself, as it does unless it is told that there are none. Of our copies that is known: how little
it costs then is told, too.
"""

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.measure import Cost, machine, measured
from tasks.documents.change import ClauseName
from tasks.documents.changes import read_changes
from tasks.documents.clause_places import ClausePlaces
from tasks.documents.clauses import Clause
from tasks.documents.clean_copy import clean_copy
from tasks.documents.comparison import Comparison, Wanted, compare
from tasks.documents.comparison_report import comparison_page
from tasks.documents.engine import ComparisonEngine, Signature
from tasks.documents.package import open_package, package_of
from tasks.documents.revisions import read_lines
from tests.unit.documents.contracts import edit, make_contract

_SHORT = 105
_SOME = 5
"""Of so many pairs one is compared by an engine that is started for it."""
_EVERY = 100
"""Documents between two looks at the memory."""


@dataclass(frozen=True)
class _Pair:
    old: Path
    new: Path
    clauses: Sequence[Clause] = ()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=Path, help="a file with two paths a line")
    parser.add_argument(
        "--many", type=int, default=0, metavar="N", help="look at the memory over N documents"
    )
    chosen = parser.parse_args()
    print(machine())
    with TemporaryDirectory() as folder:
        pairs = _listed(chosen.pairs) if chosen.pairs else _made(Path(folder), _SHORT, sections=4)
        _short(pairs, "made up" if not chosen.pairs else str(chosen.pairs))
        _long(_made(Path(folder) / "long", 1, sections=110, paragraphs=8, words=75, edits=40)[0])
        if chosen.many:
            _memory(pairs, chosen.many)


def _listed(file: Path) -> list[_Pair]:
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return [_Pair(Path(old), Path(new)) for old, new in lines]


def _made(
    folder: Path, count: int, *, sections: int, paragraphs: int = 3, words: int = 40, edits: int = 5
) -> list[_Pair]:
    folder.mkdir(parents=True, exist_ok=True)
    pairs: list[_Pair] = []
    for seed in range(count):
        chance = random.Random(seed)  # noqa: S311
        old = make_contract(chance, sections, paragraphs, words)
        new = old.copy()
        for number in range(edits):
            edit(new, chance, number)
        paths = old.save(folder / f"{seed}-old.docx"), new.save(folder / f"{seed}-new.docx")
        pairs.append(_Pair(*paths, old.clauses()))
    return pairs


def _ours(pair: _Pair, engine: ComparisonEngine) -> Comparison:
    return compare(Wanted(pair.old, pair.new, pair.old.name, pair.new.name, pair.clauses), engine)


def _copies(pair: _Pair) -> tuple[bytes, bytes]:
    found = []
    for path in (pair.old, pair.new):
        with open_package(path) as package:
            found.append(clean_copy(package).document.file())
    return found[0], found[1]


def _short(pairs: Sequence[_Pair], name: str) -> None:
    copies = [_copies(pair) for pair in pairs]

    def ours() -> int:
        with ComparisonEngine() as engine:
            return sum(_ours(pair, engine).findings.verificado for pair in pairs)

    def alone(documents: int, every: int = 1, *, revised: bool = True) -> None:
        with ComparisonEngine(documents=documents) as engine:
            for old, new in copies[::every]:
                engine.redline(old, new, Signature(), revised=revised)

    print(f"\n{len(pairs)} short pairs ({name}), CPU seconds (wall)")
    held, cost = measured(ours)
    print(f"ours, all of it          {_told(cost)}   {held} of {len(pairs)} redlines verified", flush=True)
    _, warm = measured(lambda: alone(10_000))
    print(
        f"engine alone, kept warm  {_told(warm)}   ours is {cost.cpu / warm.cpu:.2f} times as much",
        flush=True,
    )
    _, spared = measured(lambda: alone(10_000, revised=False))
    print(
        f"the same, clean copies   {_told(spared)}   ours is {cost.cpu / spared.cpu:.2f} times as much",
        flush=True,
    )
    _, cold = measured(lambda: alone(1, _SOME))
    share = len(pairs) / len(copies[::_SOME])
    print(
        f"engine alone, each anew  {_told(cold)} for each {_SOME}th; "
        f"all are {share * cold.cpu / cost.cpu:.1f} times as much as ours"
    )


def _long(pair: _Pair) -> None:
    copies = _copies(pair)
    inflated = len(package_of(copies[0]).read("word/document.xml"))
    with ComparisonEngine() as engine:
        _ours(pair, engine)  # what comes after has a warm engine
        redline, alone = measured(lambda: engine.redline(*copies, Signature(), revised=True))
        found, cost = measured(lambda: _ours(pair, engine))
    page, report = measured(lambda: comparison_page(found))
    lines, old = read_lines(package_of(redline)), read_lines(package_of(copies[0]))
    read_changes(lines)

    def link() -> list[ClauseName | None]:
        return ClausePlaces(old, pair.clauses).of_redline(lines)

    _, linking = measured(link)
    print(
        f"\nA long contract ({inflated >> 10} kB of XML, {len(found.findings.alteracoes)} changes), CPU seconds (wall)"
    )
    print(f"redline by the engine    {_told(alone)}")
    print(f"comparison, all of it    {_told(cost)}")
    print(f"linking {len(pair.clauses)} clauses      {_told(linking)}")
    print(f"report of {len(page) >> 10} kB         {_told(report)}")


def _memory(pairs: Sequence[_Pair], many: int) -> None:
    held: list[float] = []
    print(f"\nMemory of the engine over {many} documents, MB")
    with ComparisonEngine() as engine:
        for number in range(1, many + 1):
            started = time.monotonic()
            _ours(pairs[number % len(pairs)], engine)
            if number % _EVERY == _EVERY // 2:  # between two exchanges
                sizes = [child.memory_info().rss for child in psutil.Process().children()]
                held.append(sum(sizes) / (1 << 20))
                print(f"{number:5}  {held[-1]:6.0f}   this document {time.monotonic() - started:.2f} s")
        print(
            f"processes {engine.starts}; median {statistics.median(held):.0f}, from {min(held):.0f} to {max(held):.0f}"
        )


def _told(cost: Cost) -> str:
    return f"{cost.cpu:7.2f} ({cost.wall:.2f})"


if __name__ == "__main__":
    main()

"""Makes the files of a report: the content once, then every format that is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tasks.progress import Progress
from tasks.reports.building import Collected, Wanted, build_report
from tasks.reports.content import all_text
from tasks.reports.fonts import letters_of, scripts_of
from tasks.reports.html_page import html_of
from tasks.reports.lettering import Drawing, taken_apart
from tasks.reports.pdf import draw, pdf_of, pictures_of
from tasks.reports.report_file import report_file
from tasks.reports.word import docx_of
from tasks.reports.wording import WORDS

Format = Literal["html", "pdf", "docx", "json"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "docx", "json")


@dataclass(frozen=True)
class Fonts:
    """Where letters come from."""

    folders: tuple[Path, ...]
    """With fonts, beside those of the project; a model's is named like the model."""
    cache: Path
    """For what is made of the fonts of the project."""


@dataclass(frozen=True)
class Made:
    """The files of a report."""

    files: Mapping[Format, bytes]
    pages: int | None
    """Of the PDF."""
    warnings: tuple[str, ...]


def make_report(
    collected: Sequence[Collected],
    wanted: Wanted,
    formats: Sequence[Format],
    fonts: Fonts,
    progress: Progress,
    warnings: Sequence[str] = (),
) -> Made:
    """The report in the formats; `warnings` are in it.

    Raises MissingEngineError for a format whose library is not installed, EngineError.
    """
    report = replace(build_report(collected, wanted), warnings=tuple(warnings))
    progress(0.2)
    drawings = draw(report) if set(formats) & {"html", "pdf", "docx"} else []
    letters, set_drawings = None, list[Drawing]()
    if "pdf" in formats or ("docx" in formats and drawings):
        letters = letters_of(all_text(report), fonts.folders, fonts.cache)
        set_drawings = [taken_apart(drawing) for drawing in drawings]
        if letters.lost and "pdf" in formats:
            names, models = scripts_of(letters.lost, [each.name for each in fonts.folders if each.is_dir()])
            words = WORDS[report.language]
            lost = words.undrawn.format(names)
            told = f"{lost} {words.get_fonts.format(' '.join(models))}" if models else lost
            report = replace(report, warnings=(*report.warnings, told))
    progress(0.4)
    files: dict[Format, bytes] = {}
    pages = None
    if "pdf" in formats and letters is not None:
        files["pdf"], pages = pdf_of(report, set_drawings, letters, wanted.date)
    progress(0.6)
    if "docx" in formats:
        pictures = pictures_of(set_drawings, letters) if letters is not None else []
        files["docx"] = docx_of(report, pictures, wanted.date)
    progress(0.8)
    if "html" in formats:
        files["html"] = html_of(report, drawings).encode()
    if "json" in formats:
        files["json"] = report_file(report, collected).model_dump_json(indent=1).encode()
    return Made(files, pages, report.warnings)

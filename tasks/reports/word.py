"""A report as a Word document: headings, tables whose headers repeat, charts as pictures."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasks.errors import MissingEngineError
from tasks.reports.content import Block, Cell, Chart, Excerpts, Facts, Report, Section, Table, is_dark
from tasks.reports.drawing import NARROW, WIDTH
from tasks.reports.texts import before_value, breakable, is_right_to_left
from tasks.reports.wording import WORDS

if TYPE_CHECKING:
    from docx.document import Document

_FONT = "Arial"
_INK, _SOFT, _LINE, _GROUND = "1F2937", "6B7280", "E5E7EB", "F6F7F9"
_TONES = {"done": "15803D", "failed": "B91C1C", "timed_out": "B45309"}
_PAGE_CM = (21.0, 29.7)
_MARGIN_CM = 2.0
_TEXT_CM = _PAGE_CM[0] - 2 * _MARGIN_CM
_AFTER_DIRECTION = (
    *("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents"),
    *("w:jc", "w:textDirection", "w:textAlignment", "w:outlineLvl", "w:rPr", "w:sectPr"),
)
"""What must stand behind the direction of a paragraph: the order is part of the format."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""What a file in an archive can be of at the earliest."""


def docx_of(report: Report, pictures: Sequence[bytes], date: datetime) -> bytes:
    """The document; the same bytes for the same report. `pictures` are its charts, in their order.

    Raises MissingEngineError if the library is not installed.
    """
    try:
        import docx  # noqa: PLC0415 - an extra of the installation
    except ImportError as error:
        raise MissingEngineError(
            "Reports in Word need the package python-docx, which is not installed.",
            hint="Run: pip install 'contraponto[reports]'",
        ) from error
    document = docx.Document()
    _Writer(document, report, iter(pictures)).write(date)
    made = io.BytesIO()
    document.save(made)
    return _dated(made.getvalue())


def _dated(package: bytes) -> bytes:
    """The package without the moment at which each of its files was packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, _EARLIEST)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return made.getvalue()


class _Writer:
    """Writes one report into one document."""

    def __init__(self, document: "Document", report: Report, pictures: Iterator[bytes]) -> None:
        self.document = document
        self.report = report
        self.words = WORDS[report.language]
        self.pictures = pictures
        self.brand = report.color[1:].upper()
        # A colour that is too light to be read on white is none for letters.
        self.spoken = self.brand if is_dark(report.color) else _INK

    def write(self, date: datetime) -> None:
        """All of it."""
        self._set_up(date)
        self._title()
        for each in self.report.introduction:
            self._paragraph(each)
        if self.report.warnings:
            self._paragraph(self.words.warnings, bold=True)
            for each in self.report.warnings:
                self._paragraph(each)
        if self.report.sections:
            self.document.add_heading(self.words.summary, 1)
            self._summary(self.report.sections)
        for section in self.report.sections:
            if section.blocks:
                self.document.add_heading(breakable(section.title), 1)
                for block in section.blocks:
                    self._block(block)
        self._notes(self.report.notes)

    def _set_up(self, date: datetime) -> None:
        from docx.oxml.ns import qn  # noqa: PLC0415 - with docx
        from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

        core = self.document.core_properties
        core.title, core.author, core.comments = self.report.title[:250], "Contraponto", ""
        core.created = core.modified = date.replace(tzinfo=None, microsecond=0)
        core.last_modified_by, core.language = "Contraponto", self.report.language
        page = self.document.sections[0]
        page.page_width, page.page_height = Cm(_PAGE_CM[0]), Cm(_PAGE_CM[1])
        page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(_MARGIN_CM)
        styles = self.document.styles
        for name, size, before, after in (
            ("Normal", 10, 0, 6),
            ("Title", 24, 0, 4),
            ("Heading 1", 16, 22, 8),
            ("Heading 2", 12, 14, 6),
            ("Heading 3", 10, 8, 2),
        ):
            style = styles[name]
            style.font.name, style.font.size = _FONT, Pt(size)
            style.font.bold = name != "Normal"
            style.font.italic = False
            style.font.color.rgb = RGBColor.from_string(_INK)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for attribute in list(fonts.attrib):
                if "heme" in attribute:
                    del fonts.attrib[attribute]
            for attribute in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
                fonts.set(qn(attribute), _FONT)
            style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        self._border(styles["Heading 1"].element.get_or_add_pPr(), "bottom", self.brand, 12)
        for border in styles["Title"].element.iter(qn("w:pBdr")):
            border.getparent().remove(border)
        language = styles.element.find(f"{qn('w:docDefaults')}//{qn('w:lang')}")
        if language is not None:
            language.set(qn("w:val"), self.report.language.replace("en", "en-US"))
        self._footer(page.footer.paragraphs[0])

    def _footer(self, paragraph: Any) -> None:
        from docx.shared import Cm  # noqa: PLC0415 - with docx

        self.document.styles["Footer"].paragraph_format.tab_stops.clear_all()
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(_TEXT_CM), 2)
        self._run(
            paragraph, f"{self.words.conversation}: {self.report.correlation_id[:80]}\t", size=8, color=_SOFT
        )
        before, after = self.words.page.split("{}")[:2]
        self._run(paragraph, before, size=8, color=_SOFT)
        self._field(paragraph, "PAGE")
        self._run(paragraph, after, size=8, color=_SOFT)
        self._field(paragraph, "NUMPAGES")

    def _field(self, paragraph: Any, instruction: str) -> None:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx
        from docx.oxml.ns import qn  # noqa: PLC0415

        for sort in ("begin", None, "end"):
            run = self._run(paragraph, "", size=8, color=_SOFT)
            element = OxmlElement("w:fldChar" if sort else "w:instrText")
            if sort:
                element.set(qn("w:fldCharType"), sort)
            else:
                element.text = instruction
            run._r.append(element)

    def _title(self) -> None:
        table = self._table(1, 1, [1.0])
        cell = table.cell(0, 0)
        self._shade(cell, self.brand)
        letters = "FFFFFF" if is_dark(self.report.color) else _INK
        paragraph = cell.paragraphs[0]
        if self.report.logo is not None:
            from docx.shared import Cm  # noqa: PLC0415 - with docx

            paragraph.add_run().add_picture(io.BytesIO(self.report.logo), height=Cm(1.2))
            paragraph = cell.add_paragraph()
        paragraph.style = self.document.styles["Title"]
        self._run(paragraph, breakable(self.report.title), color=letters)
        about = f"{self.words.date}: {self.report.date}     {self.words.conversation}: "
        self._run(cell.add_paragraph(), about + breakable(self.report.correlation_id), size=9, color=letters)
        self.document.add_paragraph()

    def _summary(self, sections: Sequence[Section]) -> None:
        table = self._table(len(sections) + 1, 3, [0.26, 0.17, 0.57])
        self._header(table, (self.words.collector, self.words.status, self.words.result), (False,) * 3)
        for row, section in zip(list(table.rows)[1:], sections, strict=True):
            name, status, result = row.cells
            self._run(name.paragraphs[0], breakable(section.title), size=9, bold=True)
            self._run(
                status.paragraphs[0], section.status_text, size=9, bold=True, color=_TONES[section.status]
            )
            paragraph = result.paragraphs[0]
            if section.reason:
                self._text(paragraph, section.reason, size=9)
            for place, figure in enumerate(section.figures):
                if place or section.reason:
                    paragraph = result.add_paragraph()
                self._run(paragraph, before_value(figure.label), size=9, color=_SOFT)
                self._run(paragraph, figure.text, size=9, bold=True)
            self._tighten(row)

    def _block(self, block: Block) -> None:
        if block.title:
            self.document.add_heading(breakable(block.title), 2)
        match block:
            case Chart():
                from docx.shared import Cm  # noqa: PLC0415 - with docx

                width = _TEXT_CM * (NARROW / WIDTH if block.sort == "share" else 1)
                picture = self.document.add_picture(io.BytesIO(next(self.pictures)), width=Cm(width))
                named = zip(block.labels, block.written, strict=True)
                described = "; ".join(f"{label}: {written}" for label, written in named)
                picture._inline.docPr.set("descr", described)
                return
            case Table():
                self._records(block)
            case Facts():
                self._facts(block)
            case Excerpts():
                for each in block.items:
                    self._text(self.document.add_heading("", 3), each.heading)
                    for text in each.paragraphs:
                        self._paragraph(text, indent=0.4)
        self._notes(block.notes)

    def _records(self, block: Table) -> None:
        table = self._table(
            len(block.rows) + 1, len(block.columns), [column.share for column in block.columns]
        )
        right = tuple(column.right for column in block.columns)
        self._header(table, [column.label for column in block.columns], right)
        # `rows` and `cells` are looked up again at each use: seconds for a long table.
        for place, (row, values) in enumerate(zip(list(table.rows)[1:], block.rows, strict=True), 1):
            for cell, value, at_right in zip(row.cells, values, right, strict=True):
                self._value(cell.paragraphs[0], value, at_right=at_right)
                if place % 2 == 0:
                    self._shade(cell, _GROUND)
            self._tighten(row)

    def _facts(self, block: Facts) -> None:
        from docx.shared import Cm  # noqa: PLC0415 - with docx

        if not block.facts:
            return
        table = self._table(len(block.facts), 2, [0.32, 0.68])
        for row, fact in zip(list(table.rows), block.facts, strict=True):
            name, value = row.cells
            self._run(
                name.paragraphs[0], breakable(fact.label), size=8.5, color=_SOFT, bold=not fact.value.text
            )
            name.paragraphs[0].paragraph_format.left_indent = Cm(0.4 * fact.level)
            self._value(value.paragraphs[0], fact.value)
            self._tighten(row)

    def _value(self, paragraph: Any, value: Cell, *, at_right: bool = False) -> None:
        if value.link:
            self._link(paragraph, value)
        else:
            self._text(paragraph, value.text, size=8.5)
        if at_right:
            paragraph.alignment = 2

    def _link(self, paragraph: Any, value: Cell) -> None:
        from docx.opc.constants import RELATIONSHIP_TYPE  # noqa: PLC0415 - with docx
        from docx.oxml import OxmlElement  # noqa: PLC0415
        from docx.oxml.ns import qn  # noqa: PLC0415

        relation = self.document.part.relate_to(
            value.link or "", RELATIONSHIP_TYPE.HYPERLINK, is_external=True
        )
        element = OxmlElement("w:hyperlink")
        element.set(qn("r:id"), relation)
        run = self._run(paragraph, breakable(value.text), size=8.5, color=self.spoken)
        element.append(run._r)
        paragraph._p.append(element)

    def _paragraph(self, text: str, *, bold: bool = False, indent: float = 0) -> None:
        from docx.shared import Cm  # noqa: PLC0415 - with docx

        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(indent)
        self._text(paragraph, text, bold=bold)

    def _notes(self, notes: Iterable[str]) -> None:
        for note in notes:
            self._run(self.document.add_paragraph(), breakable(note), size=8, color=_SOFT)

    def _text(
        self, paragraph: Any, text: str, *, size: float | None = None, bold: bool | None = None
    ) -> None:
        """A text of others: from right to left where it is written so."""
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx

        run = self._run(paragraph, breakable(text), size=size, bold=bold)
        if is_right_to_left(text):
            run.font.rtl = True
            paragraph._p.get_or_add_pPr().insert_element_before(OxmlElement("w:bidi"), *_AFTER_DIRECTION)

    def _run(
        self,
        paragraph: Any,
        text: str,
        *,
        size: float | None = None,
        bold: bool | None = None,
        color: str = "",
    ) -> Any:
        from docx.shared import Pt, RGBColor  # noqa: PLC0415 - with docx

        run = paragraph.add_run(text)
        if size:
            run.font.size = Pt(size)
        run.font.bold = bold
        if color:
            run.font.color.rgb = RGBColor.from_string(color)
        return run

    def _table(self, rows: int, columns: int, shares: Sequence[float]) -> Any:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx
        from docx.shared import Cm  # noqa: PLC0415

        table = self.document.add_table(rows, columns)
        table.autofit = False
        for column, share in zip(table.columns, shares, strict=True):
            column.width = Cm(_TEXT_CM * share)
        widths = [Cm(_TEXT_CM * share) for share in shares]
        for row in table.rows:
            for cell, width in zip(row.cells, widths, strict=True):
                cell.width = width
        properties = table._tbl.tblPr
        borders = OxmlElement("w:tblBorders")
        for side in ("bottom", "insideH"):
            self._edge(borders, side, _LINE, 4)
        properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
        return table

    def _header(self, table: Any, labels: Sequence[str], right: Sequence[bool]) -> None:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx

        row = table.rows[0]
        for cell, label, at_right in zip(row.cells, labels, right, strict=True):
            self._run(cell.paragraphs[0], breakable(label), size=8, bold=True)
            if at_right:
                cell.paragraphs[0].alignment = 2
            self._edge_of_cell(cell)
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self._tighten(row)

    def _edge_of_cell(self, cell: Any) -> None:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx

        borders = OxmlElement("w:tcBorders")
        self._edge(borders, "bottom", self.brand, 8)
        cell._tc.get_or_add_tcPr().append(borders)

    def _tighten(self, row: Any) -> None:
        """Little air around the lines of a row, which stays on one page."""
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx
        from docx.shared import Pt  # noqa: PLC0415

        row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)

    def _shade(self, cell: Any, color: str) -> None:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx
        from docx.oxml.ns import qn  # noqa: PLC0415

        shade = OxmlElement("w:shd")
        for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", color)):
            shade.set(qn(name), value)
        cell._tc.get_or_add_tcPr().append(shade)

    def _border(self, properties: Any, side: str, color: str, size: int) -> None:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx

        borders = OxmlElement("w:pBdr")
        self._edge(borders, side, color, size)
        properties.insert_element_before(borders, "w:shd", "w:tabs", "w:bidi", *_AFTER_DIRECTION)

    @staticmethod
    def _edge(borders: Any, side: str, color: str, size: int) -> None:
        from docx.oxml import OxmlElement  # noqa: PLC0415 - with docx
        from docx.oxml.ns import qn  # noqa: PLC0415

        edge = OxmlElement(f"w:{side}")
        for name, value in (("w:val", "single"), ("w:sz", str(size)), ("w:space", "1"), ("w:color", color)):
            edge.set(qn(name), value)
        borders.append(edge)

"""A report as one page that needs nothing beside it, and prints well."""

import base64
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.reports.content import Report, is_dark
from tasks.reports.wording import WORDS

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html_of(report: Report, drawings: Sequence[str]) -> str:
    """The page. What collectors sent is text in it, never markup."""
    # The drawings are XML of our own writer: the texts in them are escaped.
    drawn = iter([Markup(svg) for svg in drawings])  # noqa: S704
    logo = report.logo and f"data:image/png;base64,{base64.b64encode(report.logo).decode()}"
    return _PAGES.get_template("report.html").render(
        report=report,
        next_drawing=partial(next, drawn),
        words=WORDS[report.language],
        dark=is_dark(report.color),
        logo=logo,
    )

"""What was found in a contract model as a page for who edits it: one file, in Portuguese."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.documents.findings import ModelFindings
from tasks.documents.visible import with_visible_directions

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    finalize=with_visible_directions,
)


def lint_page(found: ModelFindings, name: str) -> str:
    """The page; `name` is what the document is called. What stands in the document is text in it, never markup."""
    return _PAGES.get_template("lint_report.html").render(found=found, name=name)

import re

import pytest

from blocks.settings import PROJECT_ROOT
from deployments.scripts.film_pictures import sheet
from tasks.film.templates import TEMPLATES


@pytest.mark.parametrize("page", ["docs/film-templates.md", "docs/pt-BR/film-templates.md"])
def test_the_page_names_the_templates_in_their_order(page: str) -> None:
    text = (PROJECT_ROOT / page).read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == list(TEMPLATES)


def test_the_picture_of_the_page_has_a_column_for_each() -> None:
    made = sheet()
    assert made.width > made.height / 3 * len(TEMPLATES) / 2
    assert len({made.crop((224 * n, 0, 224 * n + 216, 384)).tobytes() for n in range(len(TEMPLATES))}) == 5

"""Which engine writes, and what decides that a text is written again."""

from datetime import date

import pytest

from blocks.settings import Settings
from tasks.copywriting import steps
from tasks.copywriting.options import CopyConfig
from tasks.copywriting.steps import CopyRequest, DescriptionRequest, write_copy, write_description
from tasks.errors import MissingEngineError
from tasks.progress import ignore_progress
from tasks.promotion.product import Product
from tests.servers.chat import saying, serve_chat


def test_without_a_text_model_templates_write(coffee_maker: Product) -> None:
    written = write_copy.work(CopyRequest(product=coffee_maker, today=date(2026, 11, 29)), ignore_progress)
    assert written.engine == "templates"
    assert list(written.store_keys()) == []
    page = write_description.work(DescriptionRequest(product=coffee_maker), ignore_progress)
    assert page.engine == "templates"
    assert list(page.store_keys()) == []


def test_a_text_model_that_is_asked_for_must_be_there(coffee_maker: Product) -> None:
    with pytest.raises(MissingEngineError, match="settings name none"):
        write_copy.work(CopyRequest(product=coffee_maker, config=CopyConfig(engine="model")), ignore_progress)


def test_the_settings_model_writes_unless_templates_are_asked_for(
    coffee_maker: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_chat() as endpoint:
        endpoint.scripts = [lambda request: saying("no")] * 2
        settings = Settings(text_model="scripted", text_model_base_url=endpoint.address)
        monkeypatch.setattr(steps, "get_settings", lambda: settings)
        written = write_copy.work(CopyRequest(product=coffee_maker), ignore_progress)
        assert written.warnings
        assert len(endpoint.requests) == 2
        write_copy.work(
            CopyRequest(product=coffee_maker, config=CopyConfig(engine="templates")), ignore_progress
        )
        assert len(endpoint.requests) == 2


def test_a_day_makes_another_request_only_where_an_offer_ends(coffee_maker: Product) -> None:
    days = (date(2026, 11, 29), date(2026, 11, 30))
    lasting = Product(name="Vela")
    assert len({CopyRequest(product=lasting, today=day).cache_key() for day in days}) == 1
    assert len({CopyRequest(product=coffee_maker, today=day).cache_key() for day in days}) == 2
    assert CopyRequest(product=lasting).cache_key() != CopyRequest(product=coffee_maker).cache_key()

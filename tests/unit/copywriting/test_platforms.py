"""How long texts are for the platforms."""

from typing import get_args

from tasks.copywriting.options import Platform
from tasks.copywriting.platforms import RULES, length_on, too_long


def test_every_platform_has_rules() -> None:
    assert set(RULES) == set(get_args(Platform))


def test_emoji_and_addresses_count_as_the_platform_counts_them() -> None:
    assert length_on("instagram", "olá 🔥") == 6
    assert length_on("youtube", "olá 🔥") == 9
    assert length_on("x", "olá 🔥 https://example.org/a/very/long/address/indeed") == 4 + 2 + 1 + 23


def test_what_is_too_much() -> None:
    assert too_long("x", "a" * 280) == 0
    assert too_long("x", "a" * 283) == 3

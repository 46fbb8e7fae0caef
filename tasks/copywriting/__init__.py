"""Texts that sell a product with nothing but its facts: posts, scripts, descriptions, and the guard over them."""

"""In which language a step speaks and writes where nobody has said it."""

from flows.promotion_steps.material import Given
from tasks.copywriting.tongue import language_of_facts, likely_language
from tasks.promotion.materials import Language


def language_of(given: Given, script: str = "") -> Language:
    """That of the narration, else of the copy; else that of a script or of the product's facts as they are written."""
    if given.narration is not None:
        return given.narration.language
    if given.copy is not None:
        return given.copy.language
    if given.product is not None:
        return likely_language([script], language_of_facts(given.product))
    return likely_language([script])

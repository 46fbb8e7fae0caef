"""Data of others as every reader of JSON takes them: numbers that JSON has, and text without half characters."""

import math

from pydantic import JsonValue


def plain(data: JsonValue) -> JsonValue:
    """The data with null for numbers that JSON does not have, and halves of characters replaced.

    Python's own writer writes NaN and Infinity, and one half of a surrogate pair; hardly anybody else reads them.
    """
    match data:
        case str():
            return _whole_characters(data)
        case list():
            return [plain(each) for each in data]
        case dict():
            return {_whole_characters(str(key)): plain(value) for key, value in data.items()}
        case float() if not math.isfinite(data):
            return None
    return data


def _whole_characters(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text

"""What may be a source, and the sentence for whatever may not."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from tasks.errors import InvalidInputError
from tasks.fetching.source import PATTERN, Source, check_source

SOURCE: TypeAdapter[str] = TypeAdapter(Source)
SCHEMA = SOURCE.json_schema()


@pytest.mark.parametrize(
    "source",
    [
        "https://example.org/talk.mp3", "HTTP://EXAMPLE.ORG/a%20b", "https://user:pass@example.org:8080/?a=b#c",
        "uploads/talk.mp3", "a#b.mp3", "what?.wav", "talk 10:30.mp3", "aula: introdução.mp3", "-rf.mp3", "100%.mp3",
        "会議.mp3", "🐝.mp3", "example.org/a.mp3", "filetalk.mp3", "data/a.mp3", "ws.mp3", "wwwa.mp3",
    ],
)  # fmt: skip
def test_urls_and_keys_are_sources(source: str) -> None:
    assert check_source(source) == SOURCE.validate_python(source) == source


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("ftp://example.org/a.mp3", "only https:// and http:// are fetched"),
        ("SFTP://example.org/a.mp3", "only https:// and http:// are fetched"),
        ("s3://bucket/a.mp3", "signed https:// link"),
        ("gs://bucket/a.mp3", "signed https:// link"),
        ("file:///home/ana/a.mp3", "put it into the media store"),
        ("/home/ana/a.mp3", "folder:PATH"),
        ("~/a.mp3", "folder:PATH"),
        ("./a.mp3", "folder:PATH"),
        ("../a.mp3", "folder:PATH"),
        (r"C:\Users\ana\a.mp3", "folder:PATH"),
        ("C:/Users/ana/a.mp3", "folder:PATH"),
        (r"\\server\share\a.mp3", "folder:PATH"),
        (r"a\b.mp3", "give a URL"),
        ("folder:/inbox", "transcribe-batch"),
        ("rtmp://example.org/live", "finished recording"),
        ("rtsp://camera/1", "finished recording"),
        ("magnet:?xt=urn:btih:abc", "torrents are not fetched"),
        ("mailto:ana@example.org", "no recording"),
        ("data:audio/mp3;base64,AAAA", "within its address"),
        ("blob:https://example.org/1", "address of the page"),
        ("feed:https://example.org/rss", "transcribe-batch"),
        ("www.example.org/a.mp3", "write https://"),
        ("gopher://example.org/a.mp3", "only https:// and http:// are fetched"),
        ("http:/example.org/a.mp3", "no complete URL"),
        ("https://", "no complete URL"),
        ("https://example.org/two words.mp3", "%20"),
        ("", "give a URL"),
        ("   ", "give a URL"),
        (" a.mp3", "give a URL"),
        ("x:", "give a URL"),
    ],
)
def test_anything_else_is_told_what_to_give(source: str, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_source(source)
    assert says in refused.value.message
    assert refused.value.message.count(". ") == 0
    with pytest.raises(ValidationError):
        SOURCE.validate_python(source)


@given(st.text(max_size=30) | st.from_regex(r"\A[a-z]{1,5}:/{0,2}[a-z\\ ]{0,5}"))
@example("a\n")
def test_schema_and_check_agree(source: str) -> None:
    try:
        check_source(source)
        usable = True
    except InvalidInputError:
        usable = False
    assert Draft202012Validator(SCHEMA).is_valid(source) is usable
    assert bool(re.search(PATTERN, source)) is usable


def test_passwords_are_not_repeated() -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_source("ftp://ana:hunter2@example.org/a.mp3")
    assert "hunter2" not in str(refused.value)

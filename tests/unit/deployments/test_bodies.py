"""What the server could not store, or not give back, is refused with a sentence; everything else is taken as it is."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.server.schemas.actions import DeploymentFlowRunCreate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from deployments.guard.bodies import DEEPEST, LARGEST, LONGEST_NAME, Bodies, BodyError, check_body
from deployments.guard.submits import _FIELDS

SUBMIT = "/api/deployments/7365ebb0-c438-4c71-8669-f9fc6a5645a9/create_flow_run"


def _nested(depth: int, *, brackets: str = "[]") -> str:
    if brackets == "{}":
        return '{"a": ' * depth + "1" + "}" * depth
    return "[" * depth + "]" * depth


async def _echo(request: Request) -> Response:
    return Response(await request.body())


@pytest.fixture
def caller() -> TestClient:
    routes = [Route("/{path:path}", _echo, methods=["GET", "POST", "PATCH", "PUT"])]
    return TestClient(Bodies(Starlette(routes=routes)))


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth(brackets: str) -> None:
    check_body(_nested(DEEPEST, brackets=brackets).encode())
    for depth in (DEEPEST + 1, 254, 300, 5_000, 200_000):
        with pytest.raises(BodyError, match=f"nested more than {DEEPEST} deep"):
            check_body(_nested(depth, brackets=brackets).encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("text", ['{"a": NaN}', _nested(300), '{"a": 1e400}'])
def test_poison_in_another_encoding(encoding: str, text: str) -> None:
    """Python's reader of JSON takes them all."""
    with pytest.raises(BodyError):
        check_body(text.encode(encoding))


def test_brackets_in_text_are_no_depth() -> None:
    check_body(json.dumps({"a": "[" * 1000, "b": '\\"[{' * 100, "c": ["[", "{"] * 100}).encode())


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"parameters": {"a": NaN}}', r"parameters\.a is no number that JSON knows"),
        ('{"parameters": {"a": [1, -Infinity]}}', r"parameters\.a\[1\] is no number"),
        ('{"a": 1e400}', "a is no number that JSON knows"),
        ('{"a": 1e308}', "a is a number beyond 64 bits"),
        ('{"a": -1E+19}', "a is a number beyond 64 bits"),
        ('{"a": 999999999999999999e9}', "a is a number beyond 64 bits"),
        ('{"a": -1E+999}', "a is no number that JSON knows"),
        ('{"a": 18446744073709551616}', "a is a number beyond 64 bits"),
        ('{"a": -9223372036854775809}', "a is a number beyond 64 bits"),
        ('{"a": ' + "9" * 5000 + "}", "thousands of digits"),
        (r'{"a": "b\u0000c"}', "a holds a NUL character"),
        (r'{"b\u0000": 1}', "The name of a field in the body holds a NUL"),
        (r'{"a": "\ud800"}', r"a holds half a character \(a lone surrogate, \\ud800\)"),
        (r'{"\udc00": 1}', "half a character"),
        ('{"a": "\udcff"}', "not UTF-8"),
        ('{"name": "' + "n" * (LONGEST_NAME + 1) + '"}', "name has 501 characters; at most 500"),
        (r'{"name": "a\u001b[31m"}', "name holds a control character"),
        (r'{"tags": ["a", "b\nc"]}', r"tags\[1\] holds a control character"),
        ('{"tags": [' + '"a",' * 100 + '"a"]}', "tags holds 101 tags"),
        ('{"idempotency_key": "' + "k" * 3000 + '"}', "idempotency_key has 3000 characters"),
        ('{"labels": {"' + "k" * 3000 + '": 1}}', "A name in labels has 3000 characters"),
        ('[{"slug": "' + "k" * 3000 + '"}]', "slug has 3000 characters"),
        (
            json.dumps({"parameters": {"metadata": {"__prefect_kind": "json", "value": _nested(65)}}}),
            r"In the JSON text of parameters\.metadata: Lists and objects are nested",
        ),
        (
            json.dumps(
                {"__prefect_kind": "json", "value": '{"a": {"__prefect_kind": "json", "value": "NaN"}}'}
            ),
            "no number",
        ),
    ],
)
def test_poison_is_refused(body: str, sentence: str) -> None:
    with pytest.raises(BodyError, match=sentence):
        check_body(body.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "value",
    [
        {"__prefect_kind": "jinja", "template": "{{ '[' * 300 }}"},
        {"__prefect_kind": "json", "value": {"__prefect_kind": "workspace_variable", "variable_name": "a"}},
    ],
)
def test_templates_are_refused_at_submit_alone(value: dict[str, Any]) -> None:
    body = json.dumps({"parameters": {"metadata": value}}).encode()
    check_body(body)  # an automation
    with pytest.raises(BodyError, match="Send the value itself"):
        check_body(body, is_submit=True)


@given(st.sets(st.integers(0, len("__prefect_kind") - 1), min_size=1))
def test_a_template_is_known_however_its_letters_are_written(escaped: set[int]) -> None:
    name = "".join(
        f"\\u{ord(letter):04x}" if number in escaped else letter
        for number, letter in enumerate("__prefect_kind")
    )
    body = '{"parameters": {"metadata": {"' + name + '": "jinja", "template": "{{ 1 }}"}}}'
    with pytest.raises(BodyError, match="Send the value itself"):
        check_body(body.encode(), is_submit=True)


@pytest.mark.parametrize(
    "value",
    [
        "São Paulo 🎬 日本語 \u202e \t\n",
        [18446744073709551615, -9223372036854775808, 1e19, -9e18, 5e-324, 1e-999, -0.0, 0.1],
        {"": None, "NaN": "Infinity", "key": "9" * 5000},
        {str(number): number for number in range(10_000)},
    ],
)
def test_odd_but_sound_values_pass(value: Any) -> None:
    check_body(json.dumps({"parameters": {"metadata": value}}).encode(), is_submit=True)
    check_body(json.dumps({"parameters": {"metadata": value}}, ensure_ascii=False).encode(), is_submit=True)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from([2**64, -(2**63) - 1, 2**63, "\x00", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.integers(0, 70), st.booleans())
def test_what_passes_can_be_given_back_and_only_that(value: Any, depth: int, is_ascii: bool) -> None:
    """The judge is the writer of JSON that answers callers, to the bound of depth."""
    for _ in range(depth):
        value = [value]
    body = json.dumps({"parameters": value}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    assert (_refusal(body) is None) is _can_be_given_back(body)


def _refusal(body: bytes) -> str | None:
    try:
        check_body(body)
    except BodyError as error:
        return str(error)
    return None


def _can_be_given_back(body: bytes) -> bool:
    try:
        # A whole number with an exponent is kept as an integer by PostgreSQL.
        value = json.loads(body, parse_float=lambda text: _kept(float(text)))
        orjson.dumps(value)
    except (TypeError, UnicodeDecodeError):
        return False
    return _depth(value) <= DEEPEST and not any(
        (isinstance(found, float) and (found != found or found in (float("inf"), -float("inf"))))
        or (isinstance(found, str) and "\x00" in found)
        for found in _all(value)
    )


def _kept(number: float) -> float:
    return int(number) if number.is_integer() else number


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _all(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *(found for inner in value.values() for found in _all(inner))]
    if isinstance(value, list):
        return [found for inner in value for found in _all(inner)]
    return [value]


@given(st.binary(max_size=200))
def test_whatever_is_sent_it_passes_or_is_refused_with_a_sentence(body: bytes) -> None:
    assert (_refusal(body) or "A sentence.").endswith(".")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('"text"', "The body must be an object"),
        ("[1]", "The body must be an object"),
        ('{"parameters": []}', "parameters must be an object."),
        ('{"empirical_policy": "twice"}', "empirical_policy must be an object."),
        ('{"empirical_policy": null}', "empirical_policy must be an object, or be left out."),
        ('{"tags": "a"}', "tags must be a list."),
        ('{"tags": [1]}', r"tags\[0\] must be text."),
        ('{"labels": {"a": []}}', "labels.a must be text, a number"),
        ('{"work_queue_name": "a/b"}', "work_queue_name may not hold any of % & / < >."),
        ('{"name": 5}', "name must be text."),
        ('{"enforce_parameter_schema": "no"}', "enforce_parameter_schema must be true or false."),
        ('{"state": "SCHEDULED"}', "state must be an object."),
        ('{"state": {"type": "COMPLETED"}}', "state.type must be SCHEDULED"),
        ('{"state": {"type": ["RUNNING"]}}', "state.type must be SCHEDULED"),
        ('{"state": {"type": "SCHEDULED", "data": {"a": 1}}}', "state.data must be left out"),
        ('{"state": {"state_details": "tomorrow"}}', "state.state_details must be an object."),
    ],
)
def test_fields_of_a_submit(body: str, sentence: str) -> None:
    with pytest.raises(BodyError, match=sentence):
        check_body(body.encode(), is_submit=True)
    check_body(body.encode())


def test_each_field_of_a_submit_may_be_left_out_or_null() -> None:
    fields = DeploymentFlowRunCreate.model_fields
    check_body(json.dumps(dict.fromkeys({*fields} - {"empirical_policy"})).encode(), is_submit=True)
    assert set(fields) == set(_FIELDS), "Prefect has others"


def test_what_passes_reaches_the_application_byte_by_byte(caller: TestClient) -> None:
    body = '{ "parameters" : {"ção": "…"}}'.encode()
    answer = caller.post(SUBMIT, content=body)
    assert answer.content == body
    assert caller.post("/api/flows/", content=b"").content == b""
    assert caller.post("/api/flows/", content=b"{no json").content == b"{no json", (
        "the server says what is wrong"
    )


@pytest.mark.parametrize(
    "path", [SUBMIT, "/api/deployments/1", "/api/variables/", "/api/deployments/1/schedules"]
)
def test_refusals_name_what_is_wrong(caller: TestClient, path: str) -> None:
    answer = caller.post(path, content=b'{"parameters": {"metadata": {"a": NaN}}}')
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("parameters.metadata.a is no number")


def test_size(caller: TestClient) -> None:
    assert caller.post(SUBMIT, content=b" " * LARGEST).status_code == 200
    answer = caller.post(SUBMIT, content=b" " * (LARGEST + 1))
    assert answer.status_code == 413
    assert "larger than 1024 KiB" in answer.json()["detail"]
    assert caller.post("/api/artifacts/", content=b" " * (LARGEST + 1)).status_code == 200, "of a run"
    assert caller.post("/api/logs/", content=b" " * (LARGEST + 1)).status_code == 200
    assert caller.post("/api/flow_runs/1/set_state", content=b" " * (LARGEST + 1)).status_code == 200


def test_control_characters_in_the_address(caller: TestClient) -> None:
    assert caller.get("/api/flows/name/a%00b").status_code == 400
    assert caller.get("/api/admin/settings%0A").status_code == 400
    assert caller.post("/api/flows/filter%0d", json={}).status_code == 400
    assert caller.get("/api/flows/name/transcrição").status_code == 200
    assert caller.get("/api/flows/name/ab?x=%00").status_code == 400

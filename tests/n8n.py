"""Runs an n8n workflow as far as its nodes are of the kinds below: each item through each node, in JavaScript.

Expressions are n8n's (`={{ … }}`, JavaScript) and are evaluated as such, by Deno.
"""

import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

import deno
import httpx

_EVALUATE = """
const { template, json, items, execution } = JSON.parse(await new Response(Deno.stdin.readable).text());
const $json = json, $execution = execution, $ = (name) => ({ first: () => ({ json: items[name] }) });
const evaluate = (code) => eval(`(${code})`);
const [whole] = template.match(/^\\{\\{((?:(?!\\}\\}).|\\n)*)\\}\\}$/s)?.slice(1) ?? [];
const value = whole === undefined
  ? template.replace(/\\{\\{(.*?)\\}\\}/gs, (_, code) => String(evaluate(code)))
  : evaluate(whole);
console.log(JSON.stringify(value ?? null));
"""


class StoppedError(Exception):
    """A node of the kind Stop and Error was reached."""


@dataclass
class Waiting:
    """The workflow waits for a call."""

    node: str


@dataclass
class Execution:
    """One execution of a workflow."""

    workflow: dict[str, Any]
    id: str
    resume_url: str
    credentials: tuple[str, str] | None = None
    items: dict[str, Any] = field(default_factory=dict)
    """What each node has put out."""
    sent: list[httpx.Response] = field(default_factory=list)

    def run(self, node: str, data: Any) -> Waiting | dict[str, Any]:
        """From a node on, which is given `data`, to the next wait or to the end; the last node's output."""
        current: str | None = node
        while current is not None:
            definition = next(found for found in self.workflow["nodes"] if found["name"] == current)
            kind = definition["type"].removeprefix("n8n-nodes-base.")
            if kind == "wait" and current != node:
                return Waiting(current)
            data, output = getattr(self, f"_{kind}")(definition["parameters"], data)
            self.items[current] = data
            wired = self.workflow["connections"].get(current, {"main": []})["main"]
            current = wired[output][0]["node"] if wired else None
        result: dict[str, Any] = data
        return result

    def _manualTrigger(self, _: dict[str, Any], data: Any) -> tuple[Any, int]:  # noqa: N802 - n8n's name
        return data, 0

    _webhook = _wait = _manualTrigger

    def _set(self, parameters: dict[str, Any], data: Any) -> tuple[Any, int]:
        fields = parameters["assignments"]["assignments"]
        return {entry["name"]: self._value(entry["value"], data) for entry in fields}, 0

    def _if(self, parameters: dict[str, Any], data: Any) -> tuple[Any, int]:
        (condition,) = parameters["conditions"]["conditions"]
        assert condition["operator"] == {"type": "string", "operation": "equals"}
        return data, int(self._value(condition["leftValue"], data) != condition["rightValue"])

    def _stopAndError(self, parameters: dict[str, Any], data: Any) -> tuple[Any, int]:  # noqa: N802 - n8n's name
        raise StoppedError(self._value(parameters["errorMessage"], data))

    def _httpRequest(self, parameters: dict[str, Any], data: Any) -> tuple[Any, int]:  # noqa: N802 - n8n's name
        assert parameters["genericAuthType"] == "httpBasicAuth"
        body = self._value(parameters["jsonBody"], data) if parameters.get("sendBody") else None
        answer = httpx.request(
            parameters.get("method", "GET"),
            self._value(parameters["url"], data),
            json=json.loads(body) if body else None,
            auth=self.credentials,
            timeout=60,
            trust_env=False,
        )
        answer.raise_for_status()
        self.sent.append(answer)
        found = answer.json()
        # n8n makes an item of each element of a list.
        return found[0] if isinstance(found, list) else found, 0

    def _value(self, text: Any, data: Any) -> Any:
        if not (isinstance(text, str) and text.startswith("=")):
            return text
        scope = {
            "template": text[1:],
            "json": data,
            "items": self.items,
            "execution": {"id": self.id, "resumeUrl": self.resume_url},
        }
        result = subprocess.run(
            [deno.find_deno_bin(), "eval", "--no-config", _EVALUATE],
            input=json.dumps(scope),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

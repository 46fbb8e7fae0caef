"""A collector in Python with nothing but the package redis.

It takes messages off the stream escavador_palavras, counts the words of each text that it is sent, and answers. Start
as many as you like; to make it yours, change NAME and collect.

    python collector.py redis://127.0.0.1:6379        or   python collector.py unix:///path/to/valkey.sock
"""

import json
import os
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

NAME = "palavras"
STREAM = f"escavador_{NAME}"
GROUP = "palavras-em-python"  # all that share the work have the same
ME = f"{socket.gethostname()}-{os.getpid()}"
CLAIM_AFTER = int(os.environ.get("CLAIM_AFTER_MS", "60000"))  # silence after which others take a message over
MOST_DELIVERIES = 5  # a message that ends its collector so often is set aside
MOST_BYTES = 256 * 1024  # of an answer, unless the administrator allows more


def collect(parameters: dict[str, Any]) -> Any:
    texts = parameters.get("textos")
    if not isinstance(texts, list):
        raise ValueError("Give the parameter textos, a list of texts.")
    return [{"texto": text, "palavras": len(str(text).split())} for text in texts]


def answer(message: dict[str, Any], **payload: Any) -> str:
    text = json.dumps(
        {
            "correlation_id": message["correlation_id"],
            "tipo_evento": "resultado_coleta",
            "payload": {"escavador": NAME, **payload},
            "timestamp": datetime.now(UTC).isoformat(),
        }
    )
    if len(text) <= MOST_BYTES:
        return text
    return answer(message, status="erro", erro="The answer is too large: collect less.")


def handle(redis: Redis, entry_id: str, raw: str | None, deliveries: int) -> None:
    try:
        message = json.loads(raw or "")
        if deliveries > MOST_DELIVERIES:
            raise ValueError(f"taken {deliveries} times and never answered")
        target, parameters = message["payload"]["responder_em"], message["payload"].get("parametros", {})
    except (ValueError, KeyError, TypeError) as error:
        print(f"{entry_id} is set aside: {error!r}", file=sys.stderr)
        with redis.pipeline() as together:
            together.xadd(f"{STREAM}_mortas", {"mensagem": raw or "", "motivo": repr(error)})
            together.xack(STREAM, GROUP, entry_id)
            together.execute()
        return
    done = threading.Event()

    def renew() -> None:  # as long as the work goes on nobody else takes the message
        while not done.wait(CLAIM_AFTER / 3000):
            redis.xclaim(STREAM, GROUP, ME, 0, [entry_id], justid=True)

    renewal = threading.Thread(target=renew, daemon=True)
    renewal.start()
    try:
        text = answer(message, status="concluida", dados=collect(parameters))
    except Exception as error:  # whatever it is, the caller is told
        text = answer(message, status="erro", erro=str(error))
    finally:
        done.set()
        renewal.join()
    with redis.pipeline() as together:  # the answer and the acknowledgement in one moment, or not at all
        together.xadd(target, {"mensagem": text})
        together.xack(STREAM, GROUP, entry_id)
        together.execute()


def work(redis: Redis, stop: threading.Event) -> None:
    try:
        redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
    print(f"{ME} reads {STREAM}", flush=True)
    while not stop.is_set():
        claimed: Any = redis.xautoclaim(STREAM, GROUP, ME, CLAIM_AFTER, count=1)
        if claimed[1]:
            [(entry_id, fields)] = claimed[1]
            pending: Any = redis.xpending_range(STREAM, GROUP, entry_id, entry_id, 1)
            handle(redis, entry_id, fields.get("mensagem"), pending[0]["times_delivered"])
            continue
        news: Any = redis.xreadgroup(GROUP, ME, {STREAM: ">"}, count=1, block=1000)
        for _, entries in news or ():
            for entry_id, fields in entries:
                handle(redis, entry_id, fields.get("mensagem"), 1)


if __name__ == "__main__":
    stopping = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopping.set())
    # Where the connection breaks the program ends; whoever supervises it (systemd, Docker) starts it again.
    work(Redis.from_url(sys.argv[1], decode_responses=True, socket_timeout=30), stopping)

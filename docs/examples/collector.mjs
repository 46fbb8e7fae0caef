// A collector in JavaScript with nothing but Node: it takes messages off the stream escavador_palavras, counts the
// words of each text it is sent, and answers. Start as many as you like; to make it yours, change NAME and collect.
//   node collector.mjs redis://127.0.0.1:6379        or   node collector.mjs unix:///path/to/valkey.sock
import net from "node:net";
import os from "node:os";

const NAME = "palavras";
const STREAM = `escavador_${NAME}`;
const GROUP = "palavras-em-node"; // all that share the work have the same
const ME = `${os.hostname()}-${process.pid}`;
const CLAIM_AFTER = Number(process.env.CLAIM_AFTER_MS ?? 60_000); // silence after which others take a message over
const MOST_DELIVERIES = 5; // a message that ends its collector so often is set aside
const MOST_BYTES = 256 * 1024; // of an answer, unless the administrator allows more

async function collect({ textos }) {
  if (!Array.isArray(textos)) throw new Error("Give the parameter textos, a list of texts.");
  return textos.map((texto) => ({ texto, palavras: String(texto).split(/\s+/u).filter(Boolean).length }));
}

function answer(message, payload) {
  const text = JSON.stringify({
    correlation_id: message.correlation_id,
    tipo_evento: "resultado_coleta",
    payload: { escavador: NAME, ...payload },
    timestamp: new Date().toISOString(),
  });
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  return answer(message, { status: "erro", erro: "The answer is too large: collect less." });
}

async function handle(id, raw, deliveries) {
  let message;
  try {
    message = JSON.parse(raw);
    if (deliveries > MOST_DELIVERIES) throw new Error(`taken ${deliveries} times and never answered`);
    if (typeof message.payload.responder_em !== "string") throw new Error("responder_em is missing");
  } catch (error) {
    console.error(`${id} is set aside: ${error.message}`);
    const setAside = ["XADD", `${STREAM}_mortas`, "*", "mensagem", raw ?? "", "motivo", error.message];
    return together(setAside, ["XACK", STREAM, GROUP, id]);
  }
  // As long as the work goes on nobody else takes the message.
  const renewal = setInterval(() => redis("XCLAIM", STREAM, GROUP, ME, 0, id, "JUSTID"), CLAIM_AFTER / 3);
  let text;
  try {
    text = answer(message, { status: "concluida", dados: await collect(message.payload.parametros ?? {}) });
  } catch (error) {
    text = answer(message, { status: "erro", erro: error.message });
  } finally {
    clearInterval(renewal);
  }
  await together(["XADD", message.payload.responder_em, "*", "mensagem", text], ["XACK", STREAM, GROUP, id]);
}

// The answer and the acknowledgement happen in one moment, or not at all.
async function together(...commands) {
  const replies = await Promise.all([redis("MULTI"), ...commands.map((each) => redis(...each)), redis("EXEC")]);
  return replies.at(-1);
}

async function work() {
  await redis("XGROUP", "CREATE", STREAM, GROUP, 0, "MKSTREAM").catch((error) => {
    if (!error.message.startsWith("BUSYGROUP")) throw error;
  });
  console.log(`${ME} reads ${STREAM}`);
  while (!stopping) {
    const [, left] = await redis("XAUTOCLAIM", STREAM, GROUP, ME, CLAIM_AFTER, 0, "COUNT", 1);
    const [claimed] = left;
    if (claimed) {
      const [pending] = await redis("XPENDING", STREAM, GROUP, claimed[0], claimed[0], 1);
      await handle(claimed[0], valueOf(claimed[1], "mensagem"), pending[3]);
      continue;
    }
    const news = await redis("XREADGROUP", "GROUP", GROUP, ME, "COUNT", 1, "BLOCK", 1000, "STREAMS", STREAM, ">");
    for (const [, entries] of news ?? []) {
      for (const [id, fields] of entries) await handle(id, valueOf(fields, "mensagem"), 1);
    }
  }
}

function valueOf(fields, name) {
  const at = fields.findIndex((each, index) => index % 2 === 0 && each === name);
  return at < 0 ? undefined : fields[at + 1];
}

// What Redis and Valkey speak (RESP2), on one connection; the npm package "redis" does the same and more.
const waiting = [];
let received = Buffer.alloc(0);
const url = new URL(process.argv[2] ?? "redis://127.0.0.1:6379");
const address = url.protocol === "unix:" ? { path: url.pathname } : { host: url.hostname, port: Number(url.port || 6379) };
const socket = net.connect(address);
socket.on("data", (data) => {
  received = Buffer.concat([received, data]);
  for (let found; (found = parsed(0)); received = received.subarray(found.end)) {
    const { resolve, reject } = waiting.shift();
    found.value instanceof Error ? reject(found.value) : resolve(found.value);
  }
});
// Whoever supervises this process (systemd, Docker) starts it again: it goes on where it was.
socket.on("error", (error) => fail(error));
socket.on("close", () => fail(new Error("The server has closed the connection.")));

function redis(...words) {
  const encoded = words.map(String).map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${encoded.join("")}`);
  return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
}

function parsed(at) {
  const eol = received.indexOf("\r\n", at);
  if (eol < 0) return undefined;
  const line = received.toString("utf8", at + 1, eol);
  const next = eol + 2;
  const length = Number(line);
  switch (String.fromCharCode(received[at])) {
    case "+": return { value: line, end: next };
    case "-": return { value: new Error(line), end: next };
    case ":": return { value: length, end: next };
    case "$":
      if (length < 0) return { value: null, end: next };
      if (received.length < next + length + 2) return undefined;
      return { value: received.toString("utf8", next, next + length), end: next + length + 2 };
    default: { // "*"
      if (length < 0) return { value: null, end: next };
      const value = [];
      let end = next;
      for (let found; value.length < length; value.push(found.value), end = found.end) {
        if (!(found = parsed(end))) return undefined;
      }
      return { value, end };
    }
  }
}

function fail(error) {
  if (stopping) return;
  console.error(error.message);
  process.exit(1);
}

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (stopping = true));
await work().catch(fail);
socket.end();

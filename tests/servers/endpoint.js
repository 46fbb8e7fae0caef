// An endpoint of webhooks in a process of its own, that shares no line with the product: it checks messages as
// https://www.standardwebhooks.com says, with the cryptography of its own runtime.
//   deno run --allow-net endpoint.js SECRET      prints its port, then a line of JSON for each message it has taken

const TOLERANCE_SECONDS = 300;
const secret = Uint8Array.from(atob(Deno.args[0].replace(/^whsec_/, "")), (letter) => letter.charCodeAt(0));
const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);

async function isGenuine(headers, body) {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => headers.get(`webhook-${name}`));
  if (!id || !signatures || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const [version, encoded] of signatures.split(" ").map((one) => one.split(","))) {
    if (version !== "v1") continue;
    const signature = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    if (await crypto.subtle.verify("HMAC", key, signature, signed)) return true;
  }
  return false;
}

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) },
  async (request) => {
    const body = await request.text();
    if (!(await isGenuine(request.headers, body))) return new Response("not genuine", { status: 401 });
    console.log(JSON.stringify({ id: request.headers.get("webhook-id"), message: JSON.parse(body) }));
    return new Response(null, { status: 204 });
  },
);

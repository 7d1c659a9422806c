import assert from "node:assert/strict";
import { createHalo, type Halo } from "./halo.ts";

const FORM = {
  grant_type: "client_credentials",
  client_id: "client",
  client_secret: "client-secret",
  scope: "all",
};

async function send(
  halo: Halo,
  path: string,
  body: unknown,
  contentType = "application/json",
): Promise<number> {
  const token = await halo.fetch(
    new Request("http://halo.test/auth/token", { method: "POST", body: new URLSearchParams(FORM) }),
  );
  const { access_token } = await token.json();
  const headers = { authorization: `Bearer ${access_token}`, "content-type": contentType };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = new Request(`http://halo.test/api${path}`, { method: "POST", headers, body: text });
  return (await halo.fetch(request)).status;
}

const REFUSED: readonly (readonly [path: string, body: unknown, status: number, contentType?: string])[] = [
  ["/ArmisDetails", [{ id: 4, name: "x" }], 415, "text/plain"],
  ["/ArmisDetails", [], 400],
  ["/ArmisDetails", { id: 4, name: "x" }, 400],
  ["/ArmisDetails", [{ id: 4, default_devicesite: 2 ** 31 }], 400],
  ["/ArmisDetails", [{ id: 2 ** 31, name: "x" }], 400],
  ["/ArmisDetails", [{ id: 4, name: "x".repeat(251) }], 400],
  ["/ArmisDetails", [{ id: 4, url: `https://${"x".repeat(243)}` }], 400],
  ["/SentinelOneDetails", [{ id: 1, token_expiry: "soon" }], 400],
  ["/SentinelOneDetails", [{ id: 1, token_expiry: "2027-02-30" }], 400],
  ["/Tenable/Export", { chunk_size: 1.5 }, 400],
  ["/Tenable/Export", { chunk_size: "50" }, 400],
  ["/Tenable/Export", [{ chunk_size: 50 }], 400],
  ["/Tenable/Export", { chunk_size: 50 }, 415, "text/plain"],
];

for (const [path, body, status, contentType = "application/json"] of REFUSED) {
  Deno.test(`emulated HaloPSA answers ${status} to ${path} ${JSON.stringify(body).slice(0, 60)} as ${contentType}`, async () => {
    const halo = createHalo();
    const before = structuredClone(halo.records);
    assert.equal(await send(halo, path, body, contentType), status);
    assert.deepEqual([halo.records, halo.exports], [before, []]);
  });
}

Deno.test("emulated HaloPSA takes what its page documents", async () => {
  const halo = createHalo();
  assert.equal(await send(halo, "/ArmisDetails", [{ id: 4, name: "x".repeat(250) }], "text/json"), 201);
  assert.equal(
    await send(halo, "/SophosDetails", [{ name: "x".repeat(1_000) }], "application/json; charset=utf-8"),
    201,
  );
  assert.equal(await send(halo, "/Tenable/Export", {}), 200);
});

Deno.test("emulated HaloPSA registers one webhook for an integration", async () => {
  const halo = createHalo();
  assert.equal(await send(halo, "/KaseyaVSAX/CreateWebhook/2", ""), 200);
  assert.equal(await send(halo, "/KaseyaVSAX/CreateWebhook/2", ""), 400);
});

Deno.test("emulated HaloPSA gives a token to a form alone", async () => {
  const request = new Request("http://halo.test/auth/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(FORM),
  });
  assert.equal((await createHalo().fetch(request)).status, 400);
});

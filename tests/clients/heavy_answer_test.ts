import assert from "node:assert/strict";
import { serve } from "../sandbox/serve.ts";

const LIST = new URL("../../clients/halo.ts", import.meta.url).href;
const PRODUCTS = new URL("../../clients/halo/products.ts", import.meta.url).href;
const CLOCK = new URL("../../clients/clock.ts", import.meta.url).href;

/** Lists and reads one, and tells what came of each. */
const asking = (url: string) => `
  import { HaloClient } from "${LIST}";
  import { PRODUCTS } from "${PRODUCTS}";
  import { systemClock } from "${CLOCK}";
  const client = new HaloClient({
    apiUrl: "${url}/api", authUrl: "${url}/auth", clientId: "a", clientSecret: "b", clock: systemClock,
  });
  const call = { signal: new AbortController().signal };
  const told = (answer) => answer.then(() => "read", ({ failure }) => failure?.kind ?? "broken");
  console.log(await told(client.list(PRODUCTS[0], call)), await told(client.get(PRODUCTS[0], 1, call)));
`;

const HEAVY: readonly (readonly [what: string, piece: string, mebibytes: number])[] = [
  ["ones", "1,", 19],
  ["ones", "1,", 3],
  ["empty objects", "{},", 3],
  ["rows that cannot be read", '{"name":"a row without an id, and with a name of some length"},', 15],
];

for (const [what, piece, mebibytes] of HEAVY) {
  Deno.test(`${mebibytes} MiB of ${what} do not end a process with a small heap`, async () => {
    const chunk = new TextEncoder().encode(piece.repeat(Math.ceil(2 ** 20 / piece.length)));
    await using server = serve(({ url }) => {
      if (url.endsWith("/token")) return Response.json({ access_token: "t", expires_in: 3600 });
      let left = mebibytes;
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("[")),
          pull(controller) {
            if (left-- > 0) return controller.enqueue(chunk);
            controller.enqueue(new TextEncoder().encode("{}]"));
            controller.close();
          },
        }),
      );
    });
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--v8-flags=--max-old-space-size=96", asking(server.url)],
      cwd: new URL("../..", import.meta.url),
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stdout).trim();
    assert.equal(code, 0, new TextDecoder().decode(stderr).slice(0, 500));
    assert.equal(said, "unexpected_reply unexpected_reply");
  });
}

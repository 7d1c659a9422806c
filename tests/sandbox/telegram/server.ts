import { Hono } from "hono";
import { DOWNLOAD, type Fault, faultRefusal, type Faults } from "./faults.ts";
import { methodNamed } from "./methods.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import { Refusal } from "./refusal.ts";
import type { Updates } from "./updates.ts";
import type { Webhook } from "./webhook.ts";
import type { World } from "./world.ts";

/** A call that reached the server, for tests that ask what was and what was not asked of Telegram. */
export interface RecordedCall {
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Epoch ms. */
  readonly at: number;
  /** "ok", or the error_code answered. */
  readonly outcome: "ok" | number;
  /** What a refusal said. */
  readonly description?: string;
}

/** `/bot<token>/<method>` and `/file/bot<token>/<path>`: https://core.telegram.org/bots/api#making-requests */
export function createServer(options: {
  token: string;
  world: World;
  updates: Updates;
  webhook: Webhook;
  faults: Faults;
  calls: RecordedCall[];
}): Hono {
  const { token, world, updates, webhook, faults, calls } = options;
  const app = new Hono();

  app.all("/:bot{bot[^/]+}/:method", async ({ req }) => {
    const method = req.param("method");
    let parameters: Parameters | undefined;
    let lost = false;
    const outcome = await settle(async () => {
      if (req.param("bot") !== `bot${token}`) throw new Refusal(401, "Unauthorized");
      parameters = await readParameters(req.raw);
      const fault = faults.take(method, parameters);
      lost = fault?.drop === true;
      return await run(method, parameters, fault);
    });
    calls.push({
      method,
      parameters: parameters?.plain() ?? {},
      at: world.now(),
      outcome: outcome instanceof Refusal ? outcome.code : "ok",
      ...(outcome instanceof Refusal ? { description: outcome.description } : {}),
    });
    world.changed();
    return lost ? cutConnection() : answer(outcome);
  });

  app.get("/file/:bot{bot[^/]+}/:path{.+}", ({ req }) => {
    const path = req.param("path");
    const file = [...world.files.values()].find((stored) => stored.path === path);
    if (req.param("bot") !== `bot${token}`) return answer(new Refusal(401, "Unauthorized"));
    if (!file) return answer(new Refusal(404, "Not Found"));
    const fault = faults.take(DOWNLOAD, { has: () => false, integer: () => undefined });
    if (fault?.drop) return cutConnection();
    if (fault?.location !== undefined) return Response.redirect(fault.location);
    return new Response(new Uint8Array(file.content), {
      headers: { "content-type": "application/octet-stream" },
    });
  });

  async function run(
    name: string,
    parameters: Parameters,
    fault: Fault | undefined,
  ): Promise<unknown> {
    await fault?.hold;
    const refusal = fault && faultRefusal(fault);
    const isAccepted = fault?.after === "accepted";
    if ((refusal || fault?.drop) && !isAccepted) throw refusal ?? new Refusal(500, "Internal Server Error");
    const method = methodNamed(name, world.legacy);
    if (!method) throw new Refusal(404, "Not Found: method not found");
    const known = fault?.ignoring === undefined ? parameters : without(parameters, fault.ignoring);
    const result = await method({ world, updates, webhook, parameters: known });
    if (refusal) throw refusal;
    return result;
  }
  return app;
}

function without(parameters: Parameters, unknown: string): Parameters {
  return {
    ...parameters,
    has: (name) => name !== unknown && parameters.has(name),
    text: (name) => name === unknown ? "" : parameters.text(name),
    json: (name) => name === unknown ? undefined : parameters.json(name),
  };
}

async function settle(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function answer(outcome: unknown): Response {
  if (!(outcome instanceof Refusal)) return Response.json({ ok: true, result: outcome });
  const { code, description, parameters } = outcome;
  const body = { ok: false, error_code: code, description, ...(parameters && { parameters }) };
  return Response.json(body, { status: code });
}

/** The closest a handler comes to pulling the plug: more is announced than comes, so the connection is cut. */
function cutConnection(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.close() }), {
    headers: { "content-type": "application/json", "content-length": "64" },
  });
}

import { Log } from "../../bot/log.ts";
import { readArguments, USAGE, type Wish } from "./arguments.ts";
import { openConversation, PERSONS, SANDBOX_GROUP, type Shown } from "./conversation.ts";
import { isWatched, playScript, readScript, ScriptMistake } from "./script.ts";
import { setExample } from "./trouble.ts";
import { serve, type Served } from "./serve.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
import type { VendorCall } from "./telegram/page.ts";

const WRONG_USE = 2;

/** `deno task sandbox`: the bot over a local Telegram and emulated vendors, in the browser or in the terminal. */
if (import.meta.main) Deno.exit(await fulfil(readArguments(Deno.args, Deno.env.get("PORT"))));

/** Does what was asked for; resolves to the exit code. */
async function fulfil(wish: Wish): Promise<number> {
  switch (wish.kind) {
    case "page":
      return await showPage(wish);
    case "say":
      return await sayAll(wish);
    case "script":
      return await play(wish);
    case "help":
      return await print(USAGE, 0);
    case "wrong":
      return await complain(`${wish.sentence}\n\n${USAGE}`, WRONG_USE);
  }
}

async function showPage({ port, log }: Extract<Wish, { kind: "page" }>): Promise<number> {
  const calls: VendorCall[] = [];
  let add: (call: VendorCall) => void = (call) => void calls.push(call);
  const away = new Set<string>();
  await using stage = await openStage({
    telegram: { chats: [SANDBOX_GROUP] },
    // An alert comes and goes while one watches.
    environment: { GRACE: "5s", WATCH_EVERY: "5s" },
    onTheWay: async (vendor, _request, passOn) =>
      away.has(vendor) ? new Response(null, { status: 503 }) : await passOn(),
    onVendorCall({ vendor, operation, outcome, status, durationMs, background }) {
      if (!background) add({ vendor, operation, outcome: wordsFor(outcome, status), ms: durationMs });
    },
    ...logOf(log),
  });
  add = stage.telegram.panel.add;
  calls.forEach(add);
  const page = serveAt(port, (request) => trouble(request, stage, away) ?? stage.telegram.app.fetch(request));
  if (!page) return await complain(`Port ${port} is taken. Choose another one: --port 8788\n`, 1);
  await using _page = page;
  await print(`The sandbox is at ${page.url}/ (Ctrl+C ends it)\n`, 0);
  await stopped();
  return 0;
}

/** As much time as a press of a button lets pass. */
const PASSED_MS = 10 * 60_000;

/** What the page's buttons break and mend: a vendor as a whole, an integration or a token; or they let time pass. */
function trouble(
  { method, url, headers }: Request,
  stage: Stage,
  away: Set<string>,
): Response | undefined {
  const { pathname, searchParams } = new URL(url);
  // Only a page of our own sends this header without being asked whether it may.
  if (method !== "POST" || pathname !== "/sandbox/trouble" || !headers.has("x-sandbox")) return undefined;
  const what = searchParams.get("what") ?? "";
  const isOn = searchParams.get("on") === "1";
  if (what === "time") stage.clock.advance(PASSED_MS);
  else if (what === "integration" || what === "token") setExample(stage, what, isOn);
  else if (isOn) away.add(what);
  else away.delete(what);
  return new Response(null, { status: 204 });
}

async function sayAll({ words, as, log }: Extract<Wish, { kind: "say" }>): Promise<number> {
  const person = PERSONS.get(as.toLowerCase());
  if (person === undefined) {
    return await complain(`Nobody here is called "${as}": ana, ben and oskar are.\n`, WRONG_USE);
  }
  await using conversation = await openConversation(logOf(log));
  for (const [index, text] of words.entries()) {
    if (words.length > 1) await print(`${index > 0 ? "\n" : ""}» ${text}\n\n`, 0);
    await print(`${answered(await conversation.say(person, text))}\n`, 0);
  }
  return 0;
}

function answered(shown: readonly Shown[]): string {
  if (shown.length === 0) return "(no answer)";
  return shown.map(({ text, kind }) => kind === "edited" ? `(edited) ${text}` : text).join("\n\n");
}

async function play({ file, log }: Extract<Wish, { kind: "script" }>): Promise<number> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : String(error);
    return await complain(`${file} cannot be read: ${why}.\n`, WRONG_USE);
  }
  try {
    const steps = readScript(text);
    await using conversation = await openConversation({ ...logOf(log), watched: isWatched(steps) });
    await playScript(steps, conversation, (part) => print(part, 0));
    return 0;
  } catch (error) {
    if (error instanceof ScriptMistake) return await complain(`${file}, ${error.message}\n`, 1);
    throw error;
  }
}

function wordsFor(outcome: string, status: number | undefined): string {
  const words = outcome.replaceAll("_", " ");
  return outcome === "ok" || status === undefined ? words : `${words} (${status})`;
}

/** Undefined when someone else listens there. */
function serveAt(
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
): Served | undefined {
  try {
    return serve(handler, port);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}

function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => resolve());
  });
}

/** The log goes to standard error, so that the answer can be piped on alone. */
function logOf(wanted: boolean): Pick<StageOptions, "log"> {
  if (!wanted) return {};
  const encoder = new TextEncoder();
  const log = new Log((level, event, fields) => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
    Deno.stderr.writeSync(encoder.encode(`${line}\n`));
  });
  return { log };
}

async function print(text: string, code: number): Promise<number> {
  await write(Deno.stdout, text);
  return code;
}

async function complain(text: string, code: number): Promise<number> {
  await write(Deno.stderr, text);
  return code;
}

async function write(to: typeof Deno.stdout, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await to.write(bytes.subarray(done));
}

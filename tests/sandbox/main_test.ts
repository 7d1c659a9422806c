import assert from "node:assert/strict";
import { readArguments, type Wish } from "./arguments.ts";
import { HANG_MS } from "../eventually.ts";

const MAIN = new URL("main.ts", import.meta.url).href;

Deno.test("sandbox --say prints the answer alone and ends with 0", async () => {
  const { code, out, err } = await sandbox("--say", "/status bitdefender");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^🟡 GravityZone: 2 of 14 need action\n/);
  assert.match(out, /^vcenter-us +Error/m);
});

Deno.test("sandbox --say may be repeated, by someone else than Ana", async () => {
  const { code, out, err } = await sandbox("--as", "Ben", "--say", "/whoami", "--say", "/no such thing");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^» \/whoami\n\nℹ️ You are 102, this chat is -1001\n/);
  assert.match(out, /» \/no such thing\n\n⛔ There is no command "\/no"/);
});

Deno.test("sandbox --say as someone outside the operators shows the refusal", async () => {
  const { code, out } = await sandbox("--as", "oskar", "--say", "/disable ec2 Globex reason=test");
  assert.equal(code, 0);
  assert.match(out, /^⛔ You may read here but not ask for changes\./);
});

Deno.test("sandbox --log puts the log on standard error, beside the answer", async () => {
  const { out, err } = await sandbox("--log", "--say", "/ping");
  assert.match(out, /^🟢 pong\n/);
  const events = err.trim().split("\n").map((line) => (JSON.parse(line) as { event: string }).event);
  assert(events.includes("started"));
});

Deno.test("sandbox refuses an option it does not have, with a sentence and 2", async () => {
  const { code, out, err } = await sandbox("--sya", "/status");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^There is no option --sya\.\n/);
  assert.match(err, /deno task sandbox --say/);
});

Deno.test("sandbox serves the chat page on the port of its choice until it is interrupted", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", MAIN, "--port", "0"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { address, rest } = await firstLine(child.stdout);
  const page = await fetch(address);
  assert.match(await page.text(), /<title>Countersign sandbox<\/title>/);
  const { persons, chats } = await stateAt(address);
  assert.deepEqual(persons.map(({ first_name }) => first_name), ["Ana", "Ben", "Oskar"]);
  assert.deepEqual(chats.map(({ title }) => title), [undefined, "On-call"]);
  const words = { person: 101, chat: -1001, text: "/find Acme" };
  await (await fetch(new URL("/sandbox/say", address), { method: "POST", body: JSON.stringify(words) })).body
    ?.cancel();
  assert.deepEqual(await firstCall(address, "GravityZone"), ["GravityZone", "findCompaniesByName", "ok"]);
  child.kill("SIGINT");
  const [{ code }, errors] = await Promise.all([child.status, text(child.stderr), rest()]);
  assert.deepEqual([code, errors], [0, ""]);
});

const WISHES: readonly [line: string, port: string | undefined, wish: Partial<Wish>][] = [
  ["", undefined, { kind: "page", port: 8787 }],
  ["", "9000", { kind: "page", port: 9000 }],
  ["--port 9001", "9000", { kind: "page", port: 9001 }],
  ["--say /ping --say /help", undefined, { kind: "say", words: ["/ping", "/help"], as: "ana" }],
  ["--say /ping --as ben --log", undefined, { kind: "say", words: ["/ping"], as: "ben", log: true }],
  ["--script a.txt", undefined, { kind: "script", file: "a.txt" }],
  ["--help", undefined, { kind: "help" }],
  ["--say", undefined, { kind: "wrong", sentence: "--say needs a value behind it." }],
  ["/ping", undefined, {
    kind: "wrong",
    sentence: '"/ping" belongs to no option. To say it to the bot: --say "/ping".',
  }],
  ["--say /ping --script a.txt", undefined, {
    kind: "wrong",
    sentence: "Either --say or --script, not both.",
  }],
  ["--as ben", undefined, { kind: "wrong", sentence: "--as says who speaks, so it needs --say." }],
  ["--script a.txt --port 1", undefined, {
    kind: "wrong",
    sentence: "--port is for the page; --say and --script open none.",
  }],
  ["--port 70000", undefined, {
    kind: "wrong",
    sentence: '"70000" is not a port. Name one from 1 to 65535, or 0 for any free one.',
  }],
];

for (const [line, port, wish] of WISHES) {
  Deno.test(`readArguments takes "${line}"${port ? ` with PORT=${port}` : ""} as: ${wish.kind}`, () => {
    const read = readArguments(line.split(" ").filter(Boolean), port);
    assert.deepEqual({ ...read, ...wish }, read);
  });
}

interface State {
  readonly calls: readonly {
    readonly vendor: string;
    readonly operation: string;
    readonly outcome: string;
  }[];
  readonly persons: readonly { readonly first_name: string }[];
  readonly chats: readonly { readonly title?: string }[];
}

async function stateAt(address: string): Promise<State> {
  return await (await fetch(new URL("/sandbox/state?as=101", address))).json() as State;
}

/** What the panel shows first; the page is told of every change, and so is this. */
/** The first that somebody asked of this vendor; a token for the watch may come before it. */
async function firstCall(address: string, of: string): Promise<string[]> {
  const events = await fetch(new URL("/sandbox/events", address));
  for await (const _ of events.body ?? []) {
    const call = (await stateAt(address)).calls.find(({ vendor }) => vendor === of);
    if (call) return [call.vendor, call.operation, call.outcome];
  }
  throw new Error("The page was closed before a vendor was called.");
}

async function sandbox(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", MAIN, ...args],
    signal: AbortSignal.timeout(HANG_MS),
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** The address in the one line that is printed; `rest` reads on to the end. */
async function firstLine(
  stream: ReadableStream<Uint8Array>,
): Promise<{ address: string; rest: () => Promise<void> }> {
  const reader = stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The sandbox ended after saying: ${said}`);
    said += value;
  }
  const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
  assert(address, said);
  return {
    address,
    async rest() {
      while (!(await reader.read()).done);
    },
  };
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream as BodyInit).text();
}

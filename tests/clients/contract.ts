import assert from "node:assert/strict";
import type { Clock } from "../../clients/clock.ts";
import type { FailureKind } from "../../clients/errors.ts";
import type { CallEvent, CallOptions } from "../../clients/http/contract.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import { serve } from "../sandbox/serve.ts";
import { failureOf, patient } from "./calling.ts";

/** One vendor's client over its emulator, as far as every client is the same. */
export interface Subject {
  /** As errors call it. */
  readonly vendor: string;
  /** What tells it from the vendor's other client, if there is one. */
  readonly api?: string;
  /** What the vendor says about an id that does not exist. */
  readonly missing?: FailureKind;
  /** The vendor on the other side, with an account in it. */
  emulate(now: () => number): { fetch(request: Request): Response | Promise<Response> };
  /** The client, signed in to what answers at `url`. */
  connect(options: ConnectOptions): Connection;
  /** Whether a request asks for a token: those are let through. */
  isToken?(request: Request): boolean;
}

export interface ConnectOptions {
  readonly url: string;
  readonly clock: Clock;
  /** What is known to the vendor, or something else in its place. */
  readonly credential: string;
  readonly timeoutMs: number;
  readonly onCall: (event: CallEvent) => void;
}

export interface Connection {
  /** A read that is one call. */
  read(call: CallOptions): Promise<unknown>;
  readMissing(call: CallOptions): Promise<unknown>;
  /** A write that is one call and holds a secret. */
  write(secret: string, call: CallOptions): Promise<unknown>;
  /** Whether that write took effect, by reading the vendor back. */
  isWritten(call: CallOptions): Promise<boolean>;
}

/** What the contract's emulators take for the key, password or token. */
export const CREDENTIAL = "credential-of-the-contract-3Kq";
const SECRET = "secret-of-the-contract-9Zt";
const TIMEOUT_MS = 10_000;
/** Long enough for the emulator to answer, short enough to wait for. */
const SHORT_MS = 1_000;

/** Registers what every vendor's client has to keep. */
export function keepsContract(subject: Subject): void {
  const { vendor, api, missing = "not_found" } = subject;
  const named = `${vendor}'s ${api ? `${api} ` : ""}client`;
  const test = (sentence: string, check: (line: Line) => Promise<void>, timeoutMs = TIMEOUT_MS) =>
    Deno.test(`${named} ${sentence}`, async () => {
      await using line = openLine(subject, { timeoutMs });
      await check(line);
      assertNothingTold(line);
    });

  test("reads, writes and reads back", async ({ connection, call }) => {
    await connection.read(call);
    assert.equal(await connection.isWritten(call), false);
    await connection.write(SECRET, call);
    assert.equal(await connection.isWritten(call), true);
  });

  Deno.test(`${named} says that its credentials are refused, without them`, async () => {
    await using line = openLine(subject, { timeoutMs: TIMEOUT_MS, credential: "another-credential-7Wd" });
    for (const attempt of both(line)) {
      const failure = await failureOf(attempt());
      assert.deepEqual([failure.vendor, failure.kind], [vendor, "credentials_refused"]);
      line.failures.push(failure);
    }
    assertNothingTold(line);
  });

  test("says that it lacks the right, and asks once", async (line) => {
    line.fails({ status: 403 }, 9);
    for (const attempt of both(line)) {
      assert.deepEqual(await told(line, attempt), { kind: "rights_refused", ambiguous: false, sent: 1 });
    }
  });

  test(`calls what is not there ${missing}, and asks once`, async (line) => {
    const attempt = () => line.connection.readMissing(line.call);
    assert.deepEqual(await told(line, attempt), { kind: missing, ambiguous: false, sent: 1 });
  });

  test("waits as long as the vendor asks before it reads again, and repeats no write", async (line) => {
    line.fails({ status: 429, headers: { "retry-after": "7" } });
    await line.connection.read(line.call);
    assert.ok(line.clock.slept.some((ms) => ms >= 7_000), `slept ${line.clock.slept}`);
    line.fails({ status: 429, headers: { "retry-after": "7" } });
    const attempt = () => line.connection.write(SECRET, line.call);
    assert.deepEqual(await told(line, attempt), { kind: "rate_limited", ambiguous: false, sent: 1 });
  });

  test("lets a burst out at once, and five calls a second from then on", async ({ connection, clock, call }) => {
    const read = async (times: number) => {
      for (let sent = 0; sent < times; sent++) await connection.read({ ...call, fresh: true });
    };
    const start = clock.now();
    await read(20);
    assert.equal(clock.now() - start, 0);
    await read(130);
    assert.ok(clock.now() - start <= 130 / 5 * 1_000, `${clock.now() - start} ms`);
  });

  test("gives up who never answers, and leaves a write open", async (line) => {
    await line.connection.read(line.call);
    line.fails("hang", 9);
    const [read, write] = both(line);
    const first = await told(line, read!);
    assert.deepEqual([first.kind, first.ambiguous], ["timed_out", false]);
    assert.deepEqual(await told(line, write!), { kind: "timed_out", ambiguous: true, sent: 1 });
  }, SHORT_MS);

  test("does not take a broken body for an answer, and leaves a write open", async (line) => {
    line.fails("malformed", 9);
    const [read, write] = both(line);
    assert.deepEqual(await told(line, read!), { kind: "unexpected_reply", ambiguous: false, sent: 1 });
    assert.deepEqual(await told(line, write!), { kind: "unexpected_reply", ambiguous: true, sent: 1 });
  });

  test("does not take a web page for an answer, and leaves a write open", async (line) => {
    line.fails("page", 9);
    const [read, write] = both(line);
    assert.deepEqual(await told(line, read!), { kind: "unexpected_reply", ambiguous: false, sent: 1 });
    assert.deepEqual(await told(line, write!), { kind: "unexpected_reply", ambiguous: true, sent: 1 });
  });

  test("reads again after a connection that was cut", async (line) => {
    line.fails("cut");
    await line.connection.read(line.call);
    assert.equal(line.sent(), 2);
  });

  for (const lost of ["cut", "hang", { status: 500 }, { status: 502 }] as const) {
    test(
      `finds by reading back a write whose answer was lost (${JSON.stringify(lost)}), and sends it once`,
      async (line) => {
        await line.connection.isWritten(line.call);
        line.fails({ after: lost });
        const { ambiguous, sent } = await told(line, () => line.connection.write(SECRET, line.call));
        assert.deepEqual([ambiguous, sent], [true, 1]);
        assert.equal(await line.connection.isWritten({ ...line.call, fresh: true }), true);
      },
      SHORT_MS,
    );
  }

  test("tells nothing of what it sent, even if the vendor repeats it", async (line) => {
    line.fails("echo", 9);
    for (const attempt of both(line)) assert.equal((await told(line, attempt)).kind, "rejected");
  });

  test("leaves a vendor alone that is down, says until when, and comes back", async (line) => {
    line.fails({ status: 503 }, 5);
    for (let outage = 0; outage < 5; outage++) await failureOf(line.connection.write(SECRET, line.call));
    const failure = await failureOf(line.connection.read(line.call));
    assert.deepEqual([failure.kind, failure.retryAfterMs], ["unreachable", 30_000]);
    assert.equal(line.sent(), 5);
    line.clock.advance(30_000);
    await line.connection.read(line.call);
  });
}

/** How the next answers go wrong; `after`: once the vendor has done it. */
type Fault =
  | "hang"
  | "cut"
  | "malformed"
  | "page"
  | "echo"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly after: Fault };

/** The client, the vendor, and between them what goes wrong. */
interface Line extends AsyncDisposable {
  readonly connection: Connection;
  readonly clock: FakeClock;
  readonly call: CallOptions;
  readonly events: CallEvent[];
  /** Every failure there was. */
  readonly failures: unknown[];
  fails(fault: Fault, times?: number): void;
  /** Requests that arrived so far, those for a token left out. */
  sent(): number;
}

function openLine(
  subject: Subject,
  { timeoutMs, credential = CREDENTIAL }: { timeoutMs: number; credential?: string },
): Line {
  const clock = createFakeClock();
  const emulator = subject.emulate(clock.now);
  const faults: Fault[] = [];
  let sent = 0;
  const served = serve(async (request) => {
    if (subject.isToken?.(request)) return await emulator.fetch(request);
    sent++;
    const fault = faults.shift();
    return fault === undefined ? await emulator.fetch(request) : await broken(fault, request, emulator);
  });
  const events: CallEvent[] = [];
  const onCall = (event: CallEvent) => void events.push(event);
  return {
    connection: subject.connect({ url: served.url, clock, credential, timeoutMs, onCall }),
    clock,
    call: patient(),
    events,
    failures: [],
    fails: (fault, times = 1) => void faults.push(...Array.from({ length: times }, () => fault)),
    sent: () => sent,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

async function broken(
  fault: Fault,
  request: Request,
  emulator: ReturnType<Subject["emulate"]>,
): Promise<Response> {
  if (typeof fault === "object" && "after" in fault) {
    await (await emulator.fetch(request.clone())).body?.cancel();
    return await broken(fault.after, request, emulator);
  }
  if (typeof fault === "object") {
    return new Response(null, { status: fault.status, ...(fault.headers && { headers: fault.headers }) });
  }
  const headers = { "content-type": "application/json" };
  switch (fault) {
    case "hang":
      return await new Promise(() => {});
    case "cut":
      return new Response(new ReadableStream({ start: (body) => body.close() }), {
        headers: { ...headers, "content-length": "512" },
      });
    case "page":
      return new Response("<!doctype html><title>Sign in</title>", {
        headers: { "content-type": "text/html" },
      });
    case "malformed":
      return new Response('{"data": [{"id', { headers });
    case "echo": {
      const said = `${request.headers.get("authorization")} ${await request.text()}`;
      return Response.json({ message: said, error: { code: -32602, message: said } }, { status: 400 });
    }
  }
}

function both({ connection, call }: Line): (() => Promise<unknown>)[] {
  return [() => connection.read(call), () => connection.write(SECRET, call)];
}

/** How it failed, and how many requests that took. */
async function told(
  line: Line,
  attempt: () => Promise<unknown>,
): Promise<{ kind: FailureKind; ambiguous: boolean; sent: number }> {
  const before = line.sent();
  const failure = await failureOf(attempt());
  line.failures.push(failure);
  return { kind: failure.kind, ambiguous: failure.ambiguous, sent: line.sent() - before };
}

/** No failure and no event holds a secret, in whatever form it went over the wire. */
function assertNothingTold({ failures, events }: Line): void {
  const told = Deno.inspect({ failures, events }, { depth: 12, strAbbreviateSize: Infinity });
  for (const secret of [SECRET, CREDENTIAL, btoa(`${CREDENTIAL}:`), "another-credential-7Wd"]) {
    assert.ok(!told.includes(secret), `${secret} is told:\n${told}`);
  }
}

import { sql } from "kysely";
import { Log } from "../../bot/log.ts";
import { Redactor } from "../../bot/redact.ts";
import { type DatabaseKind, databases } from "../approvals/database.ts";
import {
  createRealClock,
  type LogLine,
  openStage,
  SANDBOX_SECRET_KEY,
  SANDBOX_WEBHOOK_SECRET,
  type Stage,
  type TestClock,
  type VendorName,
} from "../sandbox/stage.ts";
import { createInspector } from "./inspector.ts";
import { HANG_MS } from "../eventually.ts";

export const TOKEN = "123456:AAFuzz-q9Xw7Zr3Lk5Tn8Vb2Hd6Jm4Pc0Ys";

/** Not only letters, so that it is spelt in many ways. */
const GRAVITYZONE_KEY = 'gz/key+"with"&<odd>=signs?é';

/** What the bot knows and nobody may ever read. */
export const SECRETS: readonly string[] = [
  TOKEN,
  TOKEN.slice(TOKEN.indexOf(":") + 1),
  SANDBOX_WEBHOOK_SECRET,
  SANDBOX_SECRET_KEY,
  GRAVITYZONE_KEY,
  "aup_sandbox",
  "sandbox-opsramp-secret",
  "client-secret",
];

/** Something that must not happen, in the words of the table. */
export class Finding extends Error {
  constructor(readonly kind: FindingKind, sentence: string) {
    super(`${kind}: ${sentence}`);
    this.name = "Finding";
  }
}

export type FindingKind =
  | "crash"
  | "5xx"
  | "bug"
  | "lost"
  | "silent"
  | "refused payload"
  | "leak"
  | "unapproved write"
  | "broken chain"
  | "overwritten card";

/** Changes what a vendor answers. */
export type Meddle = (vendor: VendorName, request: Request, answer: Response) => Promise<Response>;

/** The staged bot with everything that watches it. */
export interface Ground extends AsyncDisposable {
  readonly stage: Stage;
  readonly lines: readonly LogLine[];
  /** Changes to a vendor that arrived, each with how it was asked. */
  writes(): readonly string[];
  /** Values entered on the secret page. */
  readonly entered: string[];
  meddle: Meddle | undefined;
  /** An update, as Telegram would post it. */
  post(body: BodyInit): Promise<Response>;
  /** Any request to the bot; a 5xx is a finding. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Resolves when the bot has nothing left to do. */
  rest(): Promise<void>;
  /** Checks what must hold whatever has come in; throws a `Finding`. */
  inspect(): Promise<void>;
}

/** On a database of its own: what another ground has left in one would look like a finding. */
export async function openGround(kind: DatabaseKind = databases[0]!): Promise<Ground> {
  const database = await kind.open();
  const lines: LogLine[] = [];
  const changes: string[] = [];
  const entered: string[] = [];
  const ground: Pick<Ground, "meddle"> = { meddle: undefined };
  const stage = await openStage({
    clock: createHastyClock(),
    telegram: { token: TOKEN },
    log: createCoveredLog(lines),
    environment: { DATABASE_URL: database.url, BITDEFENDER_API_KEY: GRAVITYZONE_KEY },
    async onTheWay(vendor, request, passOn) {
      if (isWrite(vendor, request)) changes.push(`${vendor} ${request.method} ${request.url}`);
      const answer = await passOn();
      return ground.meddle ? await ground.meddle(vendor, request, answer) : answer;
    },
  });
  const { gravityzone } = stage;
  gravityzone.world.apiKey.key = GRAVITYZONE_KEY;
  const writes = () => [
    ...changes,
    ...gravityzone.calls.map(({ method }) => method).filter((method) =>
      /^(configure|generate|disable)/.test(method)
    ),
  ];
  const request = requestTo(stage);
  const inspect = createInspector({ stage, lines, writes, entered });
  return Object.assign(ground, {
    stage,
    lines,
    writes,
    entered,
    request,
    inspect,
    post: (body: BodyInit) =>
      request("/telegram", {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "x-telegram-bot-api-secret-token": SANDBOX_WEBHOOK_SECRET,
        },
      }),
    rest: () => rest(stage),
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  });
}

function requestTo(stage: Stage): Ground["request"] {
  return async (path, init) => {
    const response = await fetch(`${stage.url}${path}`, { redirect: "manual", ...init });
    if (response.status < 500) return response;
    await response.body?.cancel();
    throw new Finding("5xx", `${init?.method ?? "GET"} ${path} was answered ${response.status}`);
  };
}

/** What the bot logs in production: every secret that the redactor knows is covered. */
function createCoveredLog(lines: LogLine[]): Log {
  const redactor = new Redactor(SECRETS);
  return new Log((level, event, fields) => void lines.push({ level, event, fields: redactor.deep(fields) }));
}

const HASTE = 20;

/** A clock on which waiting takes a twentieth of the time. */
function createHastyClock(): TestClock {
  const clock = createRealClock();
  return { ...clock, sleep: (ms, signal) => clock.sleep(ms / HASTE, signal) };
}

async function rest({ telegram, bot: { store } }: Stage): Promise<void> {
  for (const end = Date.now() + HANG_MS; Date.now() < end;) {
    // Asked first: what is taken while the store is asked would be in neither.
    const isDelivered = telegram.pending().length === 0;
    const waiting = sql<{ work: number }>`select
      (select count(*) from inbox where state = 'new') +
      (select count(*) from messages where state = 'due' and not_before <= ${store.now()}) +
      (select count(*) from changes where state in ('approved', 'executing')) as work`;
    const { rows } = await waiting.execute(store.db);
    if (isDelivered && Number(rows[0]?.work) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Finding("lost", `something was still waiting after ${HANG_MS} ms`);
}

/** GravityZone says in the body what is asked of it, so its emulator is asked instead. */
function isWrite(vendor: VendorName, { method, url }: Request): boolean {
  return vendor !== "GravityZone" && method !== "GET" && !new URL(url).pathname.endsWith("/token");
}

import { type ChildOptions, deno, startChild } from "./child.ts";
import { ours } from "./ours.ts";
import { type StoreKind, storeKinds } from "./stores.ts";
import { telegrafServer } from "./telegraf.ts";

/** A server that takes webhooks. */
export interface Contender {
  readonly name: "hono" | "grammy" | "telegraf" | "SQLite" | "Postgres";
  readonly label: string;
  /** Why it is left out. */
  readonly missing?: string | undefined;
  /** Makes ready what a start of the server finds. */
  prepare(): Promise<Entry>;
}

export interface Entry extends AsyncDisposable {
  readonly server: ChildOptions;
  /** The very first start of all, where later ones are faster. */
  readonly firstStartMs?: number;
}

/** Those that keep nothing, then ours on each kind of database. */
export async function allContenders(
  { telegramUrl, folder }: { telegramUrl: string; folder: string },
): Promise<readonly Contender[]> {
  const telegraf = await telegrafServer();
  return [
    {
      name: "hono",
      label: "(a) bare Hono JSON route",
      prepare: forgetful({ command: deno("server_hono.ts") }),
    },
    {
      name: "grammy",
      label: "(b) Hono + grammY webhookCallback, no-op",
      prepare: forgetful({ command: deno("server_grammy.ts") }),
    },
    {
      name: "telegraf",
      label: `(c) telegraf webhookCallback${
        telegraf.missing === undefined ? ` on ${telegraf.platform}` : ""
      }, no-op`,
      missing: telegraf.missing,
      prepare: forgetful(telegraf.server),
    },
    ...storeKinds.map((kind, index): Contender => ({
      name: kind.name,
      label: `(${"de"[index]}) Countersign on ${kind.name}`,
      missing: kind.missing,
      prepare: () => prepareOurs(kind, telegramUrl, folder),
    })),
  ];
}

function forgetful(server: ChildOptions): () => Promise<Entry> {
  const entry = {
    server,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return () => Promise.resolve(entry);
}

/** The first start of all creates the tables; the one that is measured finds them, as every later one does. */
async function prepareOurs(kind: StoreKind, telegramUrl: string, folder: string): Promise<Entry> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await kind.open(folder));
  const server = ours({ telegramUrl, database: store.url });
  await using first = await startChild(server);
  const kept = stack.move();
  return {
    server,
    firstStartMs: first.coldStartMs,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

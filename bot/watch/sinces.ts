import { formatAge } from "../../handlers/format.ts";
import type { ReadOperation } from "../../handlers/operation.ts";
import { type Block, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import type { Store } from "../store/database.ts";
import { lastLooks } from "../store/watch.ts";
import type { LooksTable } from "../store/watch_tables.ts";

/** Since when an item is not fine, and when it last was, epoch ms. */
interface Since {
  readonly since: number;
  readonly lastFine: number | null;
}

/** Of what was not fine at the last look, by `Target.key`. */
export type Sinces = ReadonlyMap<string, Since>;

/** What looks know of a vendor, or of all: what only the last look found counts from that look on. */
export async function sincesOf({ db }: Pick<Store, "db">, vendor?: string): Promise<Sinces> {
  const rows = await db.selectFrom("items").select(["key", "since", "candidate_since", "last_fine"])
    .where("settled", "=", 1).where("gone_at", "is", null).where("item_id", "is not", null)
    .where((is) => is.or([is("state", "<>", "fine"), is("candidate", "is not", null)]))
    .$if(vendor !== undefined, (query) => query.where("vendor", "=", vendor ?? "")).execute();
  return new Map(rows.map(({ key, since, candidate_since, last_fine }) => [
    key,
    { since: candidate_since ?? since, lastFine: last_fine },
  ]));
}

/** What a vendor said, or all of them, with what looks know beside it. */
export async function asWatched(
  { store, config }: Pick<Deps, "store" | "config">,
  { verb, vendor }: { readonly verb: string; readonly vendor?: string },
  reply: Reply,
): Promise<Reply> {
  if (config.watchEveryMs === 0 || !(verb === "status" || verb === "show")) return reply;
  return withSinces(reply, await sincesOf(store, vendor), { now: store.now() });
}

/** The failure of a status, with how long its vendor has not answered. */
export async function asAway(
  { store, config }: Pick<Deps, "store" | "config">,
  { verb, vendor }: Pick<ReadOperation, "verb" | "vendor">,
  reply: Reply,
): Promise<Reply> {
  if (config.watchEveryMs === 0 || verb !== "status" || reply.mark !== "down") return reply;
  const look = (await lastLooks(store)).get(vendor);
  const words = look && awayWords(look, store.now());
  return words === undefined ? reply : { ...reply, blocks: [textBlock(words), ...reply.blocks ?? []] };
}

/** The same reply, with since when each item is so that is said not to be fine. */
export function withSinces(
  { title, blocks = [], ...reply }: Reply,
  sinces: Sinces,
  { now, brief = false }: { readonly now: number; readonly brief?: boolean },
): Reply {
  const words = (...lines: readonly Line[]): Line | undefined => {
    const known = sinces.get(itemIn(lines) ?? "");
    return known && sinceWords(known, now, brief);
  };
  const titled = words(title);
  const facts: Block[] = titled ? [{ kind: "facts", facts: [["Watch", titled]] }] : [];
  return { ...reply, title, blocks: [...facts, ...blocks.map((block) => inBlock(block, words))] };
}

type WordsFor = (...lines: readonly Line[]) => Line | undefined;

function inBlock(block: Block, words: WordsFor): Block {
  switch (block.kind) {
    case "list":
      return { ...block, items: block.items.map((item) => ended(item, words(item))) };
    case "table":
      return {
        ...block,
        rows: block.rows.map((row) => [...row.slice(0, -1), ended(row.at(-1) ?? "", words(...row))]),
      };
    case "details":
      return { ...block, blocks: block.blocks.map((one) => inBlock(one, words)) };
    default:
      return block;
  }
}

function ended(said: Line, words: Line | undefined): Line {
  return words === undefined ? said : line(said, said === "" ? "" : " · ", words);
}

/** Whose name is said, if anyone's. */
function itemIn(lines: readonly Line[]): string | undefined {
  for (const piece of lines.flatMap((one) => line(one))) {
    if (typeof piece === "string") continue;
    const found = "data" in piece ? piece.item : "bold" in piece ? itemIn([piece.bold]) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "since 02:14 (6 min) · last fine 02:13" */
function sinceWords({ since, lastFine }: Since, now: number, brief: boolean): Line {
  const began = line("since ", { time: since, as: "clock" }, ` (${formatAge(now - since)})`);
  return brief || lastFine === null
    ? began
    : line(began, " · last fine ", { time: lastFine, as: "relative" });
}

/** "unreachable for 4 min · next look in 30 s" */
export function awayWords(
  { unreachable_since, next_at }: Pick<LooksTable, "unreachable_since" | "next_at">,
  now: number,
): string | undefined {
  if (unreachable_since === null) return undefined;
  const next = formatAge(Math.max(1_000, next_at - now));
  return `unreachable for ${formatAge(now - unreachable_since)} · next look in ${next}`;
}

import * as z from "zod";
import { withTimeout } from "../../clients/clock.ts";
import { ClientError } from "../../clients/errors.ts";
import { formatAge } from "../../handlers/format.ts";
import type { Health } from "../../handlers/operation.ts";
import {
  type Block,
  type Button,
  joinLines,
  type Line,
  line,
  type Mark,
  type Reply,
  textBlock,
} from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { nextStepLine, unreachable } from "../error_reply.ts";
import { errorFields } from "../log.ts";
import { MARKS } from "../render/layout.ts";
import { activeFreezes } from "../store/changes.ts";
import { recall, remember } from "../store/kept_values.ts";
import type { FreezesTable } from "../store/schema.ts";
import type { EpisodesTable } from "../store/watch_tables.ts";
import { lastLooks, openEpisodes } from "../store/watch.ts";
import type { Connected } from "../vendors.ts";
import { type Builtin, builtin } from "./builtin.ts";
import { companyStatus } from "./company_status.ts";
import { freezeLine } from "../approvals/view.ts";

/** All of `/status` is over after this long; who has not answered by then is shown as such. */
const DEADLINE_MS = 10_000;
/** The first answers are shown this soon. */
const FIRST_MS = 250;
/** Later ones are gathered: Telegram takes about twenty edits a minute in a group. */
const BETWEEN_MS = 1_500;
/** Younger than this counts as live. */
const LIVE_MS = 1_500;
/** So many problems of each vendor are seen without a tap. */
const WORST = 3;
/** More than this are for the vendor's own status. */
const MOST_PROBLEMS = 20;

/** What is shown of one vendor. */
interface Answer {
  readonly mark: Health["mark"] | "working";
  /** In words that also tell it without the mark. */
  readonly says: Line;
  /** When the vendor said it, epoch ms. */
  readonly at?: number;
  readonly problems?: Health["problems"];
  /** What to do where it could not be read. */
  readonly next?: string;
}

const WAITING: Answer = { mark: "working", says: "no answer yet" };
const ABSENT: Answer = { mark: "absent", says: "not set up" };

/** `/status` alone: every vendor side by side, one message that fills in as answers arrive; or one company over all. */
export const overview: Builtin = builtin({
  verb: "status",
  summary: "All vendors at a glance, or what they have of one company",
  example: "/status",
  need: "read",
  risk: "read",
  input: z.object({ company: z.string().optional().meta({ positional: true, rest: true }) }),
  async execute(deps, ctx, { company }) {
    if (company !== undefined) return await companyStatus(deps, ctx, company);
    const { vendors, store } = deps;
    const answers: Answers = new Map(vendors.all.map((one) => [one, one.client ? WAITING : ABSENT]));
    const finished = new AbortController();
    await Promise.all([
      askAll(deps, ctx, answers).finally(() => finished.abort()),
      showFilling(deps, ctx, answers, finished.signal),
    ]);
    const sinces = sincesOf(await openEpisodes(store));
    ctx.answer(overviewReply(answers, store.now(), await activeFreezes(store), sinces));
  },
});

type Answers = Map<Connected, Answer>;

async function askAll(deps: Deps, ctx: UpdateContext, answers: Answers): Promise<void> {
  const set = deps.vendors.all.filter(({ client }) => client);
  await withTimeout(DEADLINE_MS, deps.clock, (signal) =>
    Promise.all(set.map(async (connected) => {
      answers.set(connected, await ask(deps, connected, ctx, signal));
    })));
}

async function ask(
  { vendors, log, store }: Deps,
  connected: Connected,
  ctx: UpdateContext,
  signal: AbortSignal,
): Promise<Answer> {
  const key = `unreachable/${connected.vendor.name}`;
  try {
    const context = vendors.context(connected, { signal, trace: ctx.trace });
    const { summary, ...health } = await connected.vendor.health(context);
    if (await recall(store, key) !== undefined) await remember(store, store.db, { [key]: null });
    return { ...health, says: summary };
  } catch (error) {
    if (error instanceof ClientError) {
      const known = await recall(store, key);
      if (known === undefined) await remember(store, store.db, { [key]: String(store.now()) });
      const since: Line = { time: Number(known ?? store.now()), as: "clock" };
      const look = (await lastLooks(store)).get(connected.vendor.name);
      const says = look?.unreachable_since
        ? `${unreachable(error.failure)} for ${
          formatAge(store.now() - look.unreachable_since)
        } · next look in ${formatAge(Math.max(1_000, look.next_at - store.now()))}`
        : line(unreachable(error.failure), known === undefined ? "" : [" · since ", since]);
      return { mark: "down", says, next: nextStepLine(error.failure) };
    }
    log.error("health_failed", { vendor: connected.vendor.name, trace: ctx.trace, ...errorFields(error) });
    const says = "not read: something went wrong inside the bot";
    return { mark: "down", says, next: `Look for ${ctx.trace} in the log.` };
  }
}

/** Shows what has arrived so far, and again when there is more, until all has. */
async function showFilling(
  { clock, store }: Deps,
  ctx: UpdateContext,
  answers: Answers,
  finished: AbortSignal,
): Promise<void> {
  let shown = -1;
  for (let wait = FIRST_MS; !finished.aborted; wait = BETWEEN_MS) {
    await clock.sleep(wait, finished).catch(() => {});
    const arrived = [...answers.values()].filter((answer) => answer !== WAITING).length;
    if (finished.aborted || arrived === shown) continue;
    shown = arrived;
    await ctx.showMeanwhile(overviewReply(answers, store.now()));
  }
}

const ORDER: readonly Answer["mark"][] = ["down", "attention", "unknown", "working", "fine", "absent"];

/** Since when what is not fine is so, by the watch: by vendor and name. */
type Sinces = ReadonlyMap<string, number>;

function sincesOf(open: readonly EpisodesTable[]): Sinces {
  return new Map(open.map(({ vendor, name, opened_at }) => [`${vendor} ${name}`, opened_at]));
}

function overviewReply(
  answers: Answers,
  now: number,
  freezes: readonly FreezesTable[] = [],
  sinces: Sinces = new Map(),
): Reply {
  const lines = [...answers].map(([{ vendor, client }, answer]) => ({ ...answer, vendor, client }))
    .sort((one, other) => ORDER.indexOf(one.mark) - ORDER.indexOf(other.mark));
  const configured = lines.filter(({ client }) => client);
  const failures = lines.flatMap(({ vendor, next }) =>
    next === undefined ? [] : [textBlock(line({ bold: vendor.label }, ": ", next))]
  );
  return {
    ...verdict(configured.map(({ mark }) => mark)),
    blocks: [
      ...freezes.map((freeze) => textBlock(line("🟡 Frozen: ", freezeLine(freeze)))),
      {
        kind: "table",
        rows: lines.map(({ vendor, says, mark }) => [MARKS[mark].emoji, { bold: vendor.label }, says]),
      },
      ...failures,
      ...lines.flatMap(({ vendor, problems = [] }) => problemBlocks(vendor, problems, sinces)),
    ],
    footer: line(
      "as of ",
      { time: now, as: "clock" },
      ...lines.map(({ vendor, at = now }) =>
        now - at < LIVE_MS ? "" : ` · ${vendor.label} ${Math.round((now - at) / 1000)} s old`
      ),
    ),
    buttons: [[{ label: "Refresh", action: { command: "/status" } }], ...vendorButtons(configured)],
  };
}

/** The worst stand in the open: nobody unfolds at night. */
function problemBlocks(
  { name, label }: { readonly name: string; readonly label: string },
  problems: Health["problems"],
  sinces: Sinces,
): Block[] {
  if (problems.length === 0) return [];
  const rows = problems.slice(0, MOST_PROBLEMS).map((row) => inTwoCells(withSince(row, name, sinces)));
  const more = rows.slice(WORST);
  return [
    textBlock({ bold: label }),
    { kind: "table", rows: rows.slice(0, WORST) },
    {
      kind: "details",
      summary: `${more.length} more`,
      blocks: more.length > 0 ? [{ kind: "table", rows: more }] : [],
    },
  ];
}

function withSince(row: readonly Line[], vendor: string, sinces: Sinces): readonly Line[] {
  const [piece] = line(row[0] ?? "");
  const name = typeof piece === "object" && "data" in piece ? piece.data : undefined;
  const since = name === undefined ? undefined : sinces.get(`${vendor} ${name}`);
  return since === undefined ? row : [...row, line("since ", { time: since, as: "clock" })];
}

/** A phone has room for a name and for what is the matter with it. */
function inTwoCells([name = "", ...rest]: readonly Line[]): readonly Line[] {
  const said = rest.filter((cell) => cell !== "");
  return [
    shortened(name, LONGEST_NAME),
    joinLines(said.map((cell) => shortened(cell, LONGEST_CAUSE)), " · "),
  ];
}

/** One screen for all vendors; the whole text is in the vendor's own status. */
const LONGEST_NAME = 24;
const LONGEST_CAUSE = 48;

function shortened(cell: Line, max: number): Line {
  return line(cell).map((piece) => typeof piece === "object" && "data" in piece ? { ...piece, max } : piece);
}

function verdict(marks: readonly Mark[]): { mark: Mark; title: Line } {
  const total = marks.length;
  if (total === 0) return { mark: "absent", title: "No vendor is set up" };
  const waiting = marks.filter((mark) => mark === "working").length;
  const bad = marks.filter((mark) => mark === "down" || mark === "attention").length;
  if (bad > 0) {
    const mark = marks.includes("down") ? "down" : "attention";
    return { mark, title: `${bad} of ${total} vendor${total === 1 ? " needs" : "s need"} attention` };
  }
  if (waiting > 0) return { mark: "working", title: `Asking ${waiting} of ${total} vendors …` };
  const fine = marks.filter((mark) => mark === "fine").length;
  if (fine < total) {
    const mark = marks.includes("unknown") ? "unknown" : "absent";
    return { mark, title: `${fine} of ${total} vendor${total === 1 ? " is" : "s are"} known to be fine` };
  }
  return { mark: "fine", title: total === 1 ? "The one vendor is fine" : `All ${total} vendors are fine` };
}

function vendorButtons(lines: readonly { vendor: { label: string; name: string } }[]): Button[][] {
  const buttons = lines.map(({ vendor }) => ({
    label: vendor.label,
    action: { command: `/status ${vendor.name}` },
  }));
  return buttons.length === 0 ? [] : [buttons.slice(0, 2), buttons.slice(2)].filter((row) => row.length > 0);
}

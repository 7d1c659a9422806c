import * as z from "zod";
import { withTimeout } from "../../clients/clock.ts";
import { ClientError } from "../../clients/errors.ts";
import { countOf } from "../../handlers/format.ts";
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
import { itemsOf, lastLooks } from "../store/watch.ts";
import { awayWords, sincesOf, withSinces } from "../watch/sinces.ts";
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
  readonly next?: Line;
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
    const reply = overviewReply(answers, store.now(), await activeFreezes(store), await quietOnes(deps));
    const isWatched = deps.config.watchEveryMs > 0;
    ctx.answer(
      isWatched ? withSinces(reply, await sincesOf(store), { now: store.now(), brief: true }) : reply,
    );
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
  { vendors, log, store, config }: Deps,
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
      const away = look && config.watchEveryMs > 0 ? awayWords(look, store.now()) : undefined;
      const why = unreachable(error.failure);
      const next = nextStepLine(error.failure);
      if (away !== undefined) return { mark: "down", says: away, next: line(why, ". ", next) };
      return { mark: "down", says: line(why, known === undefined ? "" : [" · since ", since]), next };
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

/** What is switched off, and what nobody knows of, is no problem, and not fine either. */
async function quietOnes({ store, vendors, config }: Deps): Promise<readonly Line[]> {
  if (config.watchEveryMs === 0) return [];
  const looks = await lastLooks(store);
  const rows = await itemsOf(store, { states: ["off", "unknown"] });
  return rows.filter(({ item_id, vendor }) =>
    item_id !== null && looks.get(vendor)?.unreachable_since === null
  )
    .map(({ key, name, state, vendor }) =>
      line(
        { data: name, max: LONGEST_NAME, item: key },
        ` · ${vendors.byName(vendor)?.vendor.label ?? vendor} · `,
        state === "off" ? "off" : "not known",
      )
    );
}

function overviewReply(
  answers: Answers,
  now: number,
  freezes: readonly FreezesTable[] = [],
  quiet: readonly Line[] = [],
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
      ...lines.flatMap(({ vendor, problems = [] }) => problemBlocks(vendor, problems)),
      ...quietBlocks(quiet),
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
  { label }: { readonly label: string },
  problems: Health["problems"],
): Block[] {
  if (problems.length === 0) return [];
  const rows = problems.slice(0, MOST_PROBLEMS).map(inTwoCells);
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

/** Folded: nobody need do anything about them. */
function quietBlocks(lines: readonly Line[]): Block[] {
  if (lines.length === 0) return [];
  const more = lines.length - MOST_PROBLEMS;
  return [{
    kind: "details",
    summary: `${countOf(lines.length, "other")} off or not known`,
    blocks: [
      { kind: "list", items: lines.slice(0, MOST_PROBLEMS) },
      textBlock(more > 0 ? `and ${more} more` : ""),
    ],
  }];
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

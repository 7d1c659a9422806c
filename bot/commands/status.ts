import { z } from "zod";
import { withTimeout } from "../../clients/clock.ts";
import { ClientError } from "../../clients/errors.ts";
import type { Health } from "../../handlers/operation.ts";
import { type Block, type Button, type Line, line, type Mark, type Reply } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { nextStepLine, unreachable } from "../error_reply.ts";
import { errorFields } from "../log.ts";
import { MARKS } from "../render/layout.ts";
import type { Connected } from "../vendors.ts";
import { type Builtin, builtin } from "./builtin.ts";

/** All of `/status` is over after this long; who has not answered by then is shown as such. */
const DEADLINE_MS = 10_000;
/** The first answers are shown this soon. */
const FIRST_MS = 250;
/** Later ones are gathered: Telegram takes about twenty edits a minute in a group. */
const BETWEEN_MS = 1_500;
/** Younger than this counts as live. */
const LIVE_MS = 1_500;
/** More than this are for the vendor's own status. */
const MOST_PROBLEMS = 20;

type Answer =
  | { readonly state: "waiting" | "absent" }
  | { readonly state: "answered"; readonly health: Health }
  | { readonly state: "failed"; readonly trouble: string; readonly next: string };

/** `/status` alone: every vendor side by side, one message that fills in as answers arrive. */
export const overview: Builtin = builtin({
  verb: "status",
  summary: "All vendors at a glance",
  example: "/status",
  need: "read",
  risk: "read",
  input: z.object({}),
  async execute(deps, ctx) {
    const { vendors, store } = deps;
    const answers = new Map<Connected, Answer>(
      vendors.all.map((connected) => [connected, { state: connected.client ? "waiting" : "absent" }]),
    );
    const finished = new AbortController();
    await Promise.all([
      askAll(deps, ctx, answers).finally(() => finished.abort()),
      showFilling(deps, ctx, answers, finished.signal),
    ]);
    ctx.answer(overviewReply(answers, store.now()));
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
  { vendors, log }: Deps,
  connected: Connected,
  ctx: UpdateContext,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const context = vendors.context(connected, { signal, trace: ctx.trace });
    return { state: "answered", health: await connected.vendor.health(context) };
  } catch (error) {
    if (error instanceof ClientError) {
      return { state: "failed", trouble: unreachable(error.failure), next: nextStepLine(error.failure) };
    }
    log.error("health_failed", { vendor: connected.vendor.name, trace: ctx.trace, ...errorFields(error) });
    return {
      state: "failed",
      trouble: "not read: something went wrong inside the bot",
      next: `Look for ${ctx.trace} in the log.`,
    };
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
    const arrived = [...answers.values()].filter(({ state }) => state !== "waiting").length;
    if (finished.aborted || arrived === shown) continue;
    shown = arrived;
    await ctx.showMeanwhile(overviewReply(answers, store.now()));
  }
}

const ORDER: Readonly<Record<Mark, number>> = {
  down: 0,
  danger: 0,
  attention: 1,
  question: 1,
  unknown: 1,
  working: 2,
  fine: 3,
  applied: 3,
  info: 3,
  refused: 3,
  absent: 4,
};

function overviewReply(answers: Answers, now: number): Reply {
  const lines = [...answers].map(([{ vendor }, answer]) => ({ vendor, answer, mark: markOf(answer) }))
    .sort((one, other) => ORDER[one.mark] - ORDER[other.mark]);
  const configured = lines.filter(({ answer }) => answer.state !== "absent");
  const problems = lines.flatMap(({ vendor, answer }): Block[] =>
    answer.state === "answered" && answer.health.problems.length > 0
      ? [{
        kind: "details",
        summary: line(vendor.label, ` (${answer.health.problems.length})`),
        blocks: [{ kind: "table", rows: answer.health.problems.slice(0, MOST_PROBLEMS).map(inTwoCells) }],
      }]
      : []
  );
  const failures = lines.flatMap(({ vendor, answer }): Block[] =>
    answer.state === "failed" ? [{ kind: "text", text: line({ bold: vendor.label }, ": ", answer.next) }] : []
  );
  return {
    ...verdict(configured.map(({ mark }) => mark)),
    blocks: [
      {
        kind: "table",
        rows: lines.map(({ vendor, answer, mark }) => [
          MARKS[mark].emoji,
          { bold: vendor.label },
          stateOf(answer),
        ]),
      },
      ...failures,
      ...problems,
    ],
    footer: line("as of ", { time: now, as: "clock" }, ...agesOf(lines, now)),
    buttons: [[{ label: "Refresh", action: { command: "/status" } }], ...vendorButtons(configured)],
  };
}

function markOf(answer: Answer): "fine" | "attention" | "down" | "working" | "absent" {
  if (answer.state === "answered") return answer.health.mark;
  if (answer.state === "failed") return "down";
  return answer.state === "waiting" ? "working" : "absent";
}

/** In words that also tell it without the mark. */
function stateOf(answer: Answer): Line {
  switch (answer.state) {
    case "answered":
      return answer.health.summary;
    case "failed":
      return answer.trouble;
    case "waiting":
      return "no answer yet";
    case "absent":
      return "not set up";
  }
}

/** A phone has room for a name and for what is the matter with it. */
function inTwoCells([name = "", ...rest]: readonly Line[]): readonly Line[] {
  const said = rest.filter((cell) => cell !== "");
  return [name, line(...said.flatMap((cell, index) => (index > 0 ? [" · ", cell] : [cell])))];
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
  return { mark: "fine", title: total === 1 ? "The one vendor is fine" : `All ${total} vendors are fine` };
}

function agesOf(lines: readonly { vendor: { label: string }; answer: Answer }[], now: number): Line[] {
  return lines.flatMap(({ vendor, answer }) => {
    if (answer.state !== "answered" || now - answer.health.at < LIVE_MS) return [];
    return [` · ${vendor.label} ${Math.round((now - answer.health.at) / 1000)} s old`];
  });
}

function vendorButtons(lines: readonly { vendor: { label: string; name: string } }[]): Button[][] {
  const buttons = lines.map(({ vendor }) => ({
    label: vendor.label,
    action: { command: `/status ${vendor.name}` },
  }));
  return buttons.length === 0 ? [] : [buttons.slice(0, 2), buttons.slice(2)].filter((row) => row.length > 0);
}

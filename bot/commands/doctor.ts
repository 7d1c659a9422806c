import * as z from "zod";
import { ClientError, formatDuration } from "../../clients/errors.ts";
import { countOf, formatAge } from "../../handlers/format.ts";
import type { Proof } from "../../handlers/operation.ts";
import { type Block, type Line, line, type Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { nextStepLine, unreachable } from "../error_reply.ts";
import { errorFields } from "../log.ts";
import { ELSEWHERE, isWebhookOf } from "../telegram/setup.ts";
import { HANDLED_UPDATES } from "../telegram/update.ts";
import { policyInForce } from "../store/kept_values.ts";
import { lastLooks } from "../store/watch.ts";
import { MOST_MISSED_LOOKS } from "../watch/ledger.ts";
import { oldestWaiting } from "../queue/inbox.ts";
import type { Vendors } from "../vendors.ts";
import { type Builtin, builtin, type CommandParts } from "./builtin.ts";

const PROBE_MS = 15_000;
const LATE_MS = 60_000;
/** A clock that is further off than this lets changes expire early or late. */
const MOST_AHEAD_MS = 60_000;

interface Finding extends Proof {
  readonly what: string;
}

/** `/doctor`: what works, what does not, and what the bot may do that it should not. */
export const doctor: Builtin = builtin({
  verb: "doctor",
  summary: "Check the webhook, the bot's rights, the store and each vendor's credentials",
  example: "/doctor",
  need: "read",
  risk: "read",
  input: z.object({}),
  async execute(deps, ctx) {
    const working: Reply = { mark: "working", title: "Checking …" };
    ctx.answer(reportOf(await ctx.withProgress(working, deps.clock, () => examine(deps, ctx.trace))));
  },
});

async function examine(deps: CommandParts, trace: string): Promise<Finding[]> {
  const groups = deps.config.adminChats.filter((id) => id < 0);
  const findings = await Promise.all([
    checked("Delivery", () => delivery(deps)),
    ...groups.map((id) => checked(`Group ${id}`, () => rightsIn(deps, id))),
    checked("Approvals", () => approvals(deps.config, deps.members)),
    ...(deps.members.rules ? [checked("Policy", () => policy(deps))] : []),
    checked("Store", () => store(deps)),
    checked("Secrets", () => secretEntry(deps)),
    checked("Messages", () => messages(deps)),
    checked("Watch", () => watch(deps)),
    ...deps.vendors.all.map((connected) => checked(connected.vendor.label, () => vendor(connected, trace))),
  ]);
  // All of these have just answered.
  findings.push({ what: "Clock", ...clockOf(deps) });
  const doubts = deps.config.doubts.map((says) => ({ what: "Settings", ...bad(says) }));
  return [...doubts, ...findings].sort((one, other) => Number(one.ok) - Number(other.ok));
}

function fine(says: Line): Proof {
  return { ok: true, says };
}

function bad(says: Line): Proof {
  return { ok: false, says };
}

async function checked(what: string, check: () => Proof | Promise<Proof>): Promise<Finding> {
  try {
    return { what, ...await check() };
  } catch (error) {
    const { message } = errorFields(error);
    return { what, ...bad(["could not be checked: ", { data: String(message), max: 120 }]) };
  }
}

async function delivery({ config, bot, store, intake }: Deps): Promise<Proof> {
  if (intake.problem !== undefined) return bad(intake.problem);
  const info = await bot.api.getWebhookInfo();
  if (config.publicUrl === undefined) {
    return info.url ? bad("long polling, but a webhook is still set") : fine("long polling");
  }
  if (!isWebhookOf(config, info.url)) return bad(ELSEWHERE);
  const failed = info.last_error_date !== undefined &&
    store.now() - info.last_error_date * 1000 < 15 * LATE_MS;
  const surplus = (info.allowed_updates ?? []).filter((kind) =>
    !(HANDLED_UPDATES as readonly string[]).includes(kind)
  );
  if (failed) {
    const when: Line = { time: info.last_error_date! * 1000, as: "relative" };
    const what: Line = { data: info.last_error_message ?? "unknown", max: 120 };
    return bad(line("webhook, last error ", when, ": ", what));
  }
  if (surplus.length > 0) return bad(`webhook gets too much: ${surplus.join(", ")}`);
  return fine(`webhook, ${info.pending_update_count} waiting at Telegram`);
}

/** The only right it needs is to delete a message that holds a secret; every other is one too many. */
async function rightsIn({ bot }: Deps, chatId: number): Promise<Proof> {
  const me = await bot.api.getChatMember(chatId, bot.botInfo.id);
  if (me.status === "left" || me.status === "kicked") return bad("I am not in it: add me");
  if (me.status !== "administrator") {
    return bad("I may not delete messages: make me admin with that one right, so that pasted secrets can go");
  }
  const group = await bot.api.getChat(chatId);
  if (group.type === "channel") {
    return bad("It is a channel: nobody can ask or approve there. Take it out of ADMIN_CHATS");
  }
  if (group.username !== undefined) {
    return bad("It is public: anyone may read along and press buttons. Make it private");
  }
  const surplus = Object.entries(me)
    .filter(([right, given]) => given === true && /^can_/.test(right) && !EXPECTED_RIGHTS.has(right))
    .map(([right]) => right.replace(/^can_/, "").replaceAll("_", " "));
  if (!me.can_delete_messages) return bad("I may not delete messages: grant that one right");
  if (surplus.length > 0) return bad(`I have more rights than I need. Take away: ${surplus.join(", ")}`);
  return fine("rights as they should be");
}

/** Every admin has these two whether granted or not. */
const EXPECTED_RIGHTS = new Set(["can_delete_messages", "can_manage_chat", "can_be_edited"]);

/** Nobody approves what they ask for themselves, so one approver is too few where that one may ask as well. */
function approvals(
  { operators, approvers }: Pick<Config, "operators" | "approvers">,
  { rules }: Members,
): Proof {
  if (rules) return fine(`by the policy: ${rules.allows.length} allow, ${rules.needs.length} need`);
  if (!approvers) return fine("by any other member of the admin chats");
  if (approvers.size > 1) return fine(`by any other of the ${approvers.size} in APPROVERS`);
  const mayAsk = [...approvers].every((id) => operators?.has(id) ?? true);
  if (!mayAsk) return fine("by the one in APPROVERS");
  return bad(
    "APPROVERS lists one person only, who may also ask: nobody can approve what that person asks for",
  );
}

/** Processes that go by another policy than the one that has run longest run no changes. */
async function policy({ replicas, members, store }: CommandParts): Promise<Proof> {
  const here: Line = { code: members.rules?.hash ?? "" };
  const elsewhere = await policyInForce(store);
  if (elsewhere === undefined || elsewhere === replicas.policy) return fine(line("hash ", here));
  const other: Line = elsewhere === "" ? "no policy" : ["the policy ", { code: elsewhere }];
  return bad(
    line(
      "hash ",
      here,
      ", but a process that has run longer goes by ",
      other,
      ": no changes run here. Stop it",
    ),
  );
}

async function store(deps: Deps): Promise<Proof> {
  await deps.store.check();
  const oldest = await oldestWaiting(deps.store);
  const late = oldest !== undefined && deps.store.now() - oldest > LATE_MS;
  return late ? bad("answers, but updates wait for over a minute") : fine(`answers (${deps.store.kind})`);
}

/** Deadlines, freezes and what was typed too long ago are judged by the store's clock. */
function clockOf({ metrics: { clocksAhead: clocks }, store }: Pick<Deps, "metrics" | "store">): Proof {
  const wrong = [...clocks].filter(([, ahead]) => Math.abs(ahead) > MOST_AHEAD_MS);
  const known = [...clocks.keys()].join(", ");
  if (wrong.length === 0) return fine(known ? `within a minute of ${known}` : "not compared yet");
  const told = wrong.map(([whose, ahead]) =>
    `${formatDuration(rounded(Math.abs(ahead)))} ${ahead > 0 ? "behind" : "ahead of"} ${whose}`
  );
  const whose = store.kind === "postgres" ? "the database's machine" : "this machine";
  return bad(`${told.join(", ")}. Set the clock of ${whose}: deadlines go by it`);
}

/** What others say of the time is whole seconds: three minutes and one are not four. */
function rounded(ms: number): number {
  return ms < 120_000 ? ms : Math.round(ms / 60_000) * 60_000;
}

function secretEntry({ config }: Deps): Proof {
  if (!config.secretKey) return bad("SECRET_KEY is not set: secrets cannot be entered");
  if (!config.publicUrl) {
    return bad("PUBLIC_URL is not set: the secret page is reachable on this machine only");
  }
  return fine("can be entered");
}

/** How often each vendor is looked at, and whether it is. */
async function watch({ store, config, vendors }: Deps): Promise<Proof> {
  if (config.watchEveryMs === 0) return fine("off: WATCH_EVERY is 0");
  const known = await lastLooks(store);
  const looks = vendors.all.filter(({ client }) => client !== undefined).flatMap(
    ({ vendor: { name, label } }) => {
      const look = known.get(name);
      return look ? [{ ...look, label }] : [];
    },
  );
  const late = looks.filter(({ ended_at, every_ms }) =>
    store.now() - (ended_at ?? 0) > MOST_MISSED_LOOKS * every_ms
  );
  if (late.length > 0) {
    return bad(`nobody looks at ${late.map(({ label }) => label).join(", ")}: see the log`);
  }
  const said = looks.map(({ label, every_ms, calls }) =>
    `${label} every ${formatAge(every_ms)} (${countOf(calls, "call")})`
  );
  return fine(said.join(" · ") || "the first looks are under way");
}

function messages({ capabilities: { rich, ephemeral } }: Deps): Proof {
  const told = (known: boolean | undefined, no: string) =>
    known === undefined ? "not tried yet" : known ? "yes" : no;
  return fine(`rich: ${told(rich, "no, plain ones")} · private answers in groups: ${told(ephemeral, "no")}`);
}

async function vendor({ vendor, client }: Vendors["all"][number], trace: string): Promise<Proof> {
  if (!client) return fine(`not set up (${vendor.environment.join(", ")})`);
  try {
    return await vendor.probe(client, { signal: AbortSignal.timeout(PROBE_MS), fresh: true, trace });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return bad(`${unreachable(error.failure)}. ${nextStepLine(error.failure)}`);
  }
}

function reportOf(findings: readonly Finding[]): Reply {
  const [good, rest] = [findings.filter(({ ok }) => ok), findings.filter(({ ok }) => !ok)];
  const need = rest.length > 0;
  return {
    mark: need ? "attention" : "fine",
    title: need
      ? `${rest.length} of ${findings.length} checks need attention`
      : `All ${findings.length} checks are fine`,
    blocks: [
      tableOf(rest, "🟡"),
      { kind: "details", summary: `${good.length} fine`, blocks: [tableOf(good, "🟢")] },
    ],
    buttons: [[{ label: "Check again", action: { command: "/doctor" } }]],
  };
}

function tableOf(findings: readonly Finding[], mark: string): Block {
  return { kind: "table", rows: findings.map(({ what, says }) => [mark, { bold: what }, says]) };
}

import type { Clock } from "../../clients/clock.ts";
import type { ChangeOperation, Plan } from "../../handlers/operation.ts";
import { type Line, line, type Reply } from "../../handlers/reply.ts";
import type { Config } from "../config.ts";
import { withPatience } from "../patience.ts";
import type { People } from "../people/people.ts";
import type { ReasonCode } from "../people/reasons.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { type Outgoing, PRIORITY } from "../store/messages.ts";
import { askedIn } from "../command/literal_secret.ts";
import type { Vocabulary } from "../command/route.ts";
import type { Store } from "../store/store.ts";
import type { Refusal, Turn } from "../turn.ts";
import type { Vendors } from "../vendors.ts";
import { askedAlready, openRepeatOf, openUndoOf, takenBackBy } from "./asked_already.ts";
import { cardOf } from "./card.ts";
import { placeCard } from "./card_place.ts";
import { sameJson } from "./fingerprint.ts";
import { freezeFor } from "./freeze.ts";
import type { Invocation } from "./invocation.ts";
import { auditOf, type Change, findChange } from "./machine.ts";
import { freeCode, newChange } from "./new_change.ts";
import { setbackReply } from "./setback.ts";

/** Planning reads the vendor; after this long the request is given up. */
const PLAN_MS = 30_000;

export interface RequestsOptions {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly vendors: Vendors;
  readonly people: People;
  readonly secrets: Secrets;
  readonly vocabulary: Vocabulary;
}

/** From what someone typed to a change that waits for its second person. */
export interface Requests {
  ask(turn: Turn, operation: ChangeOperation, invocation: Invocation): Promise<void>;
  /** The way back from a change, asked for like any other. */
  undo(turn: Turn, change: Change): Promise<void>;
  /** The same request once more, against the state of today. */
  again(turn: Turn, change: Change): Promise<void>;
}

export function createRequests(options: RequestsOptions): Requests {
  const { config, store, clock, vendors, people, secrets, vocabulary } = options;

  async function ask(turn: Turn, operation: ChangeOperation, invocation: Invocation): Promise<void> {
    const { handle } = invocation;
    if (await tryToAsk(turn, operation, invocation) || handle === undefined) return;
    // Nothing came of it, so the secrets that were entered for it are of no use any more.
    turn.also((transaction) => secrets.wipe(transaction, handle));
  }

  /** True once a change waits for its second person. */
  async function tryToAsk(
    turn: Turn,
    operation: ChangeOperation,
    invocation: Invocation,
  ): Promise<boolean> {
    const named = nameOf(operation);
    const refuse = (reason: ReasonCode, more: Refusal = {}) => {
      turn.refuse(reason, { operation: named, ...more });
      return false;
    };
    const chatId = groupFor(turn, config);
    if (chatId === undefined) return refuse("no_group");
    const connected = vendors.byName(operation.vendor);
    if (!connected?.client) {
      const { label, environment } = connected!.vendor;
      return refuse("vendor_not_set_up", {
        next: [`${label} needs `, { code: environment.join(", ") }, ". /doctor shows what is set."],
      });
    }
    if (invocation.asked.length > 0 && !config.secretKey) return refuse("no_secret_key");
    if (await isTakenBack(turn, invocation)) return false;
    const plan = await planOrAnswer(turn, operation, invocation);
    if (!plan || !await wayBackIsOpen(turn, plan, invocation)) return false;
    if (invocation.asked.length > 0 && !await secrets.complete(invocation)) {
      await secrets.askFor(turn, invocation, operation.render(plan).title);
      return false;
    }
    await record(turn, operation, invocation, plan, chatId);
    return true;
  }

  async function isTakenBack(turn: Turn, { undoOf }: Invocation): Promise<boolean> {
    const change = undoOf === undefined ? undefined : await findChange(store, undoOf);
    const back = change && await takenBackBy(store, change);
    if (!change || back === undefined) return false;
    turn.refuse("no_way_back", {
      about: auditOf(change),
      next: line({ code: back }, " took it back already. ", { code: `/undo ${back}` }, " brings it again."),
    });
    return true;
  }

  async function planOrAnswer(
    turn: Turn,
    operation: ChangeOperation,
    invocation: Invocation,
  ): Promise<Plan | undefined> {
    const connected = vendors.byName(operation.vendor)!;
    const call = { signal: AbortSignal.timeout(PLAN_MS), fresh: true, trace: turn.trace };
    try {
      const { label } = connected.vendor;
      const plan = await withPatience(
        turn,
        { mark: "working", title: ["Asking ", label, " about a change …"] },
        clock,
        () => operation.plan(vendors.context(connected, call), invocation.input),
        // An edit makes no sound, and what this becomes is for those who must act.
        { sound: groupFor(turn, config) === turn.chat.id },
      );
      if (!("nothing" in plan)) return plan;
      turn.answer({ mark: "info", title: plan.nothing, personal: true });
    } catch (error) {
      turn.answer({ ...setbackReply(error, { store, turn, invocation, vocabulary }), personal: true });
    }
    return undefined;
  }

  /** An undo would be a plain overwrite if someone has changed the target since. */
  async function wayBackIsOpen(turn: Turn, plan: Plan, { undoOf }: Invocation): Promise<boolean> {
    if (undoOf === undefined) return true;
    const change = await findChange(store, undoOf);
    if (!change?.after_state || sameJson(JSON.parse(change.after_state), plan.before)) return true;
    turn.refuse("undo_moved", { about: auditOf(change) });
    return false;
  }

  async function record(
    turn: Turn,
    operation: ChangeOperation,
    invocation: Invocation,
    plan: Plan,
    chatId: number,
  ): Promise<void> {
    const sameChat = chatId === turn.chat.id;
    const row = newChange({ config, turn, operation, invocation, plan, chatId, now: store.now() });
    const freeze = await freezeFor(store, row);
    const approvers = await people.approversBesides(turn.person.id);
    const code = await freeCode(store);
    turn.also(async (transaction) => {
      const change = await transaction.insertInto("changes").values({ ...row, code }).returningAll()
        .executeTakeFirstOrThrow();
      const card: Outgoing = {
        key: cardKey(change.code),
        chatId,
        threadId: change.thread_id ?? undefined,
        replyTo: sameChat ? change.origin_message ?? undefined : undefined,
        reply: cardOf(change, { freeze, approvers }),
        priority: PRIORITY.decision,
        sound: true,
        trace: turn.trace,
      };
      await placeCard(store, transaction, card, { meanwhile: turn.key, code });
    });
    turn.audit({
      ...auditOf({ ...row, code }),
      event: "asked",
      detail: JSON.stringify({
        hash: row.hash,
        reason: row.reason,
        ticket: row.ticket,
        undo_of: row.undo_of,
      }),
    });
    if (!sameChat) turn.answer(sentToGroup(code, approvers === ""));
  }

  return {
    ask,
    async undo(turn, change) {
      const undo = JSON.parse(change.undo) as ReturnType<ChangeOperation["undo"]>;
      const done = change.state === "applied" || change.state === "accepted";
      if (!done || !undo.possible) {
        return turn.refuse("no_way_back", {
          about: auditOf(change),
          next: undo.possible ? `It is ${change.state}.` : whyNot(undo.why),
        });
      }
      const open = await openUndoOf(store, change);
      if (open !== undefined) return turn.answer(askedAlready(open));
      const operation = vendors.find(undo.verb, undo.target);
      if (!operation || operation.risk === "read") throw new Error(`No change to undo with: ${undo.verb}`);
      await ask(turn, operation, {
        verb: undo.verb,
        target: undo.target,
        input: undo.input,
        asked: askedIn(undo.input, (field) => operation.secret(field)),
        reason: `undo of ${change.code}`,
        ticket: change.ticket ?? undefined,
        undoOf: change.code,
      });
    },
    async again(turn, change) {
      // Only these offer it; any client can send what their button sends.
      if (change.state !== "superseded" && change.state !== "expired") {
        return turn.refuse("unknown_button", { about: auditOf(change) });
      }
      const open = await openRepeatOf(store, change);
      if (open !== undefined) return turn.answer(askedAlready(open));
      const operation = vendors.find(change.verb, change.target);
      if (!operation || operation.risk === "read") return turn.refuse("unknown_change");
      const plan = JSON.parse(change.plan) as Plan;
      await ask(turn, operation, {
        verb: change.verb,
        target: change.target,
        input: plan.input,
        asked: await secrets.fieldsOf(change.handle),
        reason: change.reason ?? undefined,
        ticket: change.ticket ?? undefined,
        undoOf: change.undo_of ?? undefined,
      });
    },
  };
}

/** As a sentence; on the card it is the end of one. */
function whyNot(why: Line): Line {
  return line("Why: ", typeof why === "string" ? why.replace(/\.$/, "") : why, ".");
}

/** The key of the one message of a change in the group. */
export function cardKey(code: string): string {
  return `card:${code}`;
}

function nameOf(operation: { verb: string; target: string | null }): string {
  return [operation.verb, operation.target].filter(Boolean).join(" ");
}

function groupFor(turn: Turn, config: Config): number | undefined {
  if (turn.chat.type !== "private") return turn.chat.id;
  return config.adminChats.find((id) => id < 0);
}

function sentToGroup(code: string, inVain: boolean): Reply {
  return {
    mark: "working",
    title: ["Sent to the group for approval: ", { code }],
    blocks: [
      ...(inVain
        ? [{ kind: "text" as const, text: "But nobody can approve it: APPROVERS lists nobody but you." }]
        : []),
      { kind: "text", text: ["/withdraw ", { code }, " takes it back."] },
    ],
  };
}

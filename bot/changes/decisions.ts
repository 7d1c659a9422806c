import type { Line } from "../../handlers/reply.ts";
import { line } from "../../handlers/reply.ts";
import type { Metrics } from "../metrics.ts";
import type { People } from "../people/people.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { type Outgoing, PRIORITY } from "../store/messages.ts";
import type { ChangeState } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Turn } from "../turn.ts";
import { askedInVain } from "./asked_in_vain.ts";
import { cardOf, freezeLine, MOST_OF_NAMES, personLine } from "./card.ts";
import { freezeFor, unfreezeCommand } from "./freeze.ts";
import { auditOf, type Change, findChange, type Move, move } from "./machine.ts";
import { cardKey } from "./requests.ts";

export type Verdict = "approve" | "reject" | "withdraw";

export interface DecisionsOptions {
  readonly store: Store;
  readonly people: People;
  readonly secrets: Secrets;
  readonly metrics: Metrics;
}

/**
 * The one way to decide about a change, for buttons and for commands. Who may is asked anew each time; whether it
 * is still open, and not expired, is part of the write itself. The first decision wins.
 */
export interface Decisions {
  decide(turn: Turn, change: Change, verdict: Verdict, reason?: string): Promise<void>;
  /** Ends what waited too long; only tidies, since no late decision could have got through. */
  expireOverdue(): Promise<void>;
}

export function createDecisions({ store, people, secrets, metrics }: DecisionsOptions): Decisions {
  async function decide(turn: Turn, change: Change, asked: Verdict, reason?: string): Promise<void> {
    if (change.state !== "pending") return await tellWhatItIs(turn, change.code, asked);
    const own = change.requester_id === turn.person.id;
    const verdict = asked === "reject" && own ? "withdraw" : asked;
    const record = { about: auditOf(change), detail: verdict };
    if (verdict === "withdraw" && !own) return turn.refuse("not_requester", record);
    if (verdict === "approve" && own) {
      return turn.refuse("own_change", { ...record, next: await whoElse(change) });
    }
    if (verdict !== "withdraw") {
      const decision = await people.judge("approve", turn.person.id, turn.chat);
      if (!decision.allowed) return turn.refuse(decision.reason, record);
    }
    if (verdict === "approve") {
      const freeze = await freezeFor(store, change);
      if (freeze) {
        return turn.refuse("frozen", {
          ...record,
          next: line(
            "Frozen: ",
            freezeLine(freeze),
            ". ",
            { code: unfreezeCommand(freeze.target) },
            " lifts it.",
          ),
        });
      }
    }
    const moved = await move(store, stepFor(turn, change, verdict, reason));
    if (!moved) return await tellWhatItIs(turn, change.code, verdict);
    metrics.changes.inc({ state: moved.state });
    turn.confirm(decided(moved, verdict));
  }

  function stepFor(turn: Turn, change: Change, verdict: Verdict, reason: string | undefined): Move {
    const now = store.now();
    return {
      code: change.code,
      event: verdict,
      set: {
        decided_at: now,
        decider_id: turn.person.id,
        decider_name: turn.person.name,
        decision_reason: reason ?? null,
      },
      only: { expiresAfter: now },
      audit: {
        person_id: turn.person.id,
        person_name: turn.person.name,
        chat_id: turn.chat.id,
        detail: reason ?? null,
      },
      show: (moved) => [cardMessage(moved), ...askedInVain(moved)],
      also: async (transaction, moved) => {
        if (moved.state !== "approved") await secrets.wipe(transaction, moved.handle);
      },
    };
  }

  /** Someone was faster, or the time was up: says which, and never as an error of the presser. */
  async function tellWhatItIs(turn: Turn, code: string, verdict: Verdict): Promise<void> {
    let change = await findChange(store, code);
    if (change?.state === "pending" && change.expires_at <= store.now()) {
      change = await expire(change, turn.person.id) ?? change;
    }
    if (!change) return turn.refuse("unknown_change", { detail: code });
    const record = { about: auditOf(change), detail: verdict };
    if (change.state === "expired") return turn.refuse("expired", record);
    turn.refuse("already_decided", { ...record, next: whatBecameOf(change, turn.person.id, store.now()) });
  }

  async function whoElse(change: Change): Promise<Line> {
    const names = await people.approversBesides(change.requester_id);
    const who = names === undefined ? "any other approver" : { data: names, max: MOST_OF_NAMES };
    return line(
      ...(names === "" ? ["APPROVERS lists nobody else"] : ["Who can: ", who]),
      ". To take it back: ",
      { code: `/withdraw ${change.code}` },
    );
  }

  /** Whoever came too late is told so in answer, and needs no other message. */
  async function expire(change: Change, tooLate?: number): Promise<Change | undefined> {
    const moved = await move(store, {
      code: change.code,
      event: "expire",
      only: { expiresUntil: store.now() },
      audit: { reason_code: "expired" },
      show: (expired) => [
        cardMessage(expired),
        ...(expired.requester_id === tooLate ? [] : askedInVain(expired)),
      ],
      also: (transaction, expired) => secrets.wipe(transaction, expired.handle),
    });
    if (moved) metrics.changes.inc({ state: moved.state });
    return moved;
  }

  return {
    decide,
    async expireOverdue() {
      const overdue = await store.db.selectFrom("changes").selectAll()
        .where("state", "=", "pending").where("expires_at", "<=", store.now()).limit(100).execute();
      for (const change of overdue) await expire(change);
    },
  };
}

/** "Ben approved it 20 s ago; it is running." */
function whatBecameOf(change: Change, readerId: number, now: number): Line {
  const { state, decider_id, decider_name, decided_at, finished_at } = change;
  const who = decider_id === readerId ? "You" : { data: decider_name || "Someone", max: 40 };
  const ago = agoWords(now - (decided_at ?? finished_at ?? now));
  if (state === "rejected") return line(who, ` rejected it ${ago}.`);
  if (state === "withdrawn") return line(who, ` withdrew it ${ago}.`);
  return line(who, ` approved it ${ago}; ${SINCE[state] ?? `it is ${state}`}.`);
}

const SINCE: Readonly<Partial<Record<ChangeState, string>>> = {
  approved: "it runs next",
  executing: "it is running",
  applied: "it was applied",
  accepted: "the vendor accepted it",
  "not applied": "it did not take effect",
  unknown: "nobody can say yet whether it took effect",
  superseded: "nothing was sent, because something had moved",
};

/** An alert carries no times of its own, and is read at once. */
function agoWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** What the group is shown of a change, as a new version of its one message. */
export function cardMessage(change: Change): Outgoing {
  return {
    key: cardKey(change.code),
    chatId: change.chat_id,
    threadId: change.thread_id ?? undefined,
    reply: cardOf(change),
    priority: PRIORITY.decision,
    trace: change.trace ?? undefined,
  };
}

function decided(change: Change, verdict: Verdict) {
  const words = {
    approve: "Approved, running now: ",
    reject: "Rejected: ",
    withdraw: "Withdrawn: ",
  } as const;
  return {
    mark: verdict === "approve" ? "working" as const : "refused" as const,
    title: line(words[verdict], { code: change.code }),
    blocks: [{
      kind: "text" as const,
      text: line("Asked by ", personLine(change.requester_name, change.requester_id), "."),
    }],
    personal: true,
  };
}

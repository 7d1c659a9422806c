import { z } from "zod";
import { line, type Reply } from "../../handlers/reply.ts";
import { changeDetails, freezeLine, personLine, stateLine } from "../approvals/card.ts";
import type { DecisionKind, Decisions } from "../approvals/decide.ts";
import { activeFreezes } from "../approvals/freeze.ts";
import { type Change, findChange } from "../approvals/state_machine.ts";
import type { Requests } from "../approvals/request.ts";
import type { FreezesTable } from "../store/schema.ts";
import type { Store } from "../store/database.ts";
import type { UpdateContext } from "../context.ts";
import { type Builtin, builtin } from "./builtin.ts";

export interface ChangeCommandsOptions {
  readonly store: Store;
  readonly decisions: Decisions;
  readonly requests: Requests;
}

const code = z.string().trim().regex(
  /^[A-Za-z0-9]{5}$/,
  "a change's code has five letters and digits, such as K7Q2X",
)
  .meta({ positional: true, placeholder: "code" });
const reason = z.string().optional().meta({ positional: true, rest: true, placeholder: "reason" });

/** `/pending`, `/change`, `/approve`, `/reject`, `/withdraw`, `/undo`. */
export function changeCommands({ store, decisions, requests }: ChangeCommandsOptions): Builtin[] {
  const withChange = async (
    ctx: UpdateContext,
    given: string,
    act: (change: Change) => Promise<void> | void,
  ) => {
    const change = await findChange(store, given);
    if (change) await act(change);
    else ctx.refuse("unknown_change", { detail: given });
  };
  const decision = (verb: DecisionKind, summary: string) =>
    builtin({
      verb,
      summary,
      example: `/${verb} K7Q2X`,
      // Who may is judged with the change in hand: its requester may take it back without being an approver.
      need: "read",
      input: z.object({ code, reason }),
      execute: (ctx, input) =>
        withChange(ctx, input.code, (change) => decisions.decide(ctx, change, verb, input.reason)),
    });

  return [
    builtin({
      verb: "pending",
      summary: "Changes that wait for approval, run, or are unknown",
      example: "/pending",
      need: "read",
      risk: "read",
      input: z.object({}),
      async execute(ctx) {
        const open = await store.db.selectFrom("changes").selectAll()
          .where("state", "in", ["pending", "approved", "executing", "unknown"]).orderBy("created_at").limit(
            50,
          )
          .execute();
        const alive = open.filter((change) => change.state !== "pending" || change.expires_at > store.now());
        ctx.answer(pendingReply(alive, await activeFreezes(store)));
      },
    }),
    builtin({
      verb: "change",
      summary: "Everything about one change",
      example: "/change K7Q2X",
      need: "read",
      risk: "read",
      input: z.object({ code }),
      execute: (ctx, input) =>
        withChange(ctx, input.code, async (change) => {
          const steps = await store.db.selectFrom("audit").selectAll().where("code", "=", change.code)
            .orderBy("seq").limit(100).execute();
          const details = changeDetails(change);
          ctx.answer({
            ...details,
            blocks: [...details.blocks ?? [], {
              kind: "details",
              summary: `every step (${steps.length})`,
              blocks: [{
                kind: "table",
                rows: steps.map((step) => [
                  { time: step.at },
                  step.event + (step.reason_code ? ` (${step.reason_code})` : ""),
                  step.person_id === null ? "the bot" : personLine(step.person_name ?? "", step.person_id),
                ]),
              }],
            }],
          });
        }),
    }),
    decision("approve", "Approve a change that someone else asked for"),
    decision("reject", "Reject a change"),
    decision("withdraw", "Take your own request back"),
    builtin({
      verb: "undo",
      summary: "Ask for the way back of a change; approved like any other",
      example: "/undo K7Q2X",
      need: "request",
      input: z.object({ code }),
      execute: (ctx, input) => withChange(ctx, input.code, (change) => requests.undo(ctx, change)),
    }),
  ];
}

function pendingReply(open: readonly Change[], freezes: readonly FreezesTable[]): Reply {
  const frozen = freezes.map((freeze) => line("Frozen: ", freezeLine(freeze)));
  if (open.length === 0) {
    return {
      mark: "fine",
      title: "Nothing is waiting",
      ...(frozen.length > 0 ? { blocks: [{ kind: "list" as const, items: frozen }] } : {}),
    };
  }
  return {
    mark: "working",
    title: `${open.length} open change${open.length === 1 ? "" : "s"}`,
    blocks: [
      ...(frozen.length > 0 ? [{ kind: "list" as const, items: frozen }] : []),
      {
        kind: "list",
        items: open.map((change) =>
          line(
            { code: change.code },
            " ",
            stateLine(change).title,
            " · asked by ",
            personLine(change.requester_name, change.requester_id),
            change.state === "pending"
              ? [" · expires ", { time: change.expires_at, as: "relative" }]
              : ` · ${change.state}`,
          )
        ),
      },
    ],
    buttons: open.slice(0, 6).map((change) => [{
      label: `Show ${change.code}`,
      action: { command: `/change ${change.code}` },
    }]),
  };
}

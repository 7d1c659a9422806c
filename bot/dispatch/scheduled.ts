import { type Line, line } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { needToSet } from "../commands/builtin.ts";
import type { UpdateContext, UpdateOrigin } from "../context.ts";
import { stopSchedule } from "../queue/schedules.ts";
import type { SchedulesTable } from "../store/watch_tables.ts";
import type { Router } from "./router.ts";

type Origin = Pick<UpdateOrigin, "chat" | "person" | "threadId" | "footnote">;

/** A scheduled read is answered where it was set, as if whoever set it had typed it now. */
export function scheduledOrigin(schedule: SchedulesTable): Origin {
  const { chat_id, chat_type, thread_id, person_id, person_name, time, days, number } = schedule;
  return {
    chat: { id: chat_id, type: chat_type },
    person: { id: person_id, name: person_name },
    threadId: thread_id ?? undefined,
    footnote: line(`${days} ${time} · `, { code: `/every stop ${number}` }),
  };
}

/** Reads it, unless whoever set it may not any more: then it says so and ends. */
export async function runScheduled(
  { members, router }: { readonly members: Members; readonly router: Router },
  ctx: UpdateContext,
  schedule: SchedulesTable,
): Promise<void> {
  const { command } = schedule;
  const decision = await members.judge(needToSet(ctx.chat), ctx.person.id, ctx.chat);
  if (decision.allowed) return await router.dispatch(ctx, router.parse(command));
  // Telegram did not say: it may be right again the next time.
  if (decision.reason === "membership_unknown") return ctx.refuse(decision.reason, { operation: "/every" });
  ctx.onCommit((transaction) => stopSchedule(transaction, schedule));
  ctx.audit({
    event: "schedule_ended",
    reason_code: decision.reason,
    operation: command,
    detail: inShort(schedule),
  });
  ctx.answer({
    mark: "attention",
    title: line({ code: command }, " does not come by itself any more"),
    blocks: [{
      kind: "text",
      text: line(
        { data: ctx.person.name || "Whoever set it", max: 30 },
        " set it and may not any more. Nothing was read.",
      ),
    }, { kind: "text", text: again(schedule) }],
  });
}

/** What the audit says of it. */
function inShort({ number, time, days }: SchedulesTable): string {
  return `${number}: ${time} ${days}`;
}

/** What to type for it to come again. */
function again({ time, days, command }: SchedulesTable): Line {
  return ["Someone who may: ", { code: `/every ${time} ${days} ${command}` }];
}

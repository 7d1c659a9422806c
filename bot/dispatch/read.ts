import type { Clock } from "../../clients/clock.ts";
import type { JsonObject } from "../../clients/json.ts";
import type { ReadOperation } from "../../handlers/operation.ts";
import type { Reply } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import { errorReply } from "../error_reply.ts";
import type { Vocabulary } from "../parser/parse.ts";
import { withProgress, withTimeout } from "../progress.ts";
import { pageOf } from "../render/paginate.ts";
import type { Store } from "../store/database.ts";
import { newHandle, putPrompt } from "../store/prompts.ts";
import type { Vendors } from "../vendors.ts";

/** A read may take several vendor calls; each has its own shorter limit. */
const READ_MS = 60_000;
/** One vendor's status ends as soon as the overview of all of them does. */
const STATUS_MS = 10_000;
const PAGE_KEPT_MS = 24 * 3_600_000;

export interface ReadsOptions {
  readonly store: Store;
  readonly vendors: Vendors;
  readonly clock: Clock;
  readonly vocabulary: Vocabulary;
}

export interface Reads {
  run(ctx: UpdateContext, operation: ReadOperation, input: JsonObject): Promise<void>;
}

export function createReads({ store, vendors, clock, vocabulary }: ReadsOptions): Reads {
  async function read(ctx: UpdateContext, operation: ReadOperation, input: JsonObject): Promise<Reply> {
    const connected = vendors.byName(operation.vendor);
    if (!connected?.client) {
      return notSetUp(connected?.vendor.label ?? operation.vendor, connected?.vendor.environment ?? []);
    }
    const limitMs = operation.verb === "status" ? STATUS_MS : READ_MS;
    try {
      const render = await withTimeout(limitMs, clock, (signal) => {
        const context = vendors.context(connected, { signal, trace: ctx.trace });
        return operation.read(context, input);
      });
      return render({ now: store.now() });
    } catch (error) {
      const invocation = { verb: operation.verb, target: operation.target, input, asked: [] };
      return errorReply(error, { store, ctx, invocation, vocabulary });
    }
  }

  return {
    async run(ctx, operation, input) {
      const label = vendors.byName(operation.vendor)?.vendor.label ?? operation.vendor;
      const working: Reply = { mark: "working", title: `Asking ${label} …` };
      const reply = await withProgress(ctx, working, clock, () => read(ctx, operation, input));
      ctx.answer(inPages(store, ctx, reply));
    },
  };
}

/** A long table is stored as it was read and leafed through from there. */
export function inPages(store: Store, ctx: UpdateContext, reply: Reply): Reply {
  const handle = newHandle();
  const { reply: first, pages } = pageOf(reply, { handle });
  if (pages === 1) return reply;
  ctx.onCommit((transaction) =>
    putPrompt(store, transaction, {
      handle,
      kind: "page",
      personId: null,
      chatId: ctx.chat.id,
      body: { ...reply, file: undefined },
      ttlMs: PAGE_KEPT_MS,
    })
  );
  return first;
}

function notSetUp(label: string, environment: readonly string[]): Reply {
  return {
    mark: "absent",
    title: `${label} is not set up`,
    blocks: [{
      kind: "text",
      text: ["Someone with access to the bot: set ", { code: environment.join(", ") }, ", then restart it."],
    }],
    personal: true,
  };
}

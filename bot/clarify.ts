import type { ChoiceNeeded } from "../handlers/operation.ts";
import type { Reply } from "../handlers/reply.ts";
import { LABEL_MAX, MIXED_LETTERS, sanitize, truncate } from "./render/sanitize.ts";
import { newHandle, putPrompt } from "./store/prompts.ts";
import type { Store } from "./store/database.ts";
import type { UpdateContext } from "./context.ts";
import type { Invocation } from "./invocation.ts";

/** How long a question (which company, still wanted?) stays open. */
const QUESTION_MS = 15 * 60_000;

/** Buttons for what the words could mean; the pick goes on with the same command. */
export function choiceReply(
  store: Store,
  ctx: UpdateContext,
  invocation: Invocation,
  choice: ChoiceNeeded,
): Reply {
  const offers = choice.options.map((option) => ({ option, handle: newHandle() }));
  ctx.onCommit(async (transaction) => {
    for (const { option, handle } of offers) {
      await putPrompt(store, transaction, {
        handle,
        kind: "choice",
        personId: ctx.person.id,
        chatId: ctx.chat.id,
        body: {
          ...invocation,
          input: { ...invocation.input, [choice.field]: option.id },
          messageId: ctx.messageId,
        },
        ttlMs: QUESTION_MS,
      });
    }
  });
  return {
    mark: "question",
    title: { data: choice.question, max: 160 },
    buttons: offers.map(({ option, handle }) => [{
      label: choiceLabel(option),
      action: { handle, do: "choose" },
    }]),
    personal: true,
  };
}

/** Ends with what tells namesakes apart, whatever the name: the name is cut, and has no dot to fake an end with. */
function choiceLabel({ name, id }: ChoiceNeeded["options"][number]): string {
  const end = ` · …${id.slice(-4)}`;
  const cleaned = sanitize(name.replace(/[·•∙⋅]/g, "-"));
  const isMixed = cleaned.endsWith(MIXED_LETTERS);
  const room = LABEL_MAX - end.length - (isMixed ? MIXED_LETTERS.length : 0);
  return truncate(isMixed ? cleaned.slice(0, -MIXED_LETTERS.length) : cleaned, room) + end;
}

/** A command that waited, perhaps while the bot was away, is asked about before it is planned. */
export function askWhetherStillWanted(ctx: UpdateContext, invocation: Invocation): void {
  const { store } = ctx;
  const handle = newHandle();
  ctx.onCommit((transaction) =>
    putPrompt(store, transaction, {
      handle,
      kind: "stale",
      personId: ctx.person.id,
      chatId: ctx.chat.id,
      body: { ...invocation, messageId: ctx.messageId },
      ttlMs: QUESTION_MS,
    })
  );
  ctx.audit({
    event: "held_back",
    reason_code: "stale_message",
    operation: [invocation.verb, invocation.target].filter(Boolean).join(" "),
  });
  ctx.answer({
    mark: "question",
    title: "Is this still wanted?",
    blocks: [{
      kind: "text",
      text: [
        "That message was sent ",
        { time: ctx.at, as: "relative" },
        ". Nothing has been asked for yet.",
      ],
    }],
    buttons: [[{ label: "Yes, ask for it now", style: "primary", action: { handle, do: "choose" } }]],
    personal: true,
  });
}

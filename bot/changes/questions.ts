import type { ChoiceNeeded } from "../../handlers/operation.ts";
import type { Reply } from "../../handlers/reply.ts";
import { clean, cut, LABEL_MAX, MIXED_LETTERS } from "../render/clean.ts";
import { newHandle, putPrompt } from "../store/prompts.ts";
import type { Store } from "../store/store.ts";
import type { Turn } from "../turn.ts";
import type { Invocation } from "./invocation.ts";

/** How long a question (which company, still wanted?) stays open. */
const QUESTION_MS = 15 * 60_000;

/** Buttons for what the words could mean; the pick goes on with the same command. */
export function choiceReply(
  store: Store,
  turn: Turn,
  invocation: Invocation,
  choice: ChoiceNeeded,
): Reply {
  const offers = choice.options.map((option) => ({ option, handle: newHandle() }));
  turn.also(async (transaction) => {
    for (const { option, handle } of offers) {
      await putPrompt(store, transaction, {
        handle,
        kind: "choice",
        personId: turn.person.id,
        chatId: turn.chat.id,
        body: {
          ...invocation,
          input: { ...invocation.input, [choice.field]: option.id },
          messageId: turn.messageId,
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
  const cleaned = clean(name.replace(/[·•∙⋅]/g, "-"));
  const isMixed = cleaned.endsWith(MIXED_LETTERS);
  const room = LABEL_MAX - end.length - (isMixed ? MIXED_LETTERS.length : 0);
  return cut(isMixed ? cleaned.slice(0, -MIXED_LETTERS.length) : cleaned, room) + end;
}

/** A command that waited, perhaps while the bot was away, is asked about before it is planned. */
export function askWhetherStillWanted(turn: Turn, invocation: Invocation): void {
  const { store } = turn;
  const handle = newHandle();
  turn.also((transaction) =>
    putPrompt(store, transaction, {
      handle,
      kind: "stale",
      personId: turn.person.id,
      chatId: turn.chat.id,
      body: { ...invocation, messageId: turn.messageId },
      ttlMs: QUESTION_MS,
    })
  );
  turn.audit({
    event: "held_back",
    reason_code: "stale_message",
    operation: [invocation.verb, invocation.target].filter(Boolean).join(" "),
  });
  turn.answer({
    mark: "question",
    title: "Is this still wanted?",
    blocks: [{
      kind: "text",
      text: [
        "That message was sent ",
        { time: turn.at, as: "relative" },
        ". Nothing has been asked for yet.",
      ],
    }],
    buttons: [[{ label: "Yes, ask for it now", style: "primary", action: { handle, do: "choose" } }]],
    personal: true,
  });
}

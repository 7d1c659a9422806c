import * as fc from "fast-check";
import { ANA, GROUP } from "../sandbox/stage.ts";
import corpus from "./corpus/documents.json" with { type: "json" };
import type { Target } from "./campaign.ts";
import { Finding } from "./ground.ts";
import { hostileJson, hostileText, type Json, twisted, twists, written } from "./mutation.ts";

export interface Sent {
  readonly caption: string;
  /** As text; a document need not be one. */
  readonly text: string;
  readonly bytes?: readonly number[];
  /** Sent before, and only replied to. */
  readonly inReply?: boolean;
}

const CAPTIONS = [
  "/create apono",
  "/create apono type=postgresql",
  "/update apono Orders DB",
  "/update opsramp Service Desk",
  '/map opsramp "Service Desk" in',
  "/map opsramp Service Desk",
  "/notifier opsramp Service Desk",
  "/create datto",
  "/update ncentral 1",
  "/update datto 1",
  "/status bitdefender",
  "/disable ec2 Acme Corp reason=x",
];

/** Whole requests as the vendors document them, to be changed. */
const WHOLE: readonly Json[] = corpus.whole as Json[];

/** Little to send, and much to look through. */
const COSTLY = [
  `"${'\\"'.repeat(500_000)}`,
  `{"${"x".repeat(500_000)}":[1${",1".repeat(250_000)}]}`,
  `{"${"x".repeat(900)}":{"password":["hunter2hunter2"${',"hunter2hunter2"'.repeat(9_000)}]}}`,
];

const text: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...WHOLE), twists(hostileJson, 5)).map(([one, changes]) =>
      written(twisted(one, changes))
    ),
  },
  { weight: 2, arbitrary: fc.json({ maxDepth: 6 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...WHOLE), fc.nat(200)).map(([one, at]) =>
      JSON.stringify(one).slice(0, at)
    ),
  },
  { weight: 1, arbitrary: hostileText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(60, 70, 5_000, 250_000).map((levels) =>
      `${'{"a":['.repeat(levels)}1${"]}".repeat(levels)}`
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1024 * 1024 - 20, 1024 * 1024 + 1).map((size) =>
      JSON.stringify({ name: "x".repeat(size - 11) })
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...COSTLY) },
);

/** JSON documents with a command as caption, or in reply to them. */
export const documentTarget: Target<Sent> = {
  name: "JSON documents",
  inputs: fc.record({
    caption: fc.constantFrom(...CAPTIONS),
    text,
    bytes: fc.option(fc.array(fc.nat(255), { maxLength: 40 }), { nil: undefined, freq: 12 }),
    inReply: fc.boolean(),
  }, { requiredKeys: ["caption", "text"] }) as fc.Arbitrary<Sent>,
  corpus: corpus.sent as Sent[],
  async attack(ground, { caption, text, bytes, inReply }) {
    const { telegram, clock } = ground.stage;
    clock.advance(5_000);
    const content = bytes ? Uint8Array.from(bytes) : text.toWellFormed();
    const document = { name: "change.json", content };
    const calls = telegram.calls().length;
    const file = inReply ? telegram.say(ANA, GROUP, "", { document }) : undefined;
    telegram.say(ANA, GROUP, caption, file ? { replyTo: file } : { document });
    await ground.rest();
    const spoke = telegram.calls().slice(calls).some(({ method }) => /^(send|edit)/.test(method));
    if (!spoke) throw new Finding("silent", `nothing was answered to ${caption}`);
  },
};

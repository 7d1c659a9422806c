import * as fc from "fast-check";
import commands from "./corpus/commands.json" with { type: "json" };
import updates from "./corpus/updates.json" with { type: "json" };
import bodies from "./corpus/bodies.json" with { type: "json" };
import type { Target } from "./campaign.ts";
import { Finding, type Ground } from "./ground.ts";
import { hostileText, type Json, twisted, twists, written } from "./mutation.ts";

/** What makes an update interesting to the bot: who is let in, where, and what is said. */
const telling: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(-1001, 101, 102, 666, -2002, 123456, 1087968824, 777000, 136817688, 0),
  fc.constantFrom<Json>("private", "group", "supergroup", "channel", "left", "kicked", "member"),
  fc.constantFrom<Json>(...commands),
  hostileText,
  fc.constantFrom<Json>(
    "c:/status",
    "c:/audit export",
    "a:AAAAAAAAAAAAAAAA",
    "p:AAAAAAAAAAAAAAAA:2",
    "h:A",
    "k:A",
  ),
);

const shaped: fc.Arbitrary<string> = fc.tuple(fc.constantFrom(...updates), twists(telling))
  .map(([update, changes]) => written(twisted(update as Json, changes)));

/** Two kinds in one update: whoever looks at one must not act on the other. */
const mixed: fc.Arbitrary<string> = fc.tuple(
  fc.constantFrom(...updates),
  fc.constantFrom(...updates),
  twists(telling, 2),
).map(([one, other, changes]) => written(twisted({ ...one, ...other } as Json, changes)));

const MIB = 1024 * 1024;

/** Around the largest body that is taken. */
const padded: fc.Arbitrary<string> = fc.tuple(
  fc.constantFrom(...updates),
  fc.integer({ min: -40, max: 2 }),
  fc.boolean(),
)
  .map(([update, over, inText]) => {
    const text = JSON.stringify(update);
    const room = MIB - text.length - 40 + over;
    if (!inText) return `${text.slice(0, -1)}${" ".repeat(room)}}`;
    return text.replace(/"text":"/, `"text":"${"x ".repeat(room / 2)}`);
  });

const broken: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(shaped, fc.nat(400)).map(([text, at]) => text.slice(0, at)),
  fc.tuple(shaped, fc.nat(400), hostileText).map(([text, at, more]) =>
    text.slice(0, at) + more + text.slice(at)
  ),
  fc.tuple(shaped, shaped).map(([one, other]) => one.replace(/\}$/, `,${other.slice(1)}`)),
  fc.json(),
  fc.string({ unit: "binary" }),
);

const body = fc.oneof(
  { weight: 12, arbitrary: shaped },
  { weight: 3, arbitrary: mixed },
  { weight: 3, arbitrary: broken },
  { weight: 1, arbitrary: padded },
);

/** A title of so many levels that a writer in recursion gives up on it. */
const deepTitle = JSON.stringify({
  my_chat_member: {
    chat: { id: -5005, type: "group", title: "@" },
    from: { id: 666, is_bot: false, first_name: "Eve" },
    new_chat_member: { status: "member" },
  },
}).replace('"@"', "[".repeat(20_000) + "]".repeat(20_000));

/** `POST /telegram`: bodies as Telegram sends them, changed in every way. */
export const updateTarget: Target<readonly string[]> = {
  name: "webhook bodies",
  inputs: fc.array(body, { minLength: 1, maxLength: 6 }),
  corpus: [...bodies, [deepTitle]],
  size: (batch) => batch.length,
  async attack(ground, batch) {
    await Promise.all(batch.map((text) => deliver(ground, text)));
    await ground.rest();
  },
};

const ids = new WeakMap<Ground, number>();

/** Each under an id of its own, since one that is known is taken for a repeat; a later duplicate key may change it. */
async function deliver(ground: Ground, text: string): Promise<void> {
  const id = (ids.get(ground) ?? 1_000_000) + 1;
  ids.set(ground, id);
  const now = Math.floor(ground.stage.clock.now() / 1000);
  const dated = text.replace('"date":0', `"date":${now}`);
  const whole = dated.startsWith("{") ? `{"update_id":${id},${dated.slice(1)}`.replace(/,\}$/, "}") : dated;
  const response = await ground.post(whole);
  const said = await response.text();
  if (![200, 400, 413].includes(response.status) || said !== "") {
    throw new Finding("bug", `the edge answered ${response.status} “${said}”`);
  }
  if (response.status === 200) await known(ground, whole);
}

/** What was answered 200 is on disk. */
async function known({ stage }: Ground, text: string): Promise<void> {
  const { update_id } = JSON.parse(text) as { update_id: number };
  const row = await stage.bot.store.db.selectFrom("inbox").select("state").where("update_id", "=", update_id)
    .executeTakeFirst();
  if (!row) throw new Finding("lost", `update ${update_id} was answered 200 and is not in the store`);
}

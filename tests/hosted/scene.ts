import assert from "node:assert/strict";
import { verifyAudit } from "../../bot/store/audit.ts";
import type { ChangesTable } from "../../bot/store/schema.ts";
import { inStore, postgres, testWith } from "../approvals/database.ts";
import { eventually } from "../eventually.ts";
import { ANA, GROUP } from "../sandbox/stage.ts";
import { type Message, render, type Telegram } from "../sandbox/telegram.ts";
import { type Manner, MINUTE_MS, openPlatform, type Platform, type PlatformOptions } from "./platform.ts";
import { openTime } from "./time.ts";

/** Within so many minutes whatever is waited for has happened, or never will. */
const MOST_MINUTES = 40;

/** What happens on a platform, whatever its manner. */
export interface Scenario {
  readonly name: string;
  /** Undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  play(scene: Scene): Promise<void>;
}

/** A platform on which the bot has been deployed, and its database. */
export class Scene {
  constructor(readonly platform: Platform, readonly database: string, readonly now: () => number) {}

  get telegram(): Telegram {
    return this.platform.telegram;
  }

  /** Says it, and waits for the answer that everyone in the chat sees. */
  async say(person: number, text: string, chat = GROUP): Promise<Message> {
    const before = this.telegram.answers(chat).length;
    this.telegram.say(person, chat, text);
    return await this.telegram.until(() => this.telegram.answers(chat)[before], `an answer to ${text}`);
  }

  /** Lets minutes pass, in which nobody asks for anything, until there is what is looked for. */
  async within<T>(what: string, look: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    for (let minute = 0; minute < MOST_MINUTES; minute++) {
      const found = await look();
      if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
      assert.equal(await this.platform.pass(MINUTE_MS), true, this.platform.output());
    }
    const told = this.telegram.transcript(GROUP);
    throw new Error(`${MOST_MINUTES} minutes went by without ${what}.\n${told}\n${this.platform.output()}`);
  }

  /** The newest message of the group that says this. */
  said(words: RegExp, chat = GROUP): Message | undefined {
    return this.telegram.answers(chat).findLast((message) => words.test(render(message)));
  }

  async changes(): Promise<ChangesTable[]> {
    return await inStore(
      this.database,
      ({ db }) => db.selectFrom("changes").selectAll().orderBy("created_at").execute(),
    );
  }

  /** The state of the newest change. */
  async state(): Promise<string | undefined> {
    return (await this.changes()).at(-1)?.state;
  }

  /** The newest question that only this person sees in the group. */
  question(person: number): Message {
    const asked = this.telegram.ephemerals(person, GROUP).at(-1);
    assert.ok(asked, "nothing was asked");
    return asked;
  }

  /** All that the bot told this person alone. */
  toldOnly(person: number): string {
    return [...this.telegram.answers(person), ...this.telegram.ephemerals(person, GROUP)].map(render).join(
      "\n",
    );
  }

  /** Everybody may finish, and does. */
  async finish(): Promise<void> {
    this.platform.wakeAll();
    await this.telegram.until(() => this.telegram.pending().length === 0, "everything to be heard");
    await eventually(async () => {
      await this.platform.pass(MINUTE_MS);
      return await inStore(this.database, async ({ db }) => {
        const waiting = await db.selectFrom("inbox").select("update_id").where("state", "=", "new").execute();
        const due = await db.selectFrom("messages").select("key").where("state", "=", "due").execute();
        const begun = await db.selectFrom("changes").select("code")
          .where("state", "in", ["approved", "executing", "unknown"]).execute();
        return waiting.length + due.length + begun.length === 0;
      });
    }, "everything to be done");
  }

  /** In the end nothing is left to do, and the audit is whole. */
  async close(): Promise<void> {
    await this.finish();
    const audit = await inStore(this.database, ({ db }) => verifyAudit(db));
    assert.equal(audit.intact, true, "the audit is intact");
    assert.doesNotMatch(this.telegram.transcript(GROUP, ANA), /went wrong/);
  }
}

/** Plays it on a platform of this manner, with a database and a time of its own. */
export function testHosted(
  scenario: Scenario,
  manner: Manner,
  options: Partial<PlatformOptions> = {},
): void {
  testWith(postgres, `hosted, ${MANNER_NAMES[manner]}: ${scenario.name}`, async (url) => {
    await using time = await openTime(url);
    await using platform = openPlatform({
      ...options,
      manner,
      time,
      environment: { DATABASE_URL: url, ...scenario.environment },
    });
    assert.equal(await platform.tick(), true, platform.output());
    const scene = new Scene(platform, url, time.now);
    await scenario.play(scene);
    await scene.close();
  });
}

const MANNER_NAMES: Readonly<Record<Manner, string>> = {
  kill: "killed when idle",
  freeze: "frozen when idle",
  two: "two processes",
};

import { type DatabaseKind, lasting } from "../approvals/database.ts";
import type { Moment } from "./moment.ts";
import {
  approved,
  cannotBeReadBack,
  cardRefused,
  expired,
  foundOutLater,
  frozen,
  killedMeanwhile,
  moved,
  ownChange,
  read,
  refusedByVendor,
  rejected,
  withdrawn,
  withSecret,
} from "./stories.ts";
import { inEmergency, reminded, talkedAbout } from "./policy_stories.ts";
import { type End, type Story, survive } from "./story.ts";
import {
  cutShort,
  frozenAhead,
  held,
  heldForAWhile,
  lent,
  lentAndMoved,
  scheduled,
  stopped,
  waited,
} from "./time_stories.ts";
import { watched } from "./watch_story.ts";

const APPLIED: End = { state: "applied", writes: 1 };
const NOTHING_SENT: End = { state: "not applied", writes: 0 };
const RETURNED: End = { state: "applied", back: "applied", writes: 2 };
const WATCHED: End = { writes: 0 };
const ENTERED: End = { state: "accepted", writes: 1 };

/** By the deaths of one life, one after the other: what has become of it all in the end. */
type Lives = Readonly<Record<string, End>>;

const deaths: readonly { story: Story; lives: Lives; onPostgres?: Lives }[] = [
  {
    story: approved,
    lives: {
      "before webhook": APPLIED,
      "after insert inbox": APPLIED,
      "after webhook": APPLIED,
      "before audit asked": APPLIED,
      "after audit asked": APPLIED,
      "before update messages.sent_version": APPLIED,
      "before webhook 2": APPLIED,
      "after insert inbox 2": APPLIED,
      "before audit approve": APPLIED,
      "after audit approve": APPLIED,
      "before audit claim": APPLIED,
      "after audit claim": APPLIED,
      "before audit send": APPLIED,
      // The mark is there and nobody can know whether the call was made: never a second one, the truth is read back.
      "after audit send": NOTHING_SENT,
      "after vendor write": APPLIED,
      "before audit apply": APPLIED,
      "after audit apply": APPLIED,
      "after audit claim, before audit take_over": APPLIED,
      "after audit claim, after audit take_over": APPLIED,
      "after audit send, before audit take_over": NOTHING_SENT,
      "after audit send, after audit take_over": NOTHING_SENT,
      "after vendor write, after audit take_over, before audit apply": APPLIED,
      // What has not been committed is not there, and nobody was told that it is.
      "joined insert inbox": APPLIED,
      "joined audit asked": APPLIED,
      "joined audit approve": APPLIED,
      "joined audit claim": APPLIED,
      "joined audit send": APPLIED,
      "joined audit apply": APPLIED,
    },
    // The same deaths in fewer lives: a Postgres of one's own takes a while to make.
    onPostgres: {
      "before webhook, after insert inbox, after webhook, before update messages.sent_version": APPLIED,
      "before audit asked, before audit approve, before audit claim, before audit send, before audit apply":
        APPLIED,
      "after audit asked, after audit approve, after audit claim, after vendor write, after audit apply":
        APPLIED,
      "after audit claim, before audit take_over, after audit take_over": APPLIED,
      "after audit send, before audit take_over, after audit take_over": NOTHING_SENT,
    },
  },
  {
    story: killedMeanwhile("call that takes effect", { applied: true }),
    lives: { "while the vendor is at it": APPLIED },
  },
  {
    story: killedMeanwhile("call that does not take effect", { status: 504 }),
    lives: { "while the vendor is at it": { state: "not applied", writes: 1 } },
  },
  {
    story: rejected,
    lives: { "before audit reject, after audit reject": { state: "rejected", writes: 0 } },
  },
  {
    story: withdrawn,
    lives: { "before audit withdraw, after audit withdraw": { state: "withdrawn", writes: 0 } },
  },
  {
    story: expired,
    lives: { "before audit expire, after audit expire": { state: "expired", writes: 0 } },
  },
  {
    story: moved,
    lives: { "before audit supersede, after audit supersede": { state: "superseded", writes: 0 } },
  },
  {
    story: refusedByVendor,
    lives: { "before audit fail, after audit fail": { state: "not applied", writes: 1 } },
  },
  {
    story: cannotBeReadBack,
    lives: {
      // The vendor's yes died with the process, and there is nothing to read back.
      "before audit accept": { state: "unknown", writes: 1 },
      "after audit accept": { state: "accepted", writes: 1 },
    },
  },
  {
    story: foundOutLater,
    lives: {
      // Three deaths are as many as one change may cost.
      "before audit mark_unknown, after audit mark_unknown": APPLIED,
      "before audit apply, after audit apply": APPLIED,
    },
  },
  { story: ownChange, lives: { "before audit refused, after audit refused": APPLIED } },
  {
    story: cardRefused,
    lives: { "before audit withdraw, after audit withdraw": { state: "withdrawn", writes: 0, unseen: true } },
  },
  {
    story: withSecret,
    lives: {
      "before audit secret_asked": ENTERED,
      "after audit secret_asked": ENTERED,
      "before audit secret_entered, after audit claim": ENTERED,
      "after audit secret_entered, before audit asked, after audit send": {
        ...ENTERED,
        state: "unknown",
        writes: 0,
      },
    },
  },
  {
    story: frozen,
    lives: {
      "before audit frozen, after audit frozen, before audit unfrozen, after audit unfrozen": { writes: 0 },
    },
  },
  {
    story: lent,
    lives: {
      "after audit apply, before update loans.reminders, after update loans.reminders": RETURNED,
      "before audit loan_extended, after audit loan_extended, before audit return_planned": RETURNED,
      "after audit return_planned, before audit claim, after audit claim": RETURNED,
      "after audit return_planned, before audit send": RETURNED,
      // Nobody can know whether the call was made: the loan stays open, and waits for someone who looks.
      "after audit return_planned, after audit send": { state: "applied", back: "not applied", writes: 1 },
      "after audit return_planned, after vendor write": RETURNED,
      "after audit return_planned, before audit apply, after audit apply": RETURNED,
    },
  },
  {
    story: cutShort,
    lives: {
      "before audit loan_cut_short, after audit loan_cut_short, after audit return_planned": RETURNED,
    },
  },
  {
    story: lentAndMoved,
    lives: { "before audit loan_moved, after audit loan_moved": APPLIED },
  },
  {
    story: scheduled,
    lives: {
      "before audit approve, after audit approve, before audit claim, after audit claim": APPLIED,
      "after audit approve, after audit send": NOTHING_SENT,
      "after audit approve, after vendor write": APPLIED,
    },
  },
  {
    story: waited,
    lives: {
      "after audit approve, before audit claim, after audit claim": { state: "accepted", writes: 1 },
    },
  },
  {
    story: stopped,
    lives: {
      "after audit approve, before audit stop, after audit stop": { state: "stopped", writes: 0 },
    },
  },
  {
    story: held,
    lives: {
      "before audit held, after audit held, before audit released, after audit released": { writes: 0 },
    },
  },
  {
    story: heldForAWhile,
    lives: { "before audit hold_ended, after audit hold_ended": { writes: 0 } },
  },
  {
    story: frozenAhead,
    lives: {
      "before audit freeze_begun, after audit freeze_begun, before audit freeze_ended, after audit freeze_ended":
        { writes: 0 },
    },
  },
  {
    story: reminded,
    lives: {
      "before audit reminded, after audit reminded, before audit escalated, after audit escalated": APPLIED,
      "before audit vote, after audit vote": APPLIED,
    },
  },
  {
    story: inEmergency,
    lives: {
      "before audit emergency, after audit emergency, before audit reviewed, after audit reviewed": APPLIED,
    },
  },
  {
    story: talkedAbout,
    lives: {
      // Each death takes half a minute, and what was typed two minutes ago is asked about before it is done.
      "before audit question, after audit question": APPLIED,
      "before audit answered, after audit answered": APPLIED,
      "before audit passed_on, after audit passed_on": APPLIED,
    },
  },
  {
    story: watched,
    lives: {
      "before update looks.claimed_by, before insert episodes, after insert episodes": WATCHED,
      "before insert alerts, after insert alerts": WATCHED,
      "after update looks.claimed_by 3, before insert episodes 2": WATCHED,
      "after insert episodes 2, before insert alerts, before update alerts.shown": WATCHED,
      "before insert alerts 2, after insert alerts, after update alerts.shown": WATCHED,
      // Telegram has taken the alert, or its end, and nobody has written that down.
      "after insert episodes 2, before update messages.sent_version": WATCHED,
      "after update alerts.shown, before update messages.sent_version": WATCHED,
      "before update item_history.until_at 2, after update item_history.until_at": WATCHED,
    },
    onPostgres: {
      "after insert episodes 2, before insert alerts, before update alerts.shown": WATCHED,
      "after insert alerts 2, before update messages.sent_version": WATCHED,
    },
  },
  { story: read, lives: { "before update inbox.state, after update inbox.state": { writes: 0 } } },
];

/** One life of the bot: what people do meanwhile, when it dies, and what has become of it all in the end. */
export interface Life {
  readonly database: DatabaseKind;
  readonly story: Story;
  readonly deaths: string;
  readonly end: End;
}

/** Every life there is to be lived, on every kind of database. */
export const lives: readonly Life[] = lasting.flatMap((database) =>
  deaths.flatMap(({ story, lives, onPostgres = lives }) =>
    Object.entries(database.name === "Postgres" ? onPostgres : lives)
      .map(([deaths, end]) => ({ database, story, deaths, end }))
  )
);

/** "SQLite, approve: after audit send" */
export function nameOf({ database, story, deaths }: Life): string {
  return `${database.name}, ${story.name}: ${deaths}`;
}

/** So many of them at once: most of the time is spent waiting for processes to start. */
const SIDE_BY_SIDE = 4;

/** Resolves to what went wrong, life by life. */
export async function live(lives: readonly Life[]): Promise<string> {
  const waiting = [...lives];
  const failures: string[] = [];
  const work = async () => {
    for (let life = waiting.shift(); life; life = waiting.shift()) {
      const { database, story, deaths, end } = life;
      await survive(database, story, deaths.split(", ").map(momentOf), end)
        .catch((error: Error) => failures.push(`${nameOf(life)}\n${error.stack}`));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return failures.join("\n\n");
}

/** "while …" is no moment of the bot's own: the story kills it. */
function momentOf(words: string): Moment {
  const [, when, at, nth] = /^(before|joined|after) (.*?)(?: (\d))?$/.exec(words) ?? [];
  return {
    at: at ?? words,
    when: when === "before" || when === "joined" ? when : "after",
    nth: Number(nth ?? 1),
  };
}

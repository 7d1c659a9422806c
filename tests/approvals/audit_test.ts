import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Store } from "../../bot/store/database.ts";
import { appendAudit, sealOf, verifyAudit } from "../../bot/store/audit.ts";
import { setImmediate } from "node:timers";
import { openFile, openOwned, postgres, testOnEach } from "./database.ts";
import { ANA, BEN, company, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import { createStillClock } from "../sandbox/stage.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const DISABLE = "/disable ec2 Globex reason=off-boarding";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** After this long the audit is walked once more. */
const ANOTHER_WALK_MS = 30_001;

testOnEach(
  "/audit verify: a chain of everything that happened, refusals included, is intact",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await history(fixture);
    await fixture.say(ANA, "/audit verify");
    const rows = await fixture.audit();
    assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`intact: ${rows.length} rows`));
    assert.deepEqual(rows.map(({ seq }) => seq), rows.map((_, index) => index + 1));
    assert.deepEqual(
      rows.map((row) => row.reason_code ?? row.event),
      [
        "asked",
        "own_change",
        "approve",
        "claim",
        "send",
        "apply",
        "unknown_button",
        "asked",
        "reject",
        "already_decided",
      ],
    );
  },
);

Deno.test("rows that hold an event's earlier word are shown by /change and /audit, and verified", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.carryOut(ROTATE);
  const { store } = fixture;
  const earlier = ["lose", "surface", "stand"];
  await store.transaction((transaction) =>
    appendAudit(store, transaction, earlier.map((event) => ({ event, code, operation: "rotate externalid" })))
  );
  for (const command of [`/change ${code}`, `/audit 5 code=${code}`]) {
    await fixture.say(ANA, command);
    for (const event of earlier) {
      assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`\\b${event}\\b`));
    }
  }
  await fixture.say(ANA, "/audit verify");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /intact/);
});

/** What someone with the database in hand may do to the audit, and the row that gives it away. */
const TAMPERING: readonly [what: string, broken: number, tamper: (store: Store) => Promise<unknown>][] = [
  [
    "a changed person",
    3,
    ({ db }) => db.updateTable("audit").set({ person_id: ANA }).where("seq", "=", 3).execute(),
  ],
  [
    "a changed reason",
    2,
    ({ db }) => db.updateTable("audit").set({ reason_code: null }).where("seq", "=", 2).execute(),
  ],
  ["a changed time", 5, ({ db }) => db.updateTable("audit").set({ at: 1 }).where("seq", "=", 5).execute()],
  [
    "a changed last row",
    10,
    ({ db }) => db.updateTable("audit").set({ detail: "x" }).where("seq", "=", 10).execute(),
  ],
  ["a removed row", 4, ({ db }) => db.deleteFrom("audit").where("seq", "=", 4).execute()],
  ["a removed first row", 1, ({ db }) => db.deleteFrom("audit").where("seq", "=", 1).execute()],
  ["rows cut off the end", 9, ({ db }) => db.deleteFrom("audit").where("seq", ">=", 9).execute()],
  ["nothing left at all", 1, ({ db }) => db.deleteFrom("audit").execute()],
  ["a removed row whose gap was closed", 4, async ({ db }) => {
    await db.deleteFrom("audit").where("seq", "=", 4).execute();
    for (let seq = 5; seq <= 10; seq++) {
      await db.updateTable("audit").set({ seq: seq - 1 }).where("seq", "=", seq).execute();
    }
  }],
  ["two rows that changed places", 3, async ({ db }) => {
    for (const [from, to] of [[3, 99], [4, 3], [99, 4]] as const) {
      await db.updateTable("audit").set({ seq: to }).where("seq", "=", from).execute();
    }
  }],
  ["a row that the bot did not write", 11, async ({ db }) => {
    const last = await db.selectFrom("audit").selectAll().where("seq", "=", 10).executeTakeFirstOrThrow();
    await db.insertInto("audit").values({ ...last, seq: 11, prev: last.hash }).execute();
  }],
];

testOnEach(
  "/audit verify: names the row at which something was changed, removed, moved or slipped in",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await history(fixture);
    const { store } = fixture;
    const kept = await fixture.audit();
    for (const [what, broken, tamper] of TAMPERING) {
      await tamper(store);
      await fixture.pass(ANOTHER_WALK_MS);
      await fixture.say(ANA, "/audit verify");
      assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`^🔴 broken at row ${broken}\\n`), what);
      await store.db.deleteFrom("audit").execute();
      await store.db.insertInto("audit").values(kept).execute();
    }
    await fixture.pass(ANOTHER_WALK_MS);
    await fixture.say(ANA, "/audit verify");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /intact/);
  },
);

testOnEach("/audit verify: what is written after rows were cut off does not cover the gap", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await history(fixture);
  await fixture.store.db.deleteFrom("audit").where("seq", ">=", 9).execute();
  await fixture.ask(DISABLE);
  await fixture.say(ANA, "/audit verify");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🔴 broken at row 9\n/);
});

for (const event of ["asked", "approve", "claim", "send"]) {
  testOnEach(
    `no audit, no write: when “${event}” cannot be recorded, nothing reaches the vendor`,
    async (url) => {
      await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
      await refuseAudit(fixture.store, event);
      fixture.telegram.say(ANA, GROUP, ROTATE);
      if (event !== "asked") {
        await fixture.rest();
        const card = fixture.telegram.answers(GROUP)[0];
        assert(card);
        await fixture.telegram.press(BEN, card, "Approve");
      }
      await eventually(() => Promise.resolve(fixture.log.lines.some(failed)), "the failure");
      assert.deepEqual(fixture.writes(), []);
      assert.equal((await fixture.audit()).some((row) => row.event === event), false);
      const states = (await fixture.changes()).map(({ state }) => state);
      assert.deepEqual(
        states,
        { asked: [], approve: ["pending"], claim: ["approved"], send: ["executing"] }[event],
      );
    },
  );
}

testOnEach(
  "no audit, no write: once it can be recorded again, what was approved goes on and is sent once",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const { code, card } = await fixture.ask(ROTATE);
    await refuseAudit(fixture.store, "send");
    await fixture.telegram.press(BEN, card, "Approve");
    await eventually(() => Promise.resolve(fixture.log.lines.some(failed)), "the failure");
    await allowAudit(fixture.store);
    await fixture.pass(11_000);
    assert.equal(await fixture.state(code), "applied");
    assert.equal(fixture.writes().length, 1);
  },
);

Deno.test("/audit since=: days begin at midnight in the bot's zone", async () => {
  const clock = createStillClock();
  await using fixture = await openFixture({ clock, environment: { TZ: "Pacific/Kiritimati" } });
  // 23:00 on Kiritimati, which is 14 hours ahead.
  clock.advance(DAY_MS - (clock.now() + 15 * HOUR_MS) % DAY_MS);
  await fixture.say(BEN, "/freeze incident 4711");
  clock.advance(3 * HOUR_MS);
  const said = async (since: string) => {
    await fixture.say(ANA, `/audit since=${since}`);
    return fixture.groupAnswers().at(-1) ?? "";
  };
  const isThere = /frozen: everything · incident 4711/;
  assert.match(await said("today"), /Nothing in the audit fits/);
  assert.match(await said("tonight"), isThere);
  assert.match(await said("yesterday"), isThere);
  const there = new Date(clock.now() + 14 * HOUR_MS).toISOString().slice(0, 10);
  assert.match(await said(there), /Nothing in the audit fits/);
});

testOnEach("/audit: by code, person, company, time and number", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  // To noon: what happened just now must not be yesterday's.
  fixture.clock.advance(DAY_MS - (fixture.store.now() + 12 * HOUR_MS) % DAY_MS);
  const [rotated, rejected] = await history(fixture);
  const shown = async (filter: string) => {
    await fixture.say(ANA, `/audit 50 ${filter}`);
    return (fixture.groupAnswers().at(-1) ?? "").split("\n").filter((line) => /UTC/.test(line));
  };
  assert.equal((await shown("")).length, 12);
  assert.equal((await shown(`code=${rotated}`)).length, 7);
  assert.equal((await shown(`code=${rejected.toLowerCase()}`)).length, 4);
  assert.ok((await shown("person=ben")).length > 0);
  assert.ok((await shown(`person=${BEN}`)).length > 0);
  assert.equal((await shown(`company=${company.acmeCorp}`)).length, 7);
  assert.equal((await shown("company=globex")).length, 4);
  assert.equal((await shown('company="Acme Corp"')).length, 7);
  assert.equal((await shown("company=Acme Corp since=today")).length, 7);
  for (const since of ["1h", "today", "yesterday"]) {
    assert.equal((await shown(`since=${since}`)).length, 12, since);
  }
  fixture.clock.advance(3_600_000);
  await fixture.say(ANA, "/audit since=30m");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing in the audit fits/);
  await fixture.say(ANA, "/audit 1");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /The last entry of the audit/);
});

Deno.test("/audit: one line a change, which says who, what became of it and of what; steps are folded", async () => {
  await using fixture = await openFixture();
  const [rotated, rejected] = await history(fixture);
  await fixture.say(ANA, "/frobnicate");
  await fixture.say(BEN, "/freeze incident 4711");
  await fixture.say(ANA, "/audit 50");
  const lines = (fixture.groupAnswers().at(-1) ?? "").split("\n").filter((line) => !line.startsWith("  "));
  assert.match(lines[1]!, /Ben · frozen: everything · incident 4711$/);
  assert.match(lines[2]!, new RegExp(`Ben rejected: .*Globex.* ${rejected}$`));
  assert.match(
    lines.join("\n"),
    new RegExp(`Ben approved, applied: .*external ID of Acme Corp.* ${rotated}$`, "m"),
  );
  assert.doesNotMatch(lines.join("\n"), /not understood|malformed|claim/);
  await fixture.say(ANA, "/audit mistakes=yes");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Ana · refused: not understood/);
});

testOnEach("/audit export: everything as JSON lines and CSV, formulas made harmless", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await fixture.ask(DISABLE);
  await fixture.say(
    BEN,
    `/reject ${(await fixture.changes())[0]?.code} =HYPERLINK("http://evil.example","a,b")`,
  );
  await fixture.say(ANA, "/audit export");
  const [lines, table] = await exported(fixture);
  const rows = lines.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(rows, (await fixture.audit()).slice(0, rows.length).map((row) => ({ ...row })));
  assert.equal(rows[1]?.["detail"], '=HYPERLINK("http://evil.example","a,b")');
  const [header, ...cells] = table.trim().split("\n");
  assert.match(header ?? "", /^seq,at,event,reason_code,code,person_id,person_name,chat_id,.*,prev,hash$/);
  assert.equal(cells.length, rows.length);
  assert(table.includes(`"'=HYPERLINK(""http://evil.example"",""a,b"")"`));
  assert.doesNotMatch(table, /(^|,)"?[=+@]/m);
  const last = (await fixture.audit()).at(-1);
  assert.deepEqual([last?.event, last?.person_id], ["audit_exported", ANA]);
});

Deno.test("/audit export: filtered by code it holds that change and nothing else", async () => {
  await using fixture = await openFixture();
  const [rotated] = await history(fixture);
  await fixture.say(ANA, `/audit export code=${rotated}`);
  const [lines] = await exported(fixture);
  const codes = lines.trim().split("\n").map((line) => (JSON.parse(line) as { code: string }).code);
  assert.deepEqual([codes.length, [...new Set(codes)]], [6, [rotated]]);
});

testOnEach(
  "/audit verify: a row changed and hashed anew, the last one too, and rows slipped in behind the head, are found",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await fixture.ask(DISABLE);
    await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
    const { store } = fixture;
    const verdict = async () => {
      await fixture.pass(ANOTHER_WALK_MS);
      await fixture.say(ANA, "/audit verify");
      return fixture.groupAnswers().at(-1)?.split("\n")[0];
    };
    const [last] = (await fixture.audit()).slice(-1);
    const forged = { ...last!, person_id: BEN };
    await store.db.updateTable("audit").set({ person_id: BEN, hash: sealOf(forged) }).where(
      "seq",
      "=",
      forged.seq,
    )
      .execute();
    assert.equal(await verdict(), `🔴 broken at row ${forged.seq}`);
    await store.db.updateTable("audit").set({ person_id: last!.person_id, hash: last!.hash })
      .where("seq", "=", forged.seq).execute();
    assert.match(await verdict() ?? "", /^🟢 intact/);
    const [middle] = (await fixture.audit()).slice(-2);
    const anew = { ...middle!, person_id: BEN };
    await store.db.updateTable("audit").set({ person_id: BEN, hash: sealOf(anew) })
      .where("seq", "=", anew.seq).execute();
    assert.equal(await verdict(), `🔴 broken at row ${last!.seq}`);
    await store.db.updateTable("audit").set({ person_id: middle!.person_id, hash: middle!.hash })
      .where("seq", "=", anew.seq).execute();
    const behind = { ...last!, seq: last!.seq + 1, prev: last!.hash, hash: "" };
    await store.db.insertInto("audit").values({ ...behind, hash: sealOf(behind) }).execute();
    assert.equal(await verdict(), `🔴 broken at row ${behind.seq}`);
  },
);

Deno.test("/audit verify: asked over and over it walks once in half a minute, and says as of when", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  await fixture.ask(DISABLE);
  const verdicts = async () => {
    await fixture.say(ANA, "/audit verify");
    return fixture.groupAnswers().filter((text) => text.includes("intact: ")).map((text) =>
      text.split(" row")[0]
    );
  };
  const rows = (await fixture.audit()).length;
  await verdicts();
  await fixture.say(BEN, "/frobnicate");
  await fixture.pass(29_000);
  assert.deepEqual(await verdicts(), [`🟢 intact: ${rows}`, `🟢 intact: ${rows}`]);
  assert.match(fixture.groupAnswers().at(-1) ?? "", /\nas of /);
  await fixture.pass(1_001);
  assert.equal((await verdicts()).at(-1), `🟢 intact: ${rows + 1}`);
});

Deno.test("/audit verify lets others have a turn while it walks", async () => {
  await using fixture = await openFixture();
  const rows = Array.from({ length: 2_000 }, (_, index) => ({ event: `row ${index}` }));
  await fixture.store.transaction((transaction) => appendAudit(fixture.store, transaction, rows));
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns++) await new Promise((resolve) => setImmediate(resolve));
  })();
  await verifyAudit(fixture.store.db);
  isOver = true;
  await counting;
  assert.ok(turns >= 9, `${turns} turns`);
});

Deno.test("/audit export: what fits nothing sends no file", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/audit export");
  await fixture.say(ANA, "/audit export code=ZZZZZ");
  assert.deepEqual(fixture.groupAnswers().map((text) => text.trim()), [
    "ℹ️ Nothing in the audit fits",
    "ℹ️ Nothing in the audit fits",
  ]);
  assert.deepEqual(fixture.telegram.calls("sendDocument"), []);
  assert.deepEqual(await fixture.audit(), []);
});

testOnEach("/audit export: Telegram's limit between the two files loses neither of them", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await fixture.ask(DISABLE);
  const { telegram } = fixture;
  telegram.faults.push({ method: "sendDocument", hold: Promise.resolve() }, {
    method: "sendDocument",
    retryAfter: 5,
  });
  telegram.say(ANA, GROUP, "/audit export");
  await eventually(async () => {
    const held = fixture.store.db.selectFrom("messages").select("key");
    return await held.where("not_before", ">", fixture.store.now()).executeTakeFirst() !== undefined;
  }, "the limit");
  assert.equal((await fixture.audit()).at(-1)?.event, "audit_exported", "recorded before anything leaves");
  await fixture.pass(5_001);
  const files = telegram.answers(GROUP).flatMap(({ document }) => document?.file_name ?? []);
  assert.deepEqual(files, ["audit.jsonl", "audit.csv"]);
  assert.match(fixture.groupAnswers().at(-3) ?? "", /^🟢 The audit as JSON lines and CSV: 1 row$/m);
});

Deno.test("/audit export: only those who may approve", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: String(BEN) } });
  await fixture.say(ANA, "/audit export");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /You may not approve changes/);
  assert.equal(fixture.telegram.calls("sendDocument").length, 0);
});

Deno.test("deno task audit:verify: says what /audit verify says, and its exit code tells", async () => {
  await using file = await openFile();
  const verify = async () => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--frozen", "-A", "bot/ops/audit_verify.ts"],
      env: { TELEGRAM_BOT_TOKEN: "123456:sandbox", ADMIN_CHATS: "-1001", DATABASE_URL: file.url },
    });
    const { code, stdout } = await command.output();
    return [code, new TextDecoder().decode(stdout).trim()];
  };
  await using fixture = await openFixture({ environment: { DATABASE_URL: file.url } });
  await history(fixture);
  assert.deepEqual(await verify(), [0, "intact (10 rows)"]);
  await fixture.store.db.updateTable("audit").set({ person_id: ANA }).where("seq", "=", 3).execute();
  assert.deepEqual(await verify(), [1, "broken at row 3: its content was changed"]);
});

Deno.test({
  name: `the audit on Postgres: the bot's own role may add rows and may not change or remove any${
    postgres.missing === undefined ? "" : `: skipped, ${postgres.missing}`
  }`,
  ignore: postgres.missing !== undefined,
  async fn() {
    await using database = await openOwned();
    await using fixture = await openFixture({ environment: { DATABASE_URL: database.url } });
    const { db } = fixture.store;
    await history(fixture);
    assert.equal((await fixture.audit()).length, 10);
    const denied = /permission denied for table audit/;
    await assert.rejects(db.updateTable("audit").set({ detail: "x" }).execute(), denied);
    await assert.rejects(db.deleteFrom("audit").execute(), denied);
    await assert.rejects(sql`truncate audit`.execute(db), denied);
  },
});

/** Ten rows: a change that is carried out after its requester tried alone, a forged press, and one that is rejected. */
async function history(fixture: Fixture): Promise<[rotated: string, rejected: string]> {
  const rotated = await fixture.ask(ROTATE);
  await fixture.press(ANA, rotated.card, "Approve");
  await fixture.press(BEN, rotated.card, "Approve");
  await fixture.press(BEN, rotated.card, "a:AAAAAAAAAAAAAAAA", { forged: true });
  const rejected = await fixture.ask(DISABLE);
  await fixture.press(BEN, rejected.card, "Reject");
  await fixture.say(ANA, `/withdraw ${rejected.code}`);
  return [rotated.code, rejected.code];
}

async function exported(fixture: Fixture): Promise<[lines: string, table: string]> {
  const text = (name: string) => {
    const message = fixture.telegram.answers(GROUP).find(({ document }) => document?.file_name === name);
    assert(
      message?.document,
      `${name} was not sent\n${fixture.telegram.answers(GROUP).map(textOf).join("\n")}`,
    );
    return new TextDecoder().decode(fixture.telegram.file(message.document.file_id));
  };
  return [await Promise.resolve(text("audit.jsonl")), text("audit.csv")];
}

function failed({ level }: { readonly level: string }): boolean {
  return level === "error";
}

/** From now on the database takes no audit row of this event. */
async function refuseAudit({ db, kind }: Store, event: string): Promise<void> {
  if (kind === "sqlite") {
    const when = sql.raw(`new.event = '${event}'`);
    await sql`create trigger refuse_audit before insert on audit when ${when}
      begin select raise(abort, 'disk full'); end`.execute(db);
    return;
  }
  await sql`create function refuse_audit() returns trigger language plpgsql as $$
    begin raise exception 'disk full'; end $$`.execute(db);
  await sql`create trigger refuse_audit before insert on audit for each row
    when (new.event = '${sql.raw(event)}') execute function refuse_audit()`.execute(db);
}

async function allowAudit({ db, kind }: Store): Promise<void> {
  await (kind === "sqlite" ? sql`drop trigger refuse_audit` : sql`drop trigger refuse_audit on audit`)
    .execute(db);
}

Deno.test("/audit of a name with a slip in it offers the ones that it has", async () => {
  await using fixture = await openFixture();
  await fixture.ask("/disable ec2 Acme Corp reason=x");
  await fixture.say(BEN, "/audit company=Acmme Corp");
  const answer = fixture.telegram.ephemerals(BEN, GROUP).at(-1)!;
  assert.match(textOf(answer), /Nothing in the audit fits\. Did you mean one of these\?/);
  await fixture.press(BEN, answer, "Acme Corp");
  assert.match(
    fixture.ephemeralAnswers(BEN).concat(fixture.groupAnswers()).at(-1) ?? "",
    /of the audit[^]*Acme Corp/,
  );
});

import fc from "fast-check";
import assert from "node:assert/strict";
import { type Command, fieldsTyped, headOf } from "../../bot/parser/command.ts";
import { parse, type Parsed, type ParseOptions } from "../../bot/parser/parse.ts";
import { quote } from "../../bot/parser/tokenize.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import { speaksOfSecret } from "../../clients/secrets.ts";
import { aliases, commands } from "./command_vocabulary.ts";

function read(text: string, more: Partial<ParseOptions<Command>> = {}): Parsed<Command> {
  return parse(text, { commands, aliases, botName: "CountersignBot", ...more });
}

function understood(
  text: string,
  more: Partial<ParseOptions<Command>> = {},
): Parsed<Command> & { kind: "command" } {
  const parsed = read(text, more);
  assert.equal(parsed.kind, "command", `${text} → ${JSON.stringify(parsed)}`);
  return parsed as Parsed<Command> & { kind: "command" };
}

function refused(
  text: string,
  more: Partial<ParseOptions<Command>> = {},
): Parsed<Command> & { kind: "wrong" } {
  const parsed = read(text, more);
  assert.equal(parsed.kind, "wrong", `${text} → ${JSON.stringify(parsed)}`);
  return parsed as Parsed<Command> & { kind: "wrong" };
}

const accepted: readonly (readonly [typed: string, head: string, input: JsonObject])[] = [
  ["/status", "/status", {}],
  ["/STATUS", "/status", {}],
  ["/status@countersignbot", "/status", {}],
  ["/status bitdefender", "/status bitdefender", {}],
  ["/status BD", "/status bitdefender", {}],
  ["/Status GravityZone Acme Corp", "/status bitdefender", { company: "Acme Corp" }],
  ["/status ec2 “Acme Corp”", "/status ec2", { company: "Acme Corp" }],
  ["/find acme", "/find", { name: "acme" }],
  ["/find ec2", "/find", { name: "ec2" }],
  ["/find O’Brien & Sons", "/find", { name: "O'Brien & Sons" }],
  ["/find 's-Hertogenbosch BV", "/find", { name: "'s-Hertogenbosch BV" }],
  ["/find A=B Holding", "/find", { name: "A=B Holding" }],
  ["/find name=Acme", "/find", { name: "Acme" }],
  ["/whois 111222345123", "/whois", { account: "111222345123" }],
  ["/usage ec2 Acme Corp month=11/2026", "/usage ec2", { company: "Acme Corp", month: "11/2026" }],
  ["/usage ec2 month=11/2026 Acme Corp", "/usage ec2", { company: "Acme Corp", month: "11/2026" }],
  ["/usage ec2 MONTH=11/2026", "/usage ec2", { month: "11/2026" }],
  ["/usage ec2 “month=x Corp”", "/usage ec2", { company: "month=x Corp" }],
  ["/list apono status=active limit=5", "/list apono", { status: "Active", limit: 5 }],
  ["/list apono deleted=TRUE types=mysql,postgresql", "/list apono", {
    deleted: true,
    types: ["mysql", "postgresql"],
  }],
  ['/list apono name="prod db"', "/list apono", { name: "prod db" }],
  ["/list apono name='prod \"db\" 1'", "/list apono", { name: 'prod "db" 1' }],
  ["/catalog", "/catalog", {}],
  ["/catalog mysql", "/catalog", { type: "mysql" }],
  ["/export tenable status", "/export tenable status", {}],
  ["/export Tenable START chunk=100", "/export tenable start", { chunk: 100 }],
  ["/webhook kaseya create 7", "/webhook kaseya create", { id: "7" }],
  ["/approve k7q2x", "/approve", { code: "k7q2x" }],
  ["/audit", "/audit", {}],
  ["/audit 20 company=Acme", "/audit", { n: 20, company: "Acme" }],
  ["/audit verify", "/audit verify", {}],
  ["/freeze vendor outage", "/freeze", { reason: "vendor outage" }],
  ["/freeze bd for=2h vendor outage", "/freeze", {
    target: "bitdefender",
    for: "2h",
    reason: "vendor outage",
  }],
  ["/freeze for=2h OpsRamp is moving", "/freeze", { target: "opsramp", for: "2h", reason: "is moving" }],
  ['/freeze "snow" storm', "/freeze", { target: "snow", reason: "storm" }],
  ["/freeze data centre move", "/freeze", { reason: "data centre move" }],
  ["/help disable ec2", "/help", { verb: "disable", target: "ec2" }],
  [
    "/enable ec2 Acme Corp role=arn:aws:iam::1:role/test",
    "/enable ec2",
    { company: "Acme Corp", role: "arn:aws:iam::1:role/test" },
  ],
  [
    "/tag apono r1 Team=Core env=prod —owner",
    "/tag apono",
    { resource: "r1", tags: { Team: "Core", env: "prod" }, drop: ["owner"] },
  ],
  ["/tag apono r1 aws:createdBy=x a/b=", "/tag apono", {
    resource: "r1",
    tags: { "aws:createdBy": "x", "a/b": "" },
  }],
  ['/tag apono r1 "cost center"="a b" "-old key"', "/tag apono", {
    resource: "r1",
    tags: { "cost center": "a b" },
    drop: ["old key"],
  }],
  ["/tag apono r1 season=x", "/tag apono", { resource: "r1", tags: { season: "x" } }],
  [
    "/create apono type=mysql name=prod config.Host_Name=h config.port=1 secret.aws.secret_id=s",
    "/create apono",
    { type: "mysql", name: "prod", config: { Host_Name: "h", port: "1" }, secrets: { "aws.secret_id": "s" } },
  ],
  [
    '/map opsramp INTG-1 IN alert priority Alert.prio P1=High "Very Low"=P5',
    "/map opsramp",
    {
      id: "INTG-1",
      direction: "in",
      entity: "ALERT",
      attribute: "priority",
      theirs: "Alert.prio",
      pairs: { P1: "High", "Very Low": "P5" },
    },
  ],
  [
    "/map opsramp Service Desk in incident Status stats.Ticket Open=New",
    "/map opsramp",
    {
      id: "Service Desk",
      direction: "in",
      entity: "INCIDENT",
      attribute: "Status",
      theirs: "stats.Ticket",
      pairs: { Open: "New" },
    },
  ],
  [
    '/map opsramp "Desk in EU" out incident Status in',
    "/map opsramp",
    { id: "Desk in EU", direction: "out", entity: "INCIDENT", attribute: "Status", theirs: "in" },
  ],
  [
    "/notifier opsramp 5 uri=https://example.com/x?a=b auth=oauth2 apiKey=k",
    "/notifier opsramp",
    { id: "5", uri: "https://example.com/x?a=b", auth: "OAUTH2", apiKey: "k" },
  ],
];

for (const [typed, head, input] of accepted) {
  Deno.test(`parse understands ${typed}`, () => {
    const parsed = understood(typed);
    assert.equal(headOf(parsed.command), head);
    assert.deepEqual(parsed.input, input);
    assert.equal(parsed.command.input.safeParse(parsed.input).success, true);
  });
}

Deno.test("parse leaves alone what is no command or is for another bot", () => {
  for (
    const text of [
      "",
      "hello",
      "/",
      "/ status",
      "//",
      "see /status",
      "/etc/passwd is a path",
      "/@CountersignBot",
    ]
  ) {
    assert.deepEqual(read(text), { kind: "not_a_command" }, text);
  }
  for (const text of ["/status@otherbot", "/disable@OtherBot ec2 Acme secret=abc"]) {
    assert.deepEqual(read(text), { kind: "for_other_bot" }, text);
  }
});

Deno.test("parse takes reason= and ticket= on every change and on nothing else", () => {
  const parsed = understood('/disable ec2 Acme Corp reason="off-boarding, all of it" ticket=4711');
  assert.deepEqual(parsed.input, { company: "Acme Corp" });
  assert.equal(parsed.reason, "off-boarding, all of it");
  assert.equal(parsed.ticket, "4711");
  assert.equal("reason" in understood("/export tenable cancel"), false);
  assert.equal(refused("/list apono reason=x").code, "unknown_option");
});

Deno.test("parse keeps a field of the command that is itself called reason", () => {
  const parsed = understood('/freeze reason="vendor outage"');
  assert.deepEqual(parsed.input, { reason: "vendor outage" });
  assert.equal(parsed.reason, undefined);
});

Deno.test("parse names the secrets that are asked for", () => {
  assert.deepEqual(understood("/enable ec2 Acme key=AKIA1 secret=?").asked, ["secret"]);
  assert.deepEqual(understood("/enable ec2 Acme key=AKIA1 secret=“？”.").asked, ["secret"]);
  assert.deepEqual(understood("/enable ec2 Acme secret=?, key=AKIA1").input, {
    company: "Acme",
    secret: "?",
    key: "AKIA1",
  });
  assert.deepEqual(understood("/create apono name=x Secret.Apono.password=?").asked, [
    "secret.Apono.password",
  ]);
  assert.deepEqual(understood("/update datto 5 new_client_secret=?").asked, ["new_client_secret"]);
  assert.deepEqual(understood("/notifier opsramp 5 uri=https://a.example auth=JWT APISECRET=?").asked, [
    "apiSecret",
  ]);
  assert.deepEqual(
    understood("/create apono", { document: { name: "x", secret_store: [{ password: "?" }] } }).asked,
    ["secret_store.0.password"],
  );
});

const secretsTyped: readonly (readonly [typed: string, fields: readonly string[]])[] = [
  ["/enable ec2 Acme key=AKIA1 secret=wJalr", ["secret"]],
  ["/enable ec2 Acme key=AKIA1 SECRET = wJalr", ["SECRET"]],
  ["/enable ec2 Acme key=AKIA1 secret= wJalr", ["secret"]],
  ["/enable ec2 Acme secret=abc=def", ["secret"]],
  ["/enable ec2 Acme ｓｅｃｒｅｔ＝abc", ["secret"]],
  ["/enable ec2 Acme sec\u200Bret=abc", ["secret"]],
  ["/enabel ec2 Acme secret=abc", ["secret"]],
  ["/nothing password=abc token=“d e”", ["password", "token"]],
  ["/disable nowhere apikey=abc", ["apikey"]],
  ["/status api_key=abc", ["api_key"]],
  ["/find acme clientSecret=abc", ["clientSecret"]],
  ["/find acme reason=“the password=abc was old”", ["password"]],
  ["/notifier opsramp 5 uri=https://a.example/x?token=abc auth=NONE", ["token"]],
  ["/notifier opsramp 5 uri=https://a.example auth=JWT apisecret=abc", ["apisecret"]],
  ["/create apono secret.apono.user=abc", ["secret.apono.user"]],
  ["/create apono config.password=abc", ["config.password"]],
  ["/update datto 5 new_client_secret=abc", ["new_client_secret"]],
  ["/update datto 5 new_anything=abc", ["new_anything"]],
  ["/tag apono r1 access_token=abc", ["access_token"]],
  ['/update datto 5 {"password": "abc"}', ["password"]],
];

for (const [typed, fields] of secretsTyped) {
  Deno.test(`parse stops at a secret written out: ${typed}`, () => {
    const parsed = read(typed);
    assert.equal(parsed.kind, "literal_secret", JSON.stringify(parsed));
    assert.deepEqual(parsed.kind === "literal_secret" && parsed.fields, fields);
    assert.doesNotMatch(JSON.stringify(parsed), /abc|wJalr/);
  });
}

Deno.test("parse stops at a secret in a document, whatever the command", () => {
  const document = {
    name: "x",
    store: { apono: [{ password: "abc" }, { password: "?" }] },
    token: null,
    new_method: true,
  };
  for (const text of ["/create apono", "/craete apono", "/status", "/create nowhere"]) {
    const parsed = read(text, { document });
    assert.equal(parsed.kind === "literal_secret" && parsed.fields.join(), "store.apono.0.password", text);
  }
});

Deno.test("parse does not take for a secret what the command declares as none", () => {
  assert.equal(
    understood("/notifier opsramp 5 uri=https://a.example auth=NONE apiKey=abc").input.apiKey,
    "abc",
  );
  assert.equal(
    understood("/create apono name=x secret.aws.secret_id=arn:aws:secretsmanager:eu:1:secret:/prod").kind,
    "command",
  );
  assert.equal(understood("/tag apono r1 new_method=true").kind, "command");
});

Deno.test("parse takes a document where the command does, with words beside it", () => {
  const document = { name: "prod", integration_config: { host: "h" }, extra: 1 };
  assert.deepEqual(understood("/create apono type=mysql", { document }).input, { type: "mysql", document });
  assert.deepEqual(understood("/status", { document }).input, {});
});

const documents: readonly (readonly [
  why: string,
  text: string,
  more: { document?: Json; documentError?: string },
  said: RegExp,
])[] = [
  [
    "a wrong leaf by its path",
    "/create apono",
    { document: { integration_config: { port: 1 } } },
    /integration_config\.port must be a string, not 1\./,
  ],
  [
    "a list instead of an object",
    "/create apono",
    { document: [] },
    /^The document must be an object, not a list\.$/,
  ],
  [
    "what was wrong with the file",
    "/create apono",
    { documentError: "The file is not JSON: line 3." },
    /^The file is not JSON: line 3\.$/,
  ],
  ["a change that takes none", "/disable ec2 Acme reason=x", { document: {} }, /takes no document/],
  ["JSON typed into the line", '/create apono {"name":"x"}', {}, /as its caption, or reply/],
];

for (const [why, text, more, said] of documents) {
  Deno.test(`parse refuses a document and says why: ${why}`, () => {
    const parsed = refused(text, more);
    assert.equal(parsed.code, "bad_document");
    assert.match(parsed.sentence, said);
  });
}

const refusals:
  readonly (readonly [typed: string, code: string, said: RegExp, suggestions: readonly string[]])[] = [
    ["/staus bitdefender", "unknown_verb", /no command "\/staus"/, ["/status bitdefender"]],
    ["/fnd ec2", "unknown_verb", /no command/, ["/find ec2"]],
    ["/stat", "unknown_verb", /no command/, ["/status"]],
    ["/disabel ec2 Acme Corp", "unknown_verb", /no command/, [
      "/disable ec2 Acme Corp",
    ]],
    ["/enable_ec2 Acme", "unknown_verb", /no command/, ["/enable ec2 Acme"]],
    ["/ec2 disable Acme", "unknown_verb", /no command/, ["/disable ec2 Acme"]],
    ["/bd", "unknown_verb", /no command/, ["/status bitdefender"]],
    ["/zzzzzzzz", "unknown_verb", /no command/, []],
    ["/disable", "missing_argument", /needs a target: ec2 or opsramp\.$/, [
      "/disable ec2",
      "/disable opsramp",
    ]],
    ["/disable ec3 Acme", "unknown_target", /does not know "ec3"/, ["/disable ec2 Acme"]],
    ["/disable opsrmp 5", "unknown_target", /It takes ec2 or opsramp/, ["/disable opsramp 5"]],
    ["/rotate ec2 Acme", "unknown_target", /no \/rotate for ec2/, [
      "/status ec2 Acme",
      "/usage ec2 Acme",
      "/enable ec2 Acme",
      "/disable ec2 Acme",
    ]],
    ["/status gravityzon", "unknown_target", /does not know/, ["/status bitdefender"]],
    ["/rotate apono 4", "unknown_target", /no \/rotate for apono/, [
      "/status apono",
      "/list apono",
      "/show apono 4",
      "/create apono",
    ]],
    ["/statsu apono 4", "unknown_verb", /no command/, ["/status apono"]],
    ["/update datto 5 name= Big", "too_many_words", /Does "Big" belong to name=/, [
      "/update datto 5 name=Big",
    ]],
    ["/status acme", "unknown_target", /It takes bitdefender, ec2 or apono/, []],
    ["/export tenable", "missing_argument", /one more word: status, start or cancel/, [
      "/export tenable status",
      "/export tenable start",
      "/export tenable cancel",
    ]],
    ["/export tenable strat chunk=60", "unknown_target", /does not know "strat"/, [
      "/export tenable start chunk=60",
    ]],
    ["/audit verfy", "bad_value", /<n> must be a number, not "verfy"/, ["/audit verify"]],
    ["/audit 0", "bad_value", /<n> must be at least 1/, []],
    ["/usage ec2 Acme mont=11/2026", "unknown_option", /no option mont=.*month=/, [
      "/usage ec2 Acme month=11/2026",
    ]],
    ["/disable ec2 Acme reson=x", "unknown_option", /no option reson=.*quotes/, [
      "/disable ec2 Acme reason=x",
    ]],
    [
      "/enable ec2 Acme rol=arn:x",
      "unknown_option",
      /It takes role=, key=, secret=, reason=, ticket=, for= or at=/,
      [
        "/enable ec2 Acme role=arn:x",
      ],
    ],
    ["/freeze fro=2h vendor outage", "unknown_option", /no option fro=.*for=/, [
      "/freeze for=2h vendor outage",
    ]],
    ["/audt colour=red", "unknown_verb", /no command/, ["/audit"]],
    ["/list apono colour=red", "unknown_option", /no option colour=/, []],
    ["/status foo=bar", "unknown_option", /takes no options/, []],
    ["/update datto 5 nme=x", "unknown_option", /does not know nme=.*name=/, ["/update datto 5 name=x"]],
    ["/find", "missing_argument", /^\/find needs <name>\.$/, []],
    ["/disable ec2 Acme Corp", "missing_argument", /^\/disable ec2 needs reason=…, because/, [
      "/disable ec2 Acme Corp reason=",
    ]],
    ['/disable ec2 Acme Corp reason=" "', "missing_argument", /needs reason=…/, [
      "/disable ec2 Acme Corp reason=",
    ]],
    ["/disable ec2", "missing_argument", /needs <company> and reason=…/, []],
    ["/notifier opsramp 5", "missing_argument", /needs uri= and auth=/, ["/notifier opsramp 5 uri= auth="]],
    ["/enable ec2 Acme", "bad_value", /Give either role= or key=\./, []],
    ["/enable ec2 Acme role=arm:x", "bad_value", /^role= must/, []],
    ["/usage ec2 month=2026", "bad_value", /month= is not right: a month looks like 11\/2026\./, []],
    ["/list apono status=activ", "bad_value", /status= must be Active, Error or Paused, not "activ"/, [
      "/list apono status=Active",
    ]],
    ["/list apono limit=99", "bad_value", /limit= must be at most 50, not 99/, []],
    ["/list apono limit=many", "bad_value", /limit= must be a number, not "many"/, []],
    ["/list apono limit=1.5", "bad_value", /limit= must be a whole number/, []],
    ["/list apono name=x name=y", "bad_value", /given twice/, []],
    ["/tag apono r1 a=1 a=2", "bad_value", /given twice/, []],
    ["/notifier opsramp 5 uri=nowhere auth=NONE", "bad_value", /uri= must be an address such as/, []],
    ["/list apono name= prod", "bad_value", /name= has no value/, ["/list apono name=prod"]],
    ["/enable ec2 Acme role = arn:x", "bad_value", /no space around/, ["/enable ec2 Acme role=arn:x"]],
    ["/enable ec2 Acme role =arn:x", "bad_value", /no space around/, ["/enable ec2 Acme role=arn:x"]],
    ["/enable ec2 Acme key=? secret=?", "bad_value", /"\?" is only for secrets/, []],
    ["/find “Acme", "bad_value", /never closed/, []],
    ["/approve K7Q2X now", "too_many_words", /does not expect "now" after <code>/, []],
    ["/export tenable cancel now", "too_many_words", /does not expect "now"/, ["/export tenable cancel"]],
    [
      "/disable ec2 Acme reason=off boarding now ticket=1",
      "too_many_words",
      /Does "boarding" belong to reason=/,
      [
        '/disable ec2 Acme reason="off boarding now" ticket=1',
      ],
    ],
    ["/list apono name=prod db", "too_many_words", /Does "db" belong to name=/, [
      '/list apono name="prod db"',
    ]],
    ["/freeze opsrmp vendor outage", "bad_value", /Is "opsrmp" meant to be opsramp/, [
      "/freeze opsramp vendor outage",
      '/freeze "opsrmp" vendor outage',
    ]],
    ["/map opsramp 5 inn ALERT a b.c x=y", "bad_value", /<direction> must be in or out, not "inn"/, [
      "/map opsramp 5 in ALERT a b.c x=y",
    ]],
  ];

for (const [typed, code, said, suggestions] of refusals) {
  Deno.test(`parse refuses ${typed} and says what to type`, () => {
    const parsed = refused(typed);
    assert.match(parsed.sentence, said);
    assert.equal(parsed.code, code);
    assert.deepEqual(parsed.suggestions, suggestions);
    assert.match(parsed.sentence, /[.?]$/);
  });
}

Deno.test("parse shows the usage where it is clear which command was meant", () => {
  assert.equal(refused("/disable ec2").usage, "/disable ec2 <company> reason=<why>");
  assert.equal(refused("/disable").usage, undefined);
  assert.equal(refused("/status acme").usage, undefined);
});

Deno.test("parse treats __proto__ as an ordinary word", () => {
  const parsed = understood("/tag apono r1 __proto__=x constructor=y");
  assert.deepEqual(Object.keys(parsed.input.tags as JsonObject), ["__proto__", "constructor"]);
  assert.equal(refused("/__proto__").code, "unknown_verb");
  assert.equal(refused("/status __proto__").code, "unknown_target");
  assert.equal(refused("/status constructor").code, "unknown_target");
});

const anyLine = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.array(
    fc.oneof(
      fc.constantFrom(
        ...commands.map(headOf),
        "secret=?",
        "role=",
        "=",
        "-x",
        "“",
        '"',
        "'",
        "reason=x",
        "?",
        "{",
        "bd",
        "in",
        "config.a=b",
        "month=1",
        "@CountersignBot",
      ),
      fc.string({ unit: "grapheme", maxLength: 8 }),
    ),
    { maxLength: 8 },
  ).map((parts) => parts.join(" ")),
);

Deno.test("parse never throws, and what it understands passes the command's schema", () => {
  fc.assert(
    fc.property(anyLine, fc.option(fc.jsonValue(), { nil: undefined }), (text, document) => {
      for (const line of [text, `/${text}`]) {
        const parsed = read(line, { document: document as Json | undefined });
        if (parsed.kind === "command") assert.ok(parsed.command.input.safeParse(parsed.input).success);
        if (parsed.kind === "wrong") assert.ok(parsed.sentence.length > 0 && parsed.suggestions.length <= 4);
      }
    }),
    { numRuns: 2000 },
  );
});

/** A value that the keyboard would leave as it is; quotes of both kinds at once have no spelling. */
const value = fc.array(
  fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9=:/.,?!-]{1,6}$/),
    fc.constantFrom("é", "O'B", '5"', "Zürich", "👩‍🚒", "=", "-x"),
  ),
  { minLength: 1, maxLength: 4 },
).map((parts) => parts.join(" "))
  .filter((text) => !/(^| )-{2,}[A-Za-z0-9]/.test(text))
  .filter((text) => !/(secret|token|new_)/.test(text));

Deno.test("quote makes a command built from parts come back as the parts", () => {
  fc.assert(
    fc.property(value, value, value, (company, role, reason) => {
      const parsed = understood(
        `/enable ec2 ${quote(company)} role=${quote(`arn:${role}`)} reason=${quote(reason)}`,
      );
      assert.deepEqual(parsed.input, { company, role: `arn:${role}` });
      assert.equal(parsed.reason, reason);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("quote makes any key and value of an open record come back", () => {
  const tag = commands.find((command) => headOf(command) === "/tag apono");
  assert(tag);
  const taken = new Set(fieldsTyped(tag).map(({ name }) => name));
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 ]{0,6}[A-Za-z0-9]$/).filter((text) =>
    !/ {2}/.test(text) && !speaksOfSecret(text) && !taken.has(text.toLowerCase())
  );
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (tags) => {
      const keys = Object.keys(tags).map((name) => name.toLowerCase());
      fc.pre(new Set(keys).size === keys.length);
      const pairs = Object.entries(tags).map(([name, text]) => `${quote(name)}=${quote(text)}`);
      assert.deepEqual(understood(["/tag apono r1", ...pairs].join(" ")).input.tags, tags);
    }),
  );
});

Deno.test("a suggestion that would do something else is worse than none", () => {
  for (
    const text of [
      "/restart everything",
      "/enable 1",
      "/delegate Ben",
      "/refresh apono 1 reason=because foo=bar",
    ]
  ) {
    const parsed = parse(text, { commands, aliases, botName: "countersign_bot" });
    assert(parsed.kind === "wrong", text);
    assert.deepEqual(
      parsed.suggestions.filter((one) => /start|s1|sentinelone|delete|release|for=/.test(one)),
      [],
      text,
    );
  }
});

Deno.test("an option typed with a colon is asked about, and the rest of it goes along", () => {
  const parsed = parse("/disable ec2 Acme Corp reason: no longer a customer", {
    commands,
    aliases,
    botName: "countersign_bot",
  });
  assert(parsed.kind === "wrong");
  assert.deepEqual(parsed.suggestions, ['/disable ec2 Acme Corp reason="no longer a customer"']);
});

Deno.test("quotes within quotes belong to the text", () => {
  const parsed = parse('/disable ec2 Acme Corp reason="a “b” — c"', {
    commands,
    aliases,
    botName: "countersign_bot",
  });
  assert(parsed.kind === "command", JSON.stringify(parsed));
  assert.equal(parsed.reason, 'a "b" - c');
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundledTasks } from "../../bot/ops/bundle.ts";
import { healthUrl } from "../../bot/ops/health.ts";
import { BEN, GROUP } from "../sandbox/stage.ts";
import { openSurroundings, run, start } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = ["deno.json", "deno.lock", "bot", "handlers", "clients"];

Deno.test("bundledTasks keeps the tasks that run the bundled programs, and points them at those", () => {
  const task = (command: string) => ({ description: "", command });
  const tasks = bundledTasks({
    start: task("X=$(deno run --frozen bot/ops/permissions.ts folder) && deno run --frozen bot/main.ts"),
    test: task("deno run --frozen tests/run.ts"),
    docs: task("deno run --frozen bot/ops/bundle.ts"),
  });
  assert.deepEqual(tasks, {
    start: task("X=$(deno run --no-npm ops/permissions.js folder) && deno run --no-npm main.js"),
  });
});

/** Beside the bot in its process: what Deno says to whoever wants a package. */
const INTRUDER =
  `import(["npm:@countersign", "elsewhere"].join("/")).catch(({ message }) => console.error(message));`;

Deno.test("the bundle answers with least permissions, needs no package and gets none, and drains", async () => {
  const folder = await Deno.makeTempDir({ prefix: "countersign-bundle-" });
  try {
    for (const name of SOURCES) await Deno.symlink(ROOT + name, join(folder, name));
    const dist = join(folder, "dist");
    const [database, stale] = [join(dist, "data", "countersign.db"), join(dist, "chunk-OLD.js")];
    await Deno.mkdir(join(dist, "data"), { recursive: true });
    for (const file of [database, stale]) await Deno.writeTextFile(file, "");
    const made = await run({
      command: Deno.execPath(),
      args: ["task", "-q", "bundle"],
      cwd: folder,
      environment: {},
    });
    assert.equal(made.code, 0, made.output);
    assert.deepEqual([existsSync(database), existsSync(stale)], [true, false]);
    const programs = ["backup", "health", "migrate", "audit_verify", "permissions", "policy"];
    for (const name of ["main.js", ...programs.map((program) => `ops/${program}.js`)]) {
      const mains = (await Deno.readTextFile(join(dist, name))).match(/\bimport\.meta\.main\b/g) ?? [];
      assert.ok(mains.length <= 1, `${name} holds ${mains.length} programs`);
    }
    const main = join(dist, "main.js");
    await Deno.writeTextFile(main, `${INTRUDER}\n${await Deno.readTextFile(main)}`);

    await using surroundings = openSurroundings();
    const { telegram } = surroundings;
    const cache = join(folder, "cache");
    const task = (name: string) => ({
      command: Deno.execPath(),
      args: ["task", "-q", name],
      cwd: dist,
      environment: { ...surroundings.environment, DENO_DIR: cache },
    });
    await using bot = start(task("start"));
    await bot.says('"started"');
    await bot.says("--no-npm is specified");
    telegram.say(BEN, GROUP, "/ping");
    await telegram.until(() => telegram.last(GROUP), "an answer");
    telegram.say(BEN, GROUP, "/usage ec2 months=1");
    await telegram.until(() => telegram.last(GROUP)?.photo, "a picture");
    const metrics = await fetch(`${surroundings.url}/metrics`);
    assert.match(await metrics.text(), /^countersign_updates_total\{result="accepted"\} \d+$/m);
    assert.deepEqual(await run(task("health")), { output: "healthy\n", code: 0 });
    const proxied = task("health");
    const environment = { ...proxied.environment, HTTP_PROXY: "http://127.0.0.1:9" };
    assert.equal((await run({ ...proxied, environment })).code, 0, "what is near is not asked by the proxy");
    assert.match((await run(task("policy"))).output, /^Name a file/);
    assert.match((await run(task("backup"))).output, /: audit intact/);
    assert.equal((await bot.terminate()).code, 0);
    const dead = await run(task("health"));
    assert.match(dead.output, /^nobody answers at http:\/\/127\.0\.0\.1:\d+\/healthz: /);
    assert.equal(dead.code, 1);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(cache, "npm"))), [], "no package was fetched");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test.each([
  ["0.0.0.0", "8080", "http://127.0.0.1:8080/healthz"],
  ["::", "8080", "http://[::1]:8080/healthz"],
  ["[::1]", "80", "http://[::1]:80/healthz"],
  ["10.0.0.7", "9000", "http://10.0.0.7:9000/healthz"],
])("healthUrl of %s and %s", (host, port, url) => assert.equal(healthUrl(host, port), url));

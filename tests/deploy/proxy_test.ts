import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { freePort } from "../free_port.ts";
import { leastPermissions, openSurroundings, type Program, start } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MIB = 1024 * 1024;

/** A proxy with the configuration that comes with the bot, changed only in where it listens and whom it asks. */
interface Proxy {
  readonly name: string;
  program(folder: string, port: number, botPort: string): Promise<Program>;
}

const caddy: Proxy = {
  name: "caddy",
  program: (folder, port, botPort) =>
    Promise.resolve({
      command: "caddy",
      args: ["run", "--adapter", "caddyfile", "--config", `${ROOT}deploy/Caddyfile`],
      cwd: folder,
      environment: {
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        BOT: `localhost:${botPort}`,
        HOME: folder,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
      },
    }),
};

const nginx: Proxy = {
  name: "nginx",
  async program(folder, port, botPort) {
    const given = await Deno.readTextFile(`${ROOT}deploy/nginx.conf`);
    const server = given.replace("listen 443 ssl;", `listen 127.0.0.1:${port};`).replaceAll(
      /^\s*ssl_.*$/gm,
      "",
    )
      .replace("127.0.0.1:8080", `127.0.0.1:${botPort}`);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
      `${name}_temp_path ${name};`
    );
    const whole = `daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
      http { access_log off; ${paths.join(" ")}\n${server}\n}`;
    await Deno.writeTextFile(`${folder}/nginx.conf`, whole);
    return {
      command: "nginx",
      args: ["-p", folder, "-e", "stderr", "-c", `${folder}/nginx.conf`],
      cwd: folder,
      environment: {},
    };
  },
};

for (const proxy of [caddy, nginx]) {
  const isMissing = !await isInstalled(proxy.name);
  Deno.test({
    name: `${proxy.name} passes updates and secret pages on, and nothing else` +
      (isMissing ? `: skipped, ${proxy.name} is missing` : ""),
    ignore: isMissing,
    fn: () => proxied(proxy),
  });
}

async function proxied(proxy: Proxy): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "countersign-proxy-" });
  // Nginx leaves work that needs no rights to somebody else, who has to get in here.
  await Deno.chmod(folder, 0o755);
  const port = freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  await using surroundings = openSurroundings({
    publicUrl,
    environment: { DATABASE_URL: "sqlite::memory:" },
  });
  const { telegram, environment } = surroundings;
  {
    await using running = start(await proxy.program(folder, port, environment["PORT"] ?? ""));
    await using bot = start({
      command: Deno.execPath(),
      args: ["run", "-q", "--frozen", ...leastPermissions(environment), "bot/main.ts"],
      cwd: ROOT,
      environment,
    });
    await bot.says('"started"');
    assert.equal(telegram.calls("setWebhook")[0]?.parameters["url"], `${publicUrl}/telegram`);
    telegram.say(BEN, GROUP, "/ping");
    await telegram.until(() => telegram.last(GROUP), "an answer");

    telegram.say(ANA, GROUP, "/enable ec2 Acme Labs key=AKIAIOSFODNN7EXAMPLE secret=?");
    const link = await telegram.until(() => {
      const shown = telegram.answers(ANA).map(render).join("\n");
      return new RegExp(`${publicUrl}/secret/[\\w-]+`).exec(shown)?.[0];
    }, "a link");
    assert.deepEqual(await statusOf(link), 200);
    const entered = await fetch(link, { method: "POST", body: new URLSearchParams({ secret: "a-key" }) });
    assert.match(await entered.text(), /Received/);

    const post = (secret: string, body: string) =>
      fetch(`${publicUrl}/telegram`, {
        method: "POST",
        headers: { "x-telegram-bot-api-secret-token": secret },
        body,
      });
    assert.equal((await discarded(await post("x", "{}"))).status, 401);
    for (const path of ["/metrics", "/healthz", "/readyz", "/", "/telegram/x"]) {
      assert.equal(await statusOf(`${publicUrl}${path}`), 404, path);
    }
    assert.ok([401, 413].includes((await discarded(await post("x", "x".repeat(2 * MIB)))).status));
    assert.equal((await bot.terminate()).code, 0);
    const right = environment["TELEGRAM_WEBHOOK_SECRET"] ?? "";
    assert.equal((await discarded(await post(right, "{}"))).status, 502, "Telegram sends it again");
    assert.equal(await statusOf(link), 502);
    const [token = ""] = link.split("/").slice(-1);
    for (const secret of [token, right]) {
      assert.ok(!running.output().includes(secret), running.output());
    }
  }
  await Deno.remove(folder, { recursive: true });
}

async function statusOf(url: string): Promise<number> {
  return (await discarded(await fetch(url))).status;
}

async function discarded(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}

async function isInstalled(name: string): Promise<boolean> {
  const asked = new Deno.Command(name, {
    args: [name === "nginx" ? "-v" : "version"],
    stdout: "null",
    stderr: "null",
  });
  try {
    return (await asked.output()).success;
  } catch {
    return false;
  }
}

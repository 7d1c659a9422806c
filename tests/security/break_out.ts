/**
 * The bot with somebody else's code in its process: once it has started, that code tries to get out and says, as one
 * JSON line, what came of each attempt. Arguments: a file that is not the bot's, an address that is not a vendor's.
 */
import "../../bot/main.ts";

const [file = "", address = ""] = Deno.args;

/** Attempts by name; each is denied, or this process is less closed than it should be. */
const attempts: Readonly<Record<string, () => unknown>> = {
  "run a program": () => new Deno.Command("true").outputSync(),
  "run this program again": () => new Deno.Command(Deno.execPath()).outputSync(),
  "read another file": () => Deno.readTextFileSync(file),
  "read its own sources": () => Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  "write another file": () => Deno.writeTextFileSync(file, "was here"),
  "delete another file": () => Deno.removeSync(file),
  "link out of its folder": () => Deno.symlinkSync(file, "link"),
  "connect elsewhere": () => fetch(address),
  "connect by another name": () =>
    Deno.connect({ hostname: "localhost", port: Number(new URL(address).port) }),
  "listen elsewhere": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "look at the machine": () => Deno.hostname(),
  "import from elsewhere": () => import(["https:", "", "esm.sh", "zod"].join("/")),
  "import a package": () => import(["npm:@countersign", "elsewhere"].join("/")),
  "ask for more": async () => {
    const { state } = await Deno.permissions.request({ name: "run" });
    if (state !== "granted") throw new Deno.errors.NotCapable();
  },
};

const results: Record<string, string> = { "see another variable": Deno.env.get("SOMEONES_KEY") ?? "unset" };
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    results[name] = "done";
  } catch (error) {
    results[name] = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ attempts: results })}\n`));

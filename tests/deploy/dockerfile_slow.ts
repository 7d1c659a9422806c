import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { build, type Image } from "./dockerfile.ts";
import { openSurroundings, run, start } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const npmIsMissing = !await new Deno.Command("npm", { args: ["--version"], stdout: "null", stderr: "null" })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name: "the Dockerfile makes a bot that answers as nobody, writes only data, is healthy and drains" +
    (npmIsMissing ? ": skipped, npm is missing" : ""),
  ignore: npmIsMissing,
  async fn() {
    await using folder = await temporaryFolder();
    const image = await build(await Deno.readTextFile(`${ROOT}Dockerfile`), ROOT, folder.path);
    assert.ok(image.uid > 0, "not root");
    const before = await filesOutside(image);
    await using surroundings = openSurroundings();
    const program = (command: readonly string[]) => ({
      command: join(image.root, "usr/local/bin", command[0] ?? ""),
      args: command.slice(1),
      cwd: image.workdir,
      environment: { ...image.environment, ...surroundings.environment, HOME: "/nonexistent", DENO_DIR: "" },
      ...(Deno.uid() === 0 ? { uid: image.uid } : {}),
    });

    assert.equal((await run(program(image.healthCheck))).code, 1, "not healthy before the start");
    await using bot = start(program(image.command));
    await bot.says('"started"');
    assert.equal((await run(program(image.healthCheck))).code, 0, "healthy");
    const { telegram } = surroundings;
    telegram.say(BEN, GROUP, "/ping");
    await telegram.until(() => telegram.answers(GROUP).some((answer) => /\d/.test(render(answer))), "a pong");
    assert.equal((await bot.terminate()).code, 0, bot.output());
    assert.deepEqual(await filesOutside(image), before, "nothing is written beside the volume");
    assert.ok((await Deno.stat(join(image.volumes[0] ?? "", "countersign.db"))).size > 0);
  },
});

/** One that others may look into, so that the bot can run as somebody else. */
async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "countersign-image-" });
  await Deno.chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Every file of the image but those on volumes, with when it was changed. */
async function filesOutside({ root, volumes }: Image): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (volumes.includes(path)) continue;
      if (isDirectory) await walk(path);
      else found.push(`${path} ${(await Deno.stat(path)).mtime?.toISOString()}`);
    }
  };
  await walk(root);
  return found.sort();
}

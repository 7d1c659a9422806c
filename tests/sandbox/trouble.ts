import type { Stage } from "./stage.ts";

/** GravityZone's numbers for how an integration stands. */
const [ACTIVE, ERROR] = [5, 6];
const DAY_MS = 86_400_000;

type Worlds = Pick<Stage, "gravityzone" | "apono" | "halo">;

/** Breaks the one integration of this name, at whichever vendor it is, or mends it. Throws where there is none. */
export function setIntegration(worlds: Worlds, name: string, words: string | undefined): void {
  const { gravityzone, apono, halo } = worlds;
  const isNamed = (one: object) => "name" in one && one.name === name;
  const vm = [...gravityzone.world.integrations.values()].flat().find(isNamed);
  const access = apono.world.integrations.find(isNamed);
  const synced = Object.values(halo.records).flat().find(isNamed);
  if (vm) vm.status = words === undefined ? ACTIVE : ERROR;
  else if (access) {
    Object.assign(access, { status: words === undefined ? "Active" : "Error", details: words ?? null });
  } else if (synced) Object.assign(synced, { halointegrator_lasterror: words ?? "" });
  else throw new Error(`No integration is called "${name}".`);
}

/** Has the token of a product behind HaloPSA, such as SentinelOne, end so long from now. */
export function endToken(
  { halo, clock }: Pick<Stage, "halo" | "clock">,
  product: string,
  inMs: number,
): void {
  const [found] = halo.records[`${product}Details`] ?? [];
  if (!found || !("token_expiry" in found)) throw new Error(`HaloPSA knows no end of a token of ${product}.`);
  Object.assign(found, { token_expiry: haloTime(clock.now() + inMs), last_sync: haloTime(clock.now()) });
}

/** The last integration of GravityZone, and the token that HaloPSA knows the end of: for the page's buttons. */
export function setExample(
  stage: Worlds & Pick<Stage, "clock">,
  what: "integration" | "token",
  isBroken: boolean,
): void {
  if (what === "token") return endToken(stage, "SentinelOne", isBroken ? DAY_MS / 2 : 90 * DAY_MS);
  const one = [...stage.gravityzone.world.integrations.values()].flat().at(-1);
  setIntegration(stage, one?.name ?? "", isBroken ? "" : undefined);
}

function haloTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}

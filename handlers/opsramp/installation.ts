import type { CallOptions } from "../../clients/http.ts";
import type { Installed, OpsRamp } from "../../clients/opsramp.ts";
import { ifFound } from "../if_found.ts";
import { BadInput, type Context, type Target } from "../operation.ts";
import type { Inline } from "../reply.ts";
import { resolve } from "../resolve.ts";

const WHAT = {
  noun: "installed integration",
  plural: "installed integrations",
  field: "id",
  find: "/list opsramp",
};

/** Every installed id begins like this, so that a typed one need not be searched for. */
const ID = /^INTG-(.+)$/is;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The one installation that is meant by its id, its display name or part of it; read whole. */
export async function findInstalled(context: Context<OpsRamp>, query: string): Promise<Installed> {
  const wanted = query.trim();
  if (wanted === "") throw new BadInput("Which integration? Type its name or its id.");
  const { call } = context;
  const [, tail] = ID.exec(wanted) ?? [];
  if (tail) return await byId(context.client, `INTG-${UUID.test(tail) ? tail.toLowerCase() : tail}`, call);
  const candidates = (await context.client.listInstalled(call)).map((one) => ({
    id: one.id,
    name: nameOf(one),
  }));
  return await byId(context.client, resolve(wanted, candidates, WHAT).id, call);
}

async function byId(client: OpsRamp, id: string, call: CallOptions): Promise<Installed> {
  const installed = await ifFound(client.getInstalled(id, call));
  if (installed) return installed;
  throw new BadInput(`No installed integration has the id "${id}". Type ${WHAT.find} to see what there is.`);
}

export function nameOf(installed: Installed): string {
  return installed.displayName ?? installed.integration?.name ?? installed.id;
}

/** What kind of integration it is; an SNMP one does not say. */
export function appOf({ integration, category }: Installed): string {
  return integration?.name ?? integration?.id ?? category ?? "not said";
}

export function targetOf(installed: Installed): Target {
  return { key: `opsramp:${installed.id}`, id: installed.id, name: nameOf(installed) };
}

/** Custom integrations need a role together with an authentication. */
export function isCustom({ integration, category }: Installed): boolean {
  return [integration?.id, category].some((kind) => kind?.toUpperCase() === "CUSTOM");
}

/** In lower case; "not said" where the vendor is silent. */
export function statusOf({ status, state }: Pick<Installed, "status" | "state">): string {
  return (status ?? state ?? UNSAID).toLowerCase();
}

/** SDK apps are "Installed" instead of "enabled"; where the vendor is silent there is nothing to worry about. */
export function works(installed: Installed): boolean {
  return ["enabled", "installed", UNSAID].includes(statusOf(installed));
}

const UNSAID = "not said";

export function isDisabled(installed: Installed): boolean {
  return statusOf(installed) === "disabled";
}

/** Neither works nor was switched off by someone. */
export function isProblem(installed: Installed): boolean {
  return !works(installed) && !isDisabled(installed);
}

/** Counts by status, most frequent first: "7 enabled · 2 disabled". The words are the vendor's, the dots ours. */
export function countsOf(all: readonly Installed[]): readonly Inline[] {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(statusOf(one), (counts.get(statusOf(one)) ?? 0) + 1);
  return [...counts]
    .sort(([a, many], [b, more]) => more - many || a.localeCompare(b))
    .flatMap(([status, count], index) => [`${index > 0 ? " · " : ""}${count} `, { data: status, max: 40 }]);
}

/** What does not work first, then by name. */
export function worstFirst(all: readonly Installed[]): readonly Installed[] {
  const rank = (one: Installed) => works(one) ? 2 : isDisabled(one) ? 1 : 0;
  return all.toSorted((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
}

import { formatAge } from "../../handlers/format.ts";
import { type Line, line, type Mark } from "../../handlers/reply.ts";
import { fold } from "../../handlers/resolve.ts";
import type { ItemState } from "../../handlers/sight.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import type { EpisodesTable } from "../store/watch_tables.ts";

/** The vendor of this name, as far as it is set up. */
export type VendorNamed = (name: string) => Vendor | undefined;

export function nameOf({ name, company_name }: EpisodesTable): Line {
  return line({ data: name, max: 60 }, company_name ? line(" of ", { data: company_name, max: 40 }) : "");
}

/** "Sophos in HaloPSA", "Apono"; of it only what neither the item's name says nor the words `beside` it. */
export function placeOf(
  vendor: VendorNamed,
  { vendor: name, target, name: item }: Pick<EpisodesTable, "vendor" | "target" | "name">,
  beside = "",
): string {
  const said = ` ${fold(item)} ${fold(beside)} `;
  const isSaid = (label: string) => said.includes(` ${fold(label)} `);
  const [whole, own] = [targetLabel(vendor, name), targetLabel(vendor, name, target)];
  const isNew = !isSaid(whole) && !isSaid(systemOf(vendor, name));
  if (whole === own || isSaid(own)) return isNew ? whole : "";
  return isNew ? `${own} in ${whole}` : own;
}

export function targetLabel(vendor: VendorNamed, name: string, target = name): string {
  const found = vendor(name);
  return found?.labels?.[target] ?? found?.label ?? name;
}

/** What a vendor's failures call it. */
export function systemOf(vendor: VendorNamed, name: string): string {
  const found = vendor(name);
  return found?.system ?? found?.label ?? name;
}

export const MARKED: Readonly<Record<ItemState, Mark>> = {
  down: "down",
  attention: "attention",
  unknown: "unknown",
  off: "absent",
  fine: "fine",
};

export const SAID: Readonly<Record<ItemState, string>> = {
  down: "is down",
  attention: "needs attention",
  unknown: "is not known to be fine",
  off: "is switched off",
  fine: "is fine",
};

export const MANY: Readonly<Record<ItemState, string>> = {
  down: "are down",
  attention: "need attention",
  unknown: "are not known to be fine",
  off: "are switched off",
  fine: "are fine",
};

/** Before a time: "vcenter-eu needs attention since 10:11". */
export const LASTING: Readonly<Record<ItemState, string>> = {
  down: "down",
  attention: "needs attention",
  unknown: "unknown",
  off: "off",
  fine: "fine",
};

/** " · was fine for 12 days", " · was off" */
export function wasBefore({ was, fine_since, opened_at }: EpisodesTable): string {
  if (was === null) return "";
  return was === "fine" && fine_since !== null
    ? ` · was fine for ${formatAge(opened_at - fine_since)}`
    : ` · was ${WAS[was]}`;
}

export const WAS: Readonly<Record<ItemState, string>> = {
  down: "down",
  attention: "in need of attention",
  unknown: "not known",
  off: "switched off",
  fine: "fine",
};

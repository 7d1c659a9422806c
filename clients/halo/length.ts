/**
 * How many characters HaloPSA keeps of a text, by the sizes of its database's columns; what is not here has no size
 * that is known. More is refused by its database in no words that help.
 */
const COLUMNS: Readonly<Record<string, number>> = {
  name: 250,
  url: 1_000,
  server_url: 1_000,
  username: 1_000,
  token_id: 250,
  webhook_ticket_summary: 4_000,
};

/** The newest tables have sizes of their own. */
const OWN_COLUMNS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ArmisDetails: { url: 250 },
  KaseyaVSAXDetails: { url: 250 },
  SentinelOneDetails: { url: 500 },
  SophosDetails: { name: 1_000, client_id: 250 },
};

export function longest(details: string, field: string): number {
  return OWN_COLUMNS[details]?.[field] ?? COLUMNS[field] ?? Infinity;
}

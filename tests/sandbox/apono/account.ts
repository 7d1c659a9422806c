import { checkAgainst, type Written } from "./body.ts";
import { notFound, Refusal } from "./refusal.ts";
import type { Stored, World } from "./world.ts";

/** How long a first load or a refresh takes. */
const SETTLES_MS = 8_000;

export interface AccountOptions {
  readonly world: World;
  readonly now: () => number;
  readonly duplicateStatus: 400 | 409;
}

/** The records of the emulated account and the rules that hold whichever API version changes them. */
export interface Account {
  readonly world: World;
  /** As of now: loads and refreshes that are over have ended. */
  all(): Stored[];
  /** Refuses with 404. */
  find(id: string): Stored;
  lookup(reference: string): Stored | undefined;
  create(body: { type: string; written: Written }): Stored;
  /** A PUT is the whole record: what it leaves out is gone. */
  update(stored: Stored, written: Written): Stored;
  remove(id: string): void;
  refresh(id: string): void;
  /** Refuses with 404. */
  resourceId(id: string): string;
}

export function createAccount({ world, now, duplicateStatus }: AccountOptions): Account {
  function find(id: string): Stored {
    const stored = world.integrations.find((known) => known.id === id);
    if (!stored) throw notFound("Integration");
    return settled(stored, now());
  }

  function accept(type: string, written: Written, but?: Stored): void {
    checkAgainst(world.catalog, type, written);
    const taken = world.integrations.some((known) =>
      known !== but && known.name.toLowerCase() === written.name.toLowerCase()
    );
    if (!taken) return;
    throw new Refusal(duplicateStatus, "Conflict", `Integration with name ${written.name} already exists`);
  }

  return {
    world,
    find,
    all: () => world.integrations.map((stored) => settled(stored, now())),
    lookup: (reference) =>
      world.integrations.find((known) => known.id === reference || known.name === reference),
    create: ({ type, written }) => {
      accept(type, written);
      const stored = fresh(type, written, now() + SETTLES_MS);
      world.integrations.push(stored);
      return stored;
    },
    update: (stored, written) => {
      accept(stored.type, written, stored);
      return Object.assign(stored, written);
    },
    remove: (id) => void world.integrations.splice(world.integrations.indexOf(find(id)), 1),
    refresh: (id) =>
      void Object.assign(find(id), { status: "Refreshing", details: null, settlesAt: now() + SETTLES_MS }),
    resourceId: (id) => {
      if (!world.resources.some((resource) => resource.id === id)) throw notFound("Resource");
      return id;
    },
  };
}

function fresh(type: string, written: Written, settlesAt: number): Stored {
  return {
    ...written,
    id: crypto.randomUUID(),
    type,
    category: type.endsWith("-idp") ? "USER-INFORMATION" : "RESOURCES",
    status: "Initializing",
    details: null,
    synced: null,
    settlesAt,
  };
}

function settled(stored: Stored, now: number): Stored {
  if (stored.settlesAt === null || now < stored.settlesAt) return stored;
  const synced = { seconds: Math.floor(stored.settlesAt / 1_000), nanos: 0 };
  const details = `${(stored.connected_resource_types ?? []).length * 3} resources loaded`;
  return Object.assign(stored, { status: "Active", details, synced, settlesAt: null });
}

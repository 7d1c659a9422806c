import type { Clock } from "../clients/clock.ts";
import { ClientError, type FailureKind } from "../clients/errors.ts";
import type { CallEvent, CallOptions } from "../clients/http/contract.ts";
import type { OnToken } from "../clients/oauth.ts";
import type { Context, Health, Operation, Proof } from "./operation.ts";
import type { Resource } from "./resource.ts";
import { resourceHealth, resourceOperations, resourceSight } from "./resource_operations.ts";
import type { Ailing, Remedy, VendorSight } from "./sight.ts";
import { type SettingsOf, type Setup, setupOf, type Variables } from "./variable.ts";

/** What every client is made with, besides its own settings. */
export interface Shared {
  readonly clock: Clock;
  readonly onCall: (event: CallEvent) => void;
  /** Told of each token that a client is given, so that it is redacted while it is valid. */
  readonly onToken: OnToken;
}

/** What is declared of a vendor. All else that anybody knows of it is derived from this. */
interface Declaration<Client, V extends Variables> extends Pick<Setup<V>, "name" | "variables"> {
  /** As people say it. */
  readonly label: string;
  /** What its failures call it, where that is not its label. */
  readonly system?: string;
  /** Its targets, each with the other names people type for it. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** How people call a target, where it is not the vendor's label. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Targets of which no items are watched. */
  readonly unwatched?: readonly string[];
  connect(settings: SettingsOf<V>, shared: Shared): Client;
  readonly operations: readonly Operation[];
  health(context: Context<Client>): Promise<Health>;
  /** Every item with how it stands, by the same read as `health`. */
  sight(context: Context<Client>): Promise<VendorSight>;
  /** What may help an item that does not stand well, most likely first. */
  remedies?(ailing: Ailing): readonly Remedy[];
  /** The one company that these words mean, where the vendor knows companies. Throws as a plan does. */
  company?(context: Context<Client>, words: string): Promise<{ readonly id: string; readonly name: string }>;
  /** What this company has, by the vendor's own word for whose it is; by the read of the vendor's status of it. */
  companySight?(context: Context<Client>, companyId: string): Promise<VendorSight>;
  /** The cheapest call that proves the credentials. Throws `ClientError` when they are refused. */
  probe(client: Client, call: CallOptions): Promise<Proof>;
}

/** Everything the product knows of one vendor, its types sealed. */
export interface Vendor extends Declaration<unknown, Variables>, Setup {}

/**
 * What a vendor is as far as its one resource tells: to be spread into `defineVendor`, with what differs behind it.
 */
export function vendorOf<Client, Item>(
  resource: Resource<Client, Item>,
): Omit<Declaration<Client, Variables>, "variables" | "connect"> {
  const { vendor, label, target, noun: [one, many] } = resource;
  return {
    name: vendor,
    label,
    targets: { [target]: [] },
    operations: resourceOperations(resource),
    health: (context) => resourceHealth(resource, context),
    sight: (context) => resourceSight(resource, context),
    remedies: (ailing) => resource.watch?.remedies?.(ailing) ?? [],
    async probe(client, call) {
      const { items: { length } } = await resource.list(client, call);
      return { ok: true, says: `the credentials work; they see ${length} ${length === 1 ? one : many}` };
    },
  };
}

/**
 * Which of these reads our credentials have no right for, by the names they are given here. What else goes wrong with one
 * is no matter of rights, and comes to light where it is asked for.
 */
export async function withoutRight(
  reads: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<readonly string[]> {
  const tried = await Promise.all(
    Object.entries(reads).map(async ([name, read]) => {
      try {
        await read();
        return [];
      } catch (error) {
        return error instanceof ClientError && LACKS.has(error.kind) ? [name] : [];
      }
    }),
  );
  return tried.flat();
}

/** Where the credentials are good otherwise, a refusal of them is about this one call. */
const LACKS: ReadonlySet<FailureKind> = new Set(["rights_refused", "credentials_refused"]);

/** For the end of what a probe says. */
export function andNoRight(refused: readonly string[]): string {
  return refused.map((name) => `; no right for ${name}`).join("");
}

/**
 * Seals what is declared of a vendor. The casts are sound because its functions are given only the settings read by
 * its own variables, and the client it made of them.
 */
export function defineVendor<Client, V extends Variables>(declared: Declaration<Client, V>): Vendor {
  const { company, companySight, ...others } = declared;
  return {
    ...others,
    ...setupOf(declared.name, declared.variables),
    ...(company && { company: (context, words) => company(context as Context<Client>, words) }),
    ...(companySight && {
      companySight: (context, id) => companySight(context as Context<Client>, id),
    }),
    connect: (settings, shared) => declared.connect(settings as SettingsOf<V>, shared),
    health: (context) => declared.health(context as Context<Client>),
    sight: (context) => declared.sight(context as Context<Client>),
    probe: (client, call) => declared.probe(client as Client, call),
  };
}

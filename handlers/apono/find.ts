import type { AponoClient } from "../../clients/apono.ts";
import type { AponoIntegration } from "../../clients/apono/integration.ts";
import { path, UnsafePathValue } from "../../clients/path.ts";
import { BadInput, type Context } from "../operation.ts";
import { fold, ifFound, type Named, resolve } from "../resolve.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The whole record of the integration that a person means by an id or a name. */
export async function findIntegration(
  context: Context<AponoClient>,
  query: string,
): Promise<AponoIntegration> {
  const { integrations } = context.client;
  const direct = looksLikeId(query) ? await ifFound(integrations.get(query, context.call)) : undefined;
  return direct ?? await integrations.get((await amongAll(context, query)).id, context.call);
}

/** Which integration a person means. An id that looks like one saves reading the list. */
export async function identify(context: Context<AponoClient>, query: string): Promise<Named> {
  const { integrations } = context.client;
  const direct = looksLikeId(query) ? await ifFound(integrations.get(query, context.call)) : undefined;
  return direct ?? await amongAll(context, query);
}

/** The integration of exactly this name, letter case aside, if there is one. */
export async function byName(
  context: Context<AponoClient>,
  name: string,
): Promise<AponoIntegration | undefined> {
  const { items } = await context.client.integrations.list({ name }, context.call);
  return items.find((one) => fold(one.name) === fold(name));
}

export function nameTaken({ name }: Named): BadInput {
  return new BadInput(
    `Apono has an integration named "${name}" already, and names are unique. Choose another.`,
  );
}

export function looksLikeId(query: string): boolean {
  return UUID.test(query);
}

/** Refuses a typed id that must not become part of an address. */
export function checkId(id: string): string {
  try {
    path`${id}`;
    return id;
  } catch (error) {
    if (error instanceof UnsafePathValue) throw new BadInput(error.message);
    throw error;
  }
}

async function amongAll(context: Context<AponoClient>, query: string): Promise<Named> {
  const { items } = await context.client.integrations.list({}, context.call);
  return resolve(query, items, {
    noun: "Apono integration",
    plural: "Apono integrations",
    field: "id",
    find: "/list apono",
  });
}

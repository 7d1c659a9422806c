import type { Fields } from "./message.ts";

/** A JSON object that cannot be read; the caller says within which object it was found. */
export class Malformed extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Malformed";
  }
}

export function asObject(value: unknown, otherwise = "expected an Object"): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed(otherwise);
  return value as Fields;
}

export function stringField(object: Fields, name: string): string {
  const value = required(object, name);
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") throw wrongType(name, "String");
  return value;
}

export function optionalString(object: Fields, name: string): string | undefined {
  return isAbsent(object, name) ? undefined : stringField(object, name);
}

export function integerField(object: Fields, name: string): number {
  const value = required(object, name);
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw wrongType(name, "Number");
  return number;
}

export function optionalInteger(object: Fields, name: string): number | undefined {
  return isAbsent(object, name) ? undefined : integerField(object, name);
}

export function flagField(object: Fields, name: string): boolean {
  if (isAbsent(object, name)) return false;
  const value = object[name];
  if (typeof value !== "boolean") throw wrongType(name, "Boolean");
  return value;
}

export function arrayField(object: Fields, name: string): readonly unknown[] {
  const value = required(object, name);
  if (!Array.isArray(value)) throw wrongType(name, "Array");
  return value;
}

export function objectField(object: Fields, name: string): Fields {
  const value = required(object, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(name, "Object");
  return value as Fields;
}

export function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw new Malformed(`Field "${name}" must be one of ${allowed.join(", ")}`);
  return found;
}

function required(object: Fields, name: string): unknown {
  if (object[name] === undefined) throw new Malformed(`Can't find field "${name}"`);
  return object[name];
}

function isAbsent(object: Fields, name: string): boolean {
  return object[name] === undefined || object[name] === null;
}

function wrongType(name: string, type: string): Malformed {
  return new Malformed(`Field "${name}" must be of type ${type}`);
}

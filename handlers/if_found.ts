import { ClientError } from "../clients/errors.ts";

/** The answer, or undefined when the vendor knows no such thing. */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError && error.kind === "not_found") return undefined;
    throw error;
  }
}

/** What the server answers instead of a result: https://core.telegram.org/bots/api#making-requests */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly description: string,
    readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number },
  ) {
    super(description);
    this.name = "Refusal";
  }
}

/** Telegram's 400: its sentences begin in lower case after "Bad Request:", its CONSTANTS stay as they are. */
export function badRequest(words: string): Refusal {
  return new Refusal(400, `Bad Request: ${lowerFirst(words)}`);
}

export function forbidden(words: string): Refusal {
  return new Refusal(403, `Forbidden: ${words}`);
}

/** True Telegram would do it; this server does not, and says so rather than pretending. */
export function notEmulated(what: string): Refusal {
  return new Refusal(501, `Not Implemented: ${what} is not emulated here`);
}

function lowerFirst(words: string): string {
  const isConstant = /^[A-Z0-9_]{2,}/.test(words);
  return isConstant ? words : words.slice(0, 1).toLowerCase() + words.slice(1);
}

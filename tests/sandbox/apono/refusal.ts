/** A request the emulated server does not accept, in the style of the one error body the vendor documents. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
    this.name = "Refusal";
  }
}

export function badRequest(message: string): Refusal {
  return new Refusal(400, "BadRequest", message);
}

export function notFound(noun: string): Refusal {
  return new Refusal(404, "NotFound", `${noun} not found`);
}

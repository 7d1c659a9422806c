const IV_BYTES = 12;

/** Encrypts what people enter on the secret page. AES-GCM, a fresh iv each time, bound to its request and field. */
export class Vault {
  private constructor(private readonly key: CryptoKey) {}

  static async fromKey(key: Uint8Array<ArrayBuffer>): Promise<Vault> {
    return new Vault(await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]));
  }

  /** The iv and the ciphertext, in base64. */
  async seal(plain: string, boundTo: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const bytes = new TextEncoder().encode(plain);
    const cipher = await crypto.subtle.encrypt(parameters(iv, boundTo), this.key, bytes);
    return new Uint8Array([...iv, ...new Uint8Array(cipher)]).toBase64();
  }

  /** Throws when the key is another one or the value was moved to another request. */
  async open(sealed: string, boundTo: string): Promise<string> {
    const bytes = Uint8Array.fromBase64(sealed);
    const iv = bytes.slice(0, IV_BYTES);
    const plain = await crypto.subtle.decrypt(parameters(iv, boundTo), this.key, bytes.slice(IV_BYTES));
    return new TextDecoder().decode(plain);
  }
}

function parameters(iv: Uint8Array<ArrayBuffer>, boundTo: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(boundTo) };
}

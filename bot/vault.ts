/** Encrypts what people enter on the secret page. AES-GCM, a fresh iv each time, bound to its request and field. */
export interface Vault {
  seal(plain: string, boundTo: string): Promise<string>;
  /** Throws when the key is another one or the value was moved to another request. */
  open(sealed: string, boundTo: string): Promise<string>;
}

const IV_BYTES = 12;

export async function createVault(key: Uint8Array<ArrayBuffer>): Promise<Vault> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  const encoder = new TextEncoder();
  const parameters = (iv: Uint8Array<ArrayBuffer>, boundTo: string) => ({
    name: "AES-GCM",
    iv,
    additionalData: encoder.encode(boundTo),
  });
  return {
    async seal(plain, boundTo) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const cipher = await crypto.subtle.encrypt(parameters(iv, boundTo), aes, encoder.encode(plain));
      return toBase64(new Uint8Array([...iv, ...new Uint8Array(cipher)]));
    },
    async open(sealed, boundTo) {
      const bytes = Uint8Array.from(atob(sealed), (character) => character.charCodeAt(0));
      const plain = await crypto.subtle.decrypt(
        parameters(bytes.slice(0, IV_BYTES), boundTo),
        aes,
        bytes.slice(IV_BYTES),
      );
      return new TextDecoder().decode(plain);
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

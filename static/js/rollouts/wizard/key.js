/** The key by which a start that is sent twice is done once. */

/**
 * A new random key. `crypto.randomUUID` is there on HTTPS and on this machine only; a console behind plain HTTP
 * makes the same of random bytes.
 * @param {{randomUUID?: () => string, getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array}} [from]
 * @returns {string}
 */
export function fresh(from = globalThis.crypto) {
  if (from.randomUUID) return from.randomUUID();
  const bytes = from.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Keeps one key for one body, over every retry; another body is another rollout, and gets a key of its own. */
export class Keys {
  #make;
  #body = "";
  #key = "";

  /** @param {() => string} [make] */
  constructor(make = fresh) {
    this.#make = make;
  }

  /** @param {unknown} body @returns {string} */
  of(body) {
    const said = JSON.stringify(body);
    if (said !== this.#body) [this.#body, this.#key] = [said, this.#make()];
    return this.#key;
  }
}

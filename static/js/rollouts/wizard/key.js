/** The key by which a start that is sent twice is done once. */
import { freshKey } from "../../api.js";

/** Keeps one key for one body, over every retry; another body is another rollout, and gets a key of its own. */
export class Keys {
  #make;
  #body = "";
  #key = "";

  /** @param {() => string} [make] */
  constructor(make = freshKey) {
    this.#make = make;
  }

  /** @param {unknown} body @returns {string} */
  of(body) {
    const said = JSON.stringify(body);
    if (said !== this.#body) [this.#body, this.#key] = [said, this.#make()];
    return this.#key;
  }
}

/** The one press that starts it: once, however often it is pressed or sent. */
import { ApiError, command } from "../../api.js";
import { BASE } from "../../base.js";
import { byId } from "../../dom.js";
import { Keys } from "./key.js";

/** @typedef {import("./types.js").Spec} Spec */

export class Starting {
  #button = byId("start", HTMLButtonElement);
  #keys = new Keys();
  #busy = false;
  #failed;

  /** @param {(error: ApiError) => void} failed */
  constructor(failed) {
    this.#failed = failed;
  }

  get isBusy() {
    return this.#busy;
  }

  /** @param {Spec} spec @param {string} note */
  async start(spec, note) {
    if (this.#busy) return;
    this.#work(true);
    try {
      const { content } = await command("rollouts", note ? { ...spec, note } : spec, this.#keys.of(spec));
      // Busy until the other page is there: a second press finds nothing to press.
      location.assign(`${BASE}rollouts/${encodeURIComponent(content.id)}/`);
    } catch (error) {
      this.#work(false);
      if (!(error instanceof ApiError)) throw error;
      this.#failed(error);
    }
  }

  /** A page that comes back by "Back" can be used again. */
  rest() {
    this.#work(false);
  }

  /** @param {boolean} busy */
  #work(busy) {
    this.#busy = busy;
    this.#button.setAttribute("aria-busy", String(busy));
  }
}

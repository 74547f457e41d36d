/** Asks again and again while the page is looked at: for the observed shares, which move by themselves. */
import { ApiError, get } from "../api.js";

/**
 * Calls `use` with each answer of `path`. Stops while the page is hidden; after an error it goes on, more slowly.
 * @template T
 * @param {string} path below /api/v1/
 * @param {number} everyMs
 * @param {(answer: T) => void} use
 * @param {(error: ApiError | null) => void} failed called with each error, and with null when answers come again
 * @returns {() => void} stops it
 */
export function poll(path, everyMs, use, failed = () => {}) {
  const abort = new AbortController();
  let errors = 0;
  let timer = 0;

  async function ask() {
    try {
      if (!document.hidden) {
        const answer = await get(path, abort.signal);
        if (errors) failed(null);
        errors = 0;
        use(answer);
      }
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      errors += 1;
      failed(error);
      if (error.status === 401 || error.status === 404) return; // asking again cannot help
    }
    timer = window.setTimeout(ask, everyMs * Math.min(8, 2 ** errors));
  }

  timer = window.setTimeout(ask, everyMs);
  return () => {
    abort.abort();
    window.clearTimeout(timer);
  };
}

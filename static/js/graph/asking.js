// What the page asks the REST interface for now and then: the services, and what acts on them.

import { ApiError, get } from "../api.js";

/** @import { Service } from "../shapes.js" */
/** @import { Badge } from "./acting.js" */

/** Faults and splits made elsewhere are badges within this time. */
const EVERY_MS = 10_000;

/**
 * @typedef {object} Listener
 * @property {(services: Service[]) => void} services all that there are
 * @property {(badges: Badge[]) => void} badges
 */

/** Asks at once, every ten seconds, and when somebody comes back, who may have changed something in another tab. @param {Listener} listener */
export function keepAsking(listener) {
  const ask = () => {
    if (document.hidden) return;
    void told("services?namespaces=", ({ services }) => listener.services(services));
    void told("badges?namespaces=", ({ badges }) => listener.badges(badges));
  };
  ask();
  window.setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}

/** @param {string} path @param {(answer: any) => void} listener not told when there is no answer: all stays as it was */
async function told(path, listener) {
  try {
    listener(await get(path));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

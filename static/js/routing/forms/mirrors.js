/** The mirrors of a route or a policy, as rows. */
import { find } from "../../dom.js";
import { fillPlace, readPlace } from "./places.js";
import { Rows } from "./rows.js";

/** @param {HTMLElement} root that holds their box @param {string[]} versions @param {() => void} changed */
export function mirrorsIn(root, versions, changed) {
  return new Rows(
    find(root, '[data-rows="mirrors"]', HTMLElement),
    {
      template: "mirror-row",
      path: "mirrors",
      fill: (row, item) => fillPlace(row, item, changed),
      read: readPlace,
      fresh: () => (versions.length ? { version: versions[versions.length - 1] } : {}),
    },
    changed,
  );
}

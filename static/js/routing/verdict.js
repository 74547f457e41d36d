/** Whether what a change intended has come true, in words and signs for the page. Pure. */

/** @typedef {import("../dom.js").Status} Status */
/**
 * One version, its shares in percent; null where it is not known.
 * @typedef {object} VerifiedVersion
 * @property {string} version
 * @property {number | null} intended
 * @property {number | null} configured
 * @property {number | null} observed of the last seconds
 * @property {number | null} share of the requests since the change
 * @property {number} requests
 */
/**
 * What GET changes/<id>/verification says of one service.
 * @typedef {object} Verification
 * @property {string} service
 * @property {"as_intended" | "differs" | "not_yet_known" | "not_measured"} verdict
 * @property {string} sentence
 * @property {VerifiedVersion[]} versions
 * @property {number | null} e_value
 * @property {number} alpha
 * @property {{code: string, message: string}[]} diagnosis
 * @property {number | null} seconds_until_enough
 */

/** @type {Record<Verification["verdict"], [Status, string]>} */
const WORDS = {
  as_intended: ["ok", "In force"],
  differs: ["degraded", "Differs"],
  not_yet_known: ["info", "Not yet known"],
  not_measured: ["idle", "Not measured"],
};

/**
 * @param {Verification} found
 * @returns {{status: Status, word: string, sentence: string}}
 */
export function verdict(found) {
  const [status, word] = WORDS[found.verdict];
  const superseded = found.diagnosis.some(({ code }) => code === "SUPERSEDED");
  return { status, word: superseded ? "Superseded" : word, sentence: found.sentence };
}

/**
 * How sure the verdict is, in a line; empty where nothing was tested.
 * @param {Verification} found
 */
export function evidence(found) {
  if (found.e_value === null) return "";
  const requests = found.versions.reduce((sum, version) => sum + version.requests, 0);
  const needed = Math.round(1 / found.alpha);
  const value = found.e_value >= needed ? `over ${needed}` : Number(found.e_value.toPrecision(2)).toString();
  return `${requests} requests counted since the change. Evidence against the intended shares: ${value}; from ${needed} on they differ, which is wrong at most once in ${needed} changes, however often one looks.`;
}

/** Whether what a change intended has come true, in one plain sentence. Pure. */
import { share } from "../format.js";

/** @typedef {import("../shapes.js").Version} Version */
/** @typedef {import("../dom.js").Status} Status */
/** @typedef {{status: Status, word: string, sentence: string}} Verdict */

/** How far, in points of percent, an observed share may be from the intended one: sampling over ten seconds is coarse. */
export const TOLERANCE = 5;

/**
 * @param {Record<string, number>} intended whole percents by version
 * @param {Version[]} versions as the services endpoint tells them now
 * @returns {Verdict}
 */
export function verdict(intended, versions) {
  const overwritten = versions.filter((version) => (version.weight ?? 0) !== (intended[version.version] ?? 0));
  if (overwritten.length) return changedSince(overwritten, intended);
  if (versions.every((version) => version.observed_share === null)) {
    const sentence = "The weights are configured as intended. No requests were seen in the last seconds, so nothing confirms them.";
    return { status: "idle", word: "No traffic", sentence };
  }
  const off = versions.filter((version) => distance(version, intended) > TOLERANCE);
  if (!off.length) {
    const sentence = `Traffic follows the weights: every observed share is within ${TOLERANCE} points of what was intended.`;
    return { status: "ok", word: "In force", sentence };
  }
  const parts = off.map((version) => {
    return `${version.version} gets ${share(version.observed_share ?? 0)}, intended are ${intended[version.version] ?? 0} %`;
  });
  return { status: "info", word: "Converging", sentence: `Configured as intended; traffic is still moving: ${parts.join("; ")}.` };
}

/** @param {Version[]} overwritten @param {Record<string, number>} intended @returns {Verdict} */
function changedSince(overwritten, intended) {
  const parts = overwritten.map((version) => {
    const now = version.weight === null ? "named by no rule" : `at ${version.weight} %`;
    return `${version.version} is ${now}, this change set ${intended[version.version] ?? 0} %`;
  });
  const sentence = `Another configuration is in force now: ${parts.join("; ")}.`;
  return { status: "degraded", word: "Superseded", sentence };
}

/** @param {Version} version @param {Record<string, number>} intended in points of percent */
function distance(version, intended) {
  return Math.abs((version.observed_share ?? 0) * 100 - (intended[version.version] ?? 0));
}

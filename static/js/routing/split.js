/** The arithmetic of weights that always add up to 100. Pure: no page, no network. */

/**
 * One version's place in a split.
 * @typedef {object} Part
 * @property {string} version
 * @property {number} weight whole percent
 * @property {boolean} locked stays as it is when others move
 * @property {boolean} ready has a pod that takes traffic
 */

const WHOLE = 100;

/**
 * The greatest weight that a version can take: what the locked others leave.
 * @param {Part[]} parts
 * @param {number} index
 * @returns {number}
 */
export function highest(parts, index) {
  return WHOLE - sum(parts.filter((part, at) => at !== index && part.locked).map((part) => part.weight));
}

/**
 * The least weight that a version can take: all that the locked others leave, when nobody else is free to take it.
 * @param {Part[]} parts
 * @param {number} index
 * @returns {number}
 */
export function lowest(parts, index) {
  return parts.some((part, at) => at !== index && !part.locked) ? 0 : highest(parts, index);
}

/**
 * The split in which version `index` has `wanted` percent (or as near as the locks allow) and the free others share the
 * rest as they did before; where they had nothing, evenly among those that have ready pods.
 * @param {Part[]} parts adding up to 100
 * @param {number} index
 * @param {number} wanted
 * @returns {Part[]}
 */
export function rebalance(parts, index, wanted) {
  const bounded = Math.min(highest(parts, index), Math.max(lowest(parts, index), Math.round(wanted)));
  const free = parts.map((_, at) => at).filter((at) => at !== index && !parts[at].locked);
  const rest = highest(parts, index) - bounded;
  const shares = apportion(rest, ratios(free.map((at) => parts[at])));
  return parts.map((part, at) => {
    if (at === index) return { ...part, weight: bounded };
    const place = free.indexOf(at);
    return place < 0 ? part : { ...part, weight: shares[place] };
  });
}

/**
 * What is in force as whole percents: the configured weights where a rule names them, else shares by ready pods, as
 * requests go when no rule says otherwise.
 * @param {{version: string, weight: number | null, ready_pods: number}[]} versions
 * @returns {Part[]}
 */
export function inForce(versions) {
  const named = versions.some((version) => version.weight !== null);
  const raw = versions.map((version) => (named ? version.weight ?? 0 : version.ready_pods));
  const weights = apportion(WHOLE, sum(raw) > 0 ? raw : versions.map(() => 1));
  return versions.map((version, at) => ({
    version: version.version,
    weight: weights[at],
    locked: false,
    ready: version.ready_pods > 0,
  }));
}

/**
 * `total` cut into whole numbers in proportion to `ratios`, by the largest remainder.
 * @param {number} total
 * @param {number[]} ratios not negative, and not all zero unless empty
 * @returns {number[]}
 */
export function apportion(total, ratios) {
  const whole = sum(ratios);
  const exact = ratios.map((ratio) => (ratio / whole) * total);
  const shares = exact.map(Math.floor);
  const byRemainder = exact
    .map((value, at) => ({ at, remainder: value - shares[at] }))
    .sort((one, other) => other.remainder - one.remainder || one.at - other.at);
  for (const { at } of byRemainder.slice(0, total - sum(shares))) shares[at] += 1;
  return shares;
}

/** @param {Part[]} free @returns {number[]} */
function ratios(free) {
  const weights = free.map((part) => part.weight);
  if (sum(weights) > 0) return weights;
  const ready = free.map((part) => Number(part.ready));
  return sum(ready) > 0 ? ready : free.map(() => 1);
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, value) => total + value, 0);
}

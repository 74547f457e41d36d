/** The arithmetic of weights that always add up to 100. Pure: no page, no network. */

/**
 * One version's place in a split.
 * @typedef {object} Part
 * @property {string} version
 * @property {number} weight whole percent
 * @property {boolean} locked stays as it is when others move
 * @property {boolean} ready has a pod that takes traffic
 * @property {number} touched when the person set it, counted from 1; 0 for never
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
 * The split in which version `index` has `wanted` percent, or as near as the locks allow. What it takes or leaves is
 * borne first by versions that the person has not set yet, in proportion to what they have; only then by those set
 * longest ago: a number that somebody just chose stays.
 * @param {Part[]} parts adding up to 100
 * @param {number} index
 * @param {number} wanted
 * @returns {Part[]}
 */
export function rebalance(parts, index, wanted) {
  const bounded = Math.min(highest(parts, index), Math.max(lowest(parts, index), Math.round(wanted)));
  let left = parts[index].weight - bounded;
  const after = parts.map((part) => ({ ...part }));
  for (const group of bearers(parts, index)) {
    const has = sum(group.map((at) => parts[at].weight));
    const total = Math.max(0, has + left);
    const shares = apportion(total, ratios(group.map((at) => parts[at])));
    group.forEach((at, place) => {
      after[at].weight = shares[place];
    });
    left -= total - has;
    if (left === 0) break;
  }
  after[index].weight = bounded;
  after[index].touched = 1 + Math.max(...parts.map((part) => part.touched));
  return after;
}

/**
 * Who bears a change of version `index`, in order: versions never set that serve or can, then those set, the longest
 * ago first, then those without a ready pod.
 * @param {Part[]} parts
 * @param {number} index
 * @returns {number[][]}
 */
function bearers(parts, index) {
  const free = parts.map((_, at) => at).filter((at) => at !== index && !parts[at].locked);
  const untouched = free.filter((at) => parts[at].touched === 0);
  const serving = untouched.filter((at) => parts[at].ready || parts[at].weight > 0);
  const touched = free.filter((at) => parts[at].touched > 0).sort((one, other) => parts[one].touched - parts[other].touched);
  const down = untouched.filter((at) => !serving.includes(at));
  return [serving, ...touched.map((at) => [at]), down].filter((group) => group.length > 0);
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
    touched: 0,
  }));
}

/**
 * The configured share of one version: a version that a rule leaves out, while it names others, gets nothing.
 * @param {{version: string, weight: number | null}} version
 * @param {{weight: number | null}[]} all the versions of its service
 * @returns {number | null} percent; null when no rule sets weights
 */
export function configured(version, all) {
  return all.some((other) => other.weight !== null) ? version.weight ?? 0 : null;
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

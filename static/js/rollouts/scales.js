// Scales, ticks and lines of the figures of a rollout. Pure: numbers in, numbers and path texts out.

/** @typedef {[number, number | null]} Sample time in seconds since the epoch, and a value or nothing */
/** @typedef {(value: number) => number} Scale */

/** @param {number} from @param {number} to @param {number} start @param {number} end @returns {Scale} */
export function linear(from, to, start, end) {
  const size = to - from || 1;
  return (value) => start + ((value - from) / size) * (end - start);
}

/** @param {number} from @param {number} to @param {number} start @param {number} end @returns {Scale} */
export function logarithmic(from, to, start, end) {
  const inner = linear(Math.log(from), Math.log(to), start, end);
  return (value) => inner(Math.log(value));
}

/**
 * What is off the scale is drawn at its edge.
 * @param {Scale} scale @param {number} least @param {number} most @returns {Scale}
 */
export function clamped(scale, least, most) {
  return (value) => scale(Math.min(most, Math.max(least, value)));
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below. @param {number} value */
export function niceMost(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((each) => each * power >= value * (1 - 1e-9)) ?? 10) * power;
}

/** Powers of ten within two bounds, thinned to at most five. @param {number} from @param {number} to @returns {number[]} */
export function decades(from, to) {
  const [first, last] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / 5));
  const found = [];
  for (let power = first; power <= last; power += 1) if (power % every === 0) found.push(10 ** power);
  return found;
}

const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/**
 * Round moments of the day, by the zone of whoever looks.
 * @param {number} from seconds since the epoch
 * @param {number} to
 * @param {number} most how many have room
 * @returns {number[]}
 */
export function timeTicks(from, to, most) {
  const every = STEPS.find((each) => (to - from) / each <= most) ?? Math.ceil((to - from) / most / 86_400) * 86_400;
  const zone = new Date(from * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let at = Math.ceil((from - zone) / every) * every + zone; at <= to; at += every) found.push(at);
  return found;
}

/**
 * A line with gaps where nothing is known.
 * @param {readonly Sample[]} samples
 * @param {Scale} x
 * @param {Scale} y
 * @param {boolean} stairs whether a value holds until the next
 */
export function path(samples, x, y, stairs = false) {
  let text = "";
  let drawing = false;
  let last = 0;
  for (const [at, value] of samples) {
    if (value === null) {
      drawing = false;
      continue;
    }
    const [px, py] = [x(at), y(value)];
    if (!drawing) text += `M${fixed(px)} ${fixed(py)}`;
    else text += stairs ? `H${fixed(px)}${py === last ? "" : `V${fixed(py)}`}` : `L${fixed(px)} ${fixed(py)}`;
    // A sample between two gaps is a dot, which round ends make of a line to itself.
    if (!drawing) text += `H${fixed(px)}`;
    drawing = true;
    last = py;
  }
  return text;
}

/**
 * The area between two lines, in pieces where there are gaps.
 * @param {readonly [number, number, number][]} band time, low, high; NaN where nothing is known
 * @param {Scale} x
 * @param {Scale} y
 */
export function area(band, x, y) {
  let text = "";
  /** @type {[number, number, number][]} */
  let piece = [];
  const close = () => {
    if (piece.length > 1) {
      const over = piece.map(([at, , high]) => `${fixed(x(at))} ${fixed(y(high))}`);
      const under = piece.map(([at, low]) => `${fixed(x(at))} ${fixed(y(low))}`).reverse();
      text += `M${[...over, ...under].join("L")}Z`;
    }
    piece = [];
  };
  for (const each of band) Number.isFinite(each[1]) ? piece.push(each) : close();
  close();
  return text;
}

/**
 * Wilson's interval: between which ratios the true one is in 95 of 100 such cases.
 * @param {number} ratio 0 to 1
 * @param {number} samples
 * @returns {[number, number]}
 */
export function interval(ratio, samples) {
  if (!(samples > 0)) return [0, 1];
  const z2 = 1.96 ** 2;
  const middle = (ratio + z2 / (2 * samples)) / (1 + z2 / samples);
  const half = (1.96 / (1 + z2 / samples)) * Math.sqrt((ratio * (1 - ratio)) / samples + z2 / (4 * samples ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The place of the sample nearest to a moment; -1 without any. @param {readonly number[]} times ascending @param {number} at */
export function nearest(times, at) {
  let best = -1;
  for (let i = 0; i < times.length; i += 1) {
    if (best < 0 || Math.abs(Number(times[i]) - at) < Math.abs(Number(times[best]) - at)) best = i;
  }
  return best;
}

/** @param {number} value */
function fixed(value) {
  return value.toFixed(1).replace(/\.0$/, "");
}

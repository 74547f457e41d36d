// A sparkline: the last ten minutes in a line as high as a word. Its meaning stands in words beside it.

const SVG = "http://www.w3.org/2000/svg";
export const WIDTH = 96;
export const HEIGHT = 22;
const POINTS = 60;

/**
 * The line's pieces: a gap where nothing is known, on the scale from nought to `most`. Pure.
 * @param {readonly (number | null)[]} values oldest first; the last is drawn at the right end
 * @param {number} most what is drawn at the top
 * @returns {string[]} each the points of a polyline
 */
export function pieces(values, most) {
  const step = WIDTH / (POINTS - 1);
  const first = WIDTH - (values.length - 1) * step;
  /** @type {string[][]} */
  const found = [[]];
  values.forEach((value, index) => {
    if (value === null) {
      found.push([]);
      return;
    }
    const y = HEIGHT - 1 - (most > 0 ? (Math.min(value, most) / most) * (HEIGHT - 3) : 0);
    found.at(-1)?.push(`${(first + index * step).toFixed(1)},${y.toFixed(1)}`);
  });
  // One point alone is drawn, too: as a line to itself, which round ends make a dot.
  return found.filter((points) => points.length > 0).map((points) => (points.length > 1 ? points : [...points, ...points]).join(" "));
}

/**
 * Draws into an svg, which is made once for each cell.
 * @param {SVGSVGElement} svg
 * @param {readonly (number | null)[]} values
 * @param {number} least the scale reaches at least to this, so that a blip does not fill the height
 */
export function draw(svg, values, least) {
  const most = Math.max(least, ...values.map((value) => value ?? 0));
  const lines = pieces(values, most);
  while (svg.childElementCount > lines.length) svg.lastElementChild?.remove();
  while (svg.childElementCount < lines.length) svg.append(document.createElementNS(SVG, "polyline"));
  lines.forEach((points, index) => svg.children[index]?.setAttribute("points", points));
}

/** @returns {SVGSVGElement} an empty sparkline */
export function blank() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

// The colours of the canvas, which knows no CSS: read from the page's variables, and again when the theme changes.

/** @typedef {typeof NAMES} Names */
/** @typedef {{[K in keyof Names]: string}} Colours */

const NAMES = Object.freeze({
  surface: "--graph-surface",
  node: "--graph-node",
  text: "--graph-text",
  muted: "--graph-muted",
  edge: "--graph-edge",
  dot: "--graph-dot",
  box: "--graph-box",
  boxBorder: "--graph-box-border",
  namespaceBorder: "--graph-namespace-border",
  accent: "--graph-accent",
  ok: "--graph-ok",
  degraded: "--graph-degraded",
  failing: "--graph-failing",
  idle: "--graph-idle",
  info: "--graph-info",
  onMark: "--graph-on-mark",
  grid: "--graph-grid",
  p50: "--graph-p50",
  p95: "--graph-p95",
  p99: "--graph-p99",
});

/** @returns {Colours} as rgb(), whatever function the style sheet wrote them with */
export function colours() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(${name})`;
    return plain(getComputedStyle(probe).color);
  };
  const found = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, read(name)]));
  probe.remove();
  return /** @type {Colours} */ (found);
}

/** @returns {string} the page's own font, for text on a canvas */
export function fontFamily() {
  return getComputedStyle(document.body).fontFamily;
}

/** @param {string} colour as computed @returns {string} rgb(), which is all that cytoscape's parser reads */
function plain(colour) {
  const srgb = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)/.exec(colour);
  if (!srgb) return colour;
  const [r, g, b] = srgb.slice(1).map((part) => Math.round(Number(part) * 255));
  return `rgb(${r}, ${g}, ${b})`;
}

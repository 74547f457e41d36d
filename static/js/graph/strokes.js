// How boxes and lines look: lines of one look are gathered into one stroke, which is what makes thousands of them cheap.

/** @import { Look, Scene, Seen } from "./scene.js" */
/** @import { Colours } from "./theme.js" */
/** @import { Rect, Wire } from "./wires.js" */

/** @typedef {CanvasRenderingContext2D} Pen */
/**
 * @typedef {object} Paint
 * @property {Colours} colours
 * @property {string} font
 * @property {ReadonlySet<string>} lit ids of what stays lit; empty: everything
 * @property {string} chosen id of what the panel shows, or ""
 * @property {ReadonlySet<string>} found ids of what was looked for
 * @property {number} quiet 0 to 1: how strong a line without errors is
 * @property {number} faded 0 to 1: how strong what is not lit is
 * @property {number} zoom
 */

const DASHES = { "": [], tcp: [7, 4], idle: [1.5, 3] };
const CORNER = 10;
const LABEL = Object.freeze({ size: 11, pad: 2, height: 15 });
/** Where on a line its marks stand, as parts of its length. */
const PLACES = Object.freeze({ grpc: 0.24, lock: 0.72 });

/** @param {Paint} paint @param {string} id @param {Look} look */
function strength(paint, id, look) {
  if (paint.lit.size && !paint.lit.has(id)) return paint.faded * paint.quiet;
  if (paint.lit.size || id === paint.chosen) return 1;
  return look.health === "degraded" || look.health === "failing" ? 1 : paint.quiet;
}

/** @param {Paint} paint @param {Look} look @returns {string} */
function ink({ colours }, look) {
  if (look.tone) return colours[look.tone];
  return look.health === "ok" ? colours.edge : colours[look.health];
}

/** @param {Pen} pen @param {Seen[]} seen @param {Paint} paint */
export function lines(pen, seen, paint) {
  for (const each of seen) {
    if (each.wire.id === paint.chosen) underlay(pen, each, paint, 10);
    else if (paint.found.has(each.wire.id)) underlay(pen, each, paint, 5);
  }
  const pixel = 1 / paint.zoom;
  /** @type {Map<string, {seen: Seen[], alpha: number, look: Look, width: number}>} */
  const groups = new Map();
  for (const each of seen) {
    const { wire, look } = each;
    const alpha = strength(paint, wire.id, look);
    // Up to a pixel a line is ten times cheaper than above.
    const width = look.width < 1.5 * pixel ? pixel : Math.round(look.width * 2) / 2;
    const key = `${alpha} ${look.tone ?? look.health} ${look.dash} ${width}`;
    const group = groups.get(key);
    if (group) group.seen.push(each);
    else groups.set(key, { seen: [each], alpha, look, width });
  }
  pen.lineCap = "butt";
  for (const group of [...groups.values()].sort((a, b) => rank(a) - rank(b))) stroke(pen, group, paint);
  pen.setLineDash([]);
}

/** Errors over the rest, what is lit over what is faded. @param {{alpha: number, look: Look}} group */
function rank({ alpha, look }) {
  return { idle: 0, ok: 1, degraded: 2, failing: 3 }[look.health] + alpha;
}

/** @param {Pen} pen @param {{seen: Seen[], alpha: number, look: Look, width: number}} group @param {Paint} paint */
function stroke(pen, { seen, alpha, look, width }, paint) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = ink(paint, look);
  pen.lineWidth = width;
  // Dashes that no eye can tell apart cost as much as those that it can.
  pen.setLineDash(paint.zoom > 0.3 ? DASHES[look.dash] : []);
  // Thin lines are cheapest as one path; of wide ones a path of many is filled as one huge shape, at three times the cost.
  const together = width * paint.zoom <= 1;
  pen.beginPath();
  for (const { wire } of seen) {
    if (!together) pen.beginPath();
    trace(pen, wire);
    if (!together) pen.stroke();
  }
  if (together) pen.stroke();
}

/** @param {Pen} pen @param {Seen} marked @param {Paint} paint @param {number} room beside the line */
function underlay(pen, { wire, look }, paint, room) {
  pen.globalAlpha = 0.3;
  pen.strokeStyle = paint.colours.accent;
  pen.lineWidth = look.width + room;
  pen.beginPath();
  trace(pen, wire);
  pen.stroke();
}

/** @param {Pen} pen @param {Wire} wire */
function trace(pen, { start, middle, end }) {
  pen.moveTo(start.x, start.y);
  if (middle.length === 0) pen.lineTo(end.x, end.y);
  middle.forEach((control, i) => {
    const next = middle[i + 1];
    const to = next ? { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 } : end;
    pen.quadraticCurveTo(control.x, control.y, to.x, to.y);
  });
}

/** @param {Pen} pen @param {Seen[]} seen @param {Paint} paint */
export function arrowheads(pen, seen, paint) {
  /** @type {Map<string, {alpha: number, colour: string, seen: Seen[]}>} */
  const groups = new Map();
  for (const each of seen) {
    const alpha = strength(paint, each.wire.id, each.look);
    const colour = ink(paint, each.look);
    const key = `${alpha} ${colour}`;
    const group = groups.get(key) ?? { alpha, colour, seen: [] };
    group.seen.push(each);
    groups.set(key, group);
  }
  for (const { alpha, colour, seen: members } of groups.values()) {
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.beginPath();
    for (const { wire, look } of members) arrowhead(pen, wire, look.width);
    pen.fill();
  }
}

/** @param {Pen} pen @param {Wire} wire @param {number} width */
function arrowhead(pen, { start, middle, end }, width) {
  const from = middle.at(-1) ?? start;
  const length = Math.hypot(end.x - from.x, end.y - from.y) || 1;
  const [ux, uy] = [(end.x - from.x) / length, (end.y - from.y) / length];
  const [long, half] = [7.5 + width, 3.2 + width * 0.7];
  pen.moveTo(end.x + ux, end.y + uy);
  pen.lineTo(end.x - ux * long - uy * half, end.y - uy * long + ux * half);
  pen.lineTo(end.x - ux * long + uy * half, end.y - uy * long - ux * half);
  pen.closePath();
}

/** @param {Pen} pen @param {Seen[]} seen @param {Paint} paint @param {Scene} scene */
export function marks(pen, seen, paint, scene) {
  pen.lineWidth = 1.5;
  for (const { wire, look } of seen) {
    const open = look.open && scene.locks;
    if (!look.grpc && !open) continue;
    const path = scene.wires.path(wire.id);
    if (!path) continue;
    pen.globalAlpha = strength(paint, wire.id, look);
    if (look.grpc) diamond(pen, path.at(path.length * PLACES.grpc), ink(paint, look), paint.colours.surface);
    if (open) openLock(pen, path.at(path.length * PLACES.lock), paint.colours);
  }
}

/** @param {Pen} pen @param {{x: number, y: number}} at @param {string} colour @param {string} ground */
function diamond(pen, { x, y }, colour, ground) {
  const half = 5;
  pen.beginPath();
  pen.moveTo(x - half, y);
  pen.lineTo(x, y - half);
  pen.lineTo(x + half, y);
  pen.lineTo(x, y + half);
  pen.closePath();
  pen.fillStyle = ground;
  pen.fill();
  pen.strokeStyle = colour;
  pen.stroke();
}

/** @param {Pen} pen @param {{x: number, y: number}} at @param {Colours} colours */
function openLock(pen, { x, y }, colours) {
  pen.fillStyle = colours.surface;
  pen.beginPath();
  pen.arc(x, y - 1, 9, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = pen.strokeStyle = colours.degraded;
  pen.beginPath();
  pen.roundRect(x - 4.5, y - 1, 9, 7, 1.5);
  pen.fill();
  // The shackle stands open to the right.
  pen.beginPath();
  pen.arc(x + 1.4, y - 3.2, 2.9, Math.PI, 2 * Math.PI - 0.35);
  pen.moveTo(x - 1.5, y - 3.2);
  pen.lineTo(x - 1.5, y - 1);
  pen.stroke();
}

/** @param {Pen} pen @param {Seen[]} seen @param {Paint} paint @param {Scene} scene */
export function labels(pen, seen, paint, scene) {
  pen.font = `${LABEL.size}px ${paint.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const { wire, look } of seen) {
    const path = look.label ? scene.wires.path(wire.id) : null;
    if (!path) continue;
    const { x, y } = path.at(path.length / 2);
    const width = pen.measureText(look.label).width + 2 * LABEL.pad;
    const faded = paint.lit.size > 0 && !paint.lit.has(wire.id);
    pen.globalAlpha = faded ? paint.faded : 0.92;
    pen.fillStyle = paint.colours.surface;
    pen.beginPath();
    pen.roundRect(x - width / 2, y - LABEL.height / 2, width, LABEL.height, 3);
    pen.fill();
    pen.globalAlpha = faded ? paint.faded : 1;
    pen.fillStyle = look.dash === "idle" ? paint.colours.muted : paint.colours.text;
    pen.fillText(look.label, x, y + 0.5);
  }
}

/** @param {Pen} pen @param {Scene} scene @param {Rect} view @param {Paint} paint */
export function frames(pen, scene, view, { colours, zoom }) {
  for (const [id, rect] of scene.rects) {
    if (rect.right < view.left || rect.left > view.right || rect.bottom < view.top || rect.top > view.bottom) continue;
    const kind = scene.frames.get(id)?.kind ?? "app";
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.roundRect(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top, kind === "cluster" ? 2 * CORNER : CORNER);
    pen.fillStyle = colours.box;
    if (kind === "app") pen.fill();
    pen.strokeStyle = kind === "app" ? colours.boxBorder : colours.namespaceBorder;
    pen.lineWidth = (kind === "cluster" ? 1.5 : 1) / Math.min(1, zoom);
    pen.setLineDash(kind === "namespace" && zoom > 0.3 ? [2, 4] : []);
    pen.stroke();
  }
  pen.setLineDash([]);
}

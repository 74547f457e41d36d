// The dots on a canvas of their own above the graph: cheap, because only the few pixels around them are touched.

import { Path } from "./curve.js";
import { Flow } from "./flow.js";

/** @import { Core, EdgeSingular } from "cytoscape" */
/** @import { GraphModel } from "./model.js" */
/** @import { Colours } from "./theme.js" */

/** Above this the eye sees no gain, and software rendering pays for each frame. */
const FRAMES_PER_SECOND = 16;
const RADIUS = 2.3;
/** Room around the edges for the dots on them. */
const MARGIN = 6;
/** How long a dot is drawn along its way, in the graph's units: it hides the steps between frames. */
const TAIL = 3.5;
/** Half the room that a label takes: per letter across, and up and down. No dot runs over a number. */
const LABEL = Object.freeze({ letter: 3.3, side: 6, half: 10 });
/** A page that slept must not let all its dots jump. */
const LONGEST_STEP = 0.2;

export class Dots {
  /** @type {HTMLCanvasElement} */ #canvas;
  /** @type {CanvasRenderingContext2D} */ #pen;
  /** @type {Core} */ #cy;
  /** @type {Flow} */ flow = new Flow(Math.random);
  /** @type {Map<string, Path>} */ #paths = new Map();
  /** @type {Map<string, {x: number, y: number, half: number}>} where the label of an edge stands */ #labels = new Map();
  /** @type {Colours} */ #colours;
  /** @type {Set<string>} */ #lit = new Set();
  /** @type {Set<string> | null} */ #dimmed = null;
  #ratio = 1;
  #timer = 0;
  #last = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #wanted = false;
  #stalePaths = true;
  #staleFrame = true;
  /** The canvas covers the edges only, in the stage's pixels: each frame costs by its area. */
  #frame = { left: 0, top: 0 };

  /** @param {HTMLCanvasElement} canvas @param {Core} cy @param {Colours} colours */
  constructor(canvas, cy, colours) {
    this.#canvas = canvas;
    this.#pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#cy = cy;
    this.#colours = colours;
    this.#still.addEventListener("change", () => this.run(this.#wanted));
    cy.on("viewport resize", () => {
      this.#staleFrame = true;
      this.#paint();
    });
    cy.on("position add remove data", "node, edge", () => {
      this.#stalePaths = true;
    });
  }

  /** @param {Colours} colours */
  restyle(colours) {
    this.#colours = colours;
    this.#paint();
  }

  /** @param {boolean} wanted whether the numbers on the screen are fresh and somebody can see them */
  run(wanted) {
    this.#wanted = wanted;
    const going = wanted && !this.#still.matches;
    if (going === (this.#timer !== 0)) return;
    window.clearInterval(this.#timer);
    this.#timer = 0;
    this.#last = performance.now();
    if (going) this.#timer = window.setInterval(() => this.#tick(), 1000 / FRAMES_PER_SECOND);
    if (this.#still.matches) this.#clear();
  }

  get running() {
    return this.#timer !== 0;
  }

  /** @param {GraphModel} model */
  feed(model) {
    if (this.#stalePaths) this.#measure();
    const lanes = [...model.edges.values()].filter((edge) => edge.requests_per_second > 0 && this.#paths.has(edge.id));
    this.flow.setLanes(
      lanes.map((edge) => ({
        id: edge.id,
        length: this.#paths.get(edge.id)?.length ?? 0,
        rps: edge.requests_per_second,
        errorRatio: edge.error_ratio,
      })),
    );
  }

  /** @param {Set<string>} ids on which edges dots run; empty: on all */
  light(ids) {
    this.#lit = ids;
  }

  /** @param {Set<string> | null} lit the only edges that have dots, whatever is pointed at; null: all */
  dim(lit) {
    this.#dimmed = lit;
  }

  #fitCanvas() {
    this.#staleFrame = false;
    this.#ratio = Math.min(2, window.devicePixelRatio);
    const box = this.#cy.edges().renderedBoundingBox({ includeLabels: false });
    const left = Math.floor(Math.max(0, box.x1 - MARGIN));
    const top = Math.floor(Math.max(0, box.y1 - MARGIN));
    const width = Math.max(0, Math.ceil(Math.min(this.#cy.width(), box.x2 + MARGIN)) - left);
    const height = Math.max(0, Math.ceil(Math.min(this.#cy.height(), box.y2 + MARGIN)) - top);
    this.#frame = { left, top };
    const canvas = this.#canvas;
    canvas.width = Math.round(width * this.#ratio);
    canvas.height = Math.round(height * this.#ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.style.transform = `translate(${left}px, ${top}px)`;
  }

  #measure() {
    this.#paths = new Map();
    this.#labels = new Map();
    this.#cy.edges().forEach((edge) => {
      const path = pathOf(edge);
      if (!path) return;
      this.#paths.set(edge.id(), path);
      const letters = String(edge.data("label")).length;
      if (letters) this.#labels.set(edge.id(), { ...edge.midpoint(), half: letters * LABEL.letter + LABEL.side });
    });
    this.#stalePaths = false;
    this.#staleFrame = true;
  }

  #tick() {
    const now = performance.now();
    this.flow.step(Math.min(LONGEST_STEP, (now - this.#last) / 1000));
    this.#last = now;
    if (this.#stalePaths) this.#measure();
    this.#paint();
  }

  #clear() {
    this.#pen.setTransform(1, 0, 0, 1, 0, 0);
    this.#pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #paint() {
    if (this.#still.matches) return;
    if (this.#staleFrame) this.#fitCanvas();
    this.#clear();
    const zoom = this.#cy.zoom() * this.#ratio;
    const pan = this.#cy.pan();
    const { left, top } = this.#frame;
    this.#pen.setTransform(zoom, 0, 0, zoom, (pan.x - left) * this.#ratio, (pan.y - top) * this.#ratio);
    this.#pen.lineCap = "round";
    this.#pen.lineWidth = 2 * RADIUS;
    this.#strokes(false, this.#colours.dot);
    this.#strokes(true, this.#colours.failing);
  }

  /** @param {boolean} failed @param {string} colour */
  #strokes(failed, colour) {
    const pen = this.#pen;
    pen.strokeStyle = colour;
    pen.beginPath();
    for (const dot of this.flow.dots) {
      const path = this.#paths.get(dot.edge);
      if (dot.failed !== failed || !path || (this.#lit.size && !this.#lit.has(dot.edge))) continue;
      if (this.#dimmed && !this.#dimmed.has(dot.edge)) continue;
      const head = path.at(dot.at);
      const label = this.#labels.get(dot.edge);
      if (label && Math.abs(head.x - label.x) < label.half && Math.abs(head.y - label.y) < LABEL.half) continue;
      const tail = path.at(Math.max(0, dot.at - TAIL));
      pen.moveTo(tail.x, tail.y);
      pen.lineTo(head.x + 0.01, head.y);
    }
    pen.stroke();
  }
}

/** @param {EdgeSingular} edge @returns {Path | null} null for an edge that is not drawn (yet) */
function pathOf(edge) {
  const start = edge.sourceEndpoint();
  const end = edge.targetEndpoint();
  if (!start || !end || !Number.isFinite(start.x) || !Number.isFinite(end.x)) return null;
  return new Path(start, edge.controlPoints() ?? [], end);
}

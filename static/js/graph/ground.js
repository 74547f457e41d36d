// What lies under the nodes: boxes and lines, on one canvas of our own. A graph library keeps a styled object for each
// line, which at thousands of them costs seconds; here lines of one look are one stroke.

import { FADED } from "./style.js";
import { arrowheads, frames as paintFrames, labels, lines, marks } from "./strokes.js";

/** @import { Core } from "cytoscape" */
/** @import { Scene } from "./scene.js" */
/** @import { Colours } from "./theme.js" */
/** @import { Rect } from "./wires.js" */

/** With more lines on the screen than this the picture is not drawn anew while one moves: it is moved as it is. */
const HEAVY_LINES = 260;
/** After so long without a move it is drawn again in full. */
const REST_MS = 130;
/** Below these zooms the eye sees none of it. */
export const SEEN = Object.freeze({ labels: 0.55, marks: 0.4, arrows: 0.22, allArrows: 0.45 });
/** From so many lines on there are no dots. */
export const MANY_LINES = 1000;
/** From so many lines on, those of no interest step back behind those with errors, until one looks closely. */
const CROWD = 150;

export class Ground {
  /** @type {HTMLCanvasElement} */ #canvas;
  /** @type {CanvasRenderingContext2D} */ #pen;
  /** @type {Core} */ #cy;
  /** @type {Scene} */ #scene;
  /** @type {Colours} */ #colours;
  /** @type {string} */ #font;
  /** @type {ReadonlySet<string>} */ lit = new Set();
  chosen = "";
  /** @type {ReadonlySet<string>} */ found = new Set();
  #asked = 0;
  #resting = 0;
  #heavy = false;
  #drawn = { zoom: 1, x: 0, y: 0 };
  /** @type {() => void} */ onMoving = () => undefined;

  /** @param {HTMLCanvasElement} canvas @param {Core} cy @param {Scene} scene @param {Colours} colours @param {string} font */
  constructor(canvas, cy, scene, colours, font) {
    this.#canvas = canvas;
    this.#pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#cy = cy;
    this.#scene = scene;
    this.#colours = colours;
    this.#font = font;
    cy.on("viewport", () => this.#moved());
    cy.on("resize", () => this.ask());
  }

  /** @param {Colours} colours @param {string} font */
  restyle(colours, font) {
    this.#colours = colours;
    this.#font = font;
    this.ask();
  }

  /** Draws before the next frame. */
  ask() {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0;
      this.#paint();
    });
  }

  /** Whether so much is drawn that detail has to go while one moves. */
  get heavy() {
    return this.#heavy;
  }

  /** Whether one moves right now, and details are away. */
  get coarse() {
    return this.#resting !== 0;
  }

  /** How what was drawn last lies where it belongs by now. */
  get transform() {
    const pan = this.#cy.pan();
    const scale = this.#cy.zoom() / this.#drawn.zoom;
    return `translate(${pan.x - this.#drawn.x * scale}px, ${pan.y - this.#drawn.y * scale}px) scale(${scale})`;
  }

  #moved() {
    if (!this.#heavy || this.#asked) {
      this.ask();
      return;
    }
    this.#canvas.style.transform = this.transform;
    window.clearTimeout(this.#resting);
    this.#resting = window.setTimeout(() => {
      this.#resting = 0;
      this.ask();
      this.onMoving();
    }, REST_MS);
    this.onMoving();
  }

  #paint() {
    const [width, height] = [this.#cy.width(), this.#cy.height()];
    if (width === 0 || height === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio);
    const zoom = this.#cy.zoom();
    const { x, y } = this.#cy.pan();
    this.#fit(width, height, ratio);
    this.#drawn = { zoom, x, y };
    this.#canvas.style.transform = "";
    this.#pen.setTransform(zoom * ratio, 0, 0, zoom * ratio, x * ratio, y * ratio);
    this.#draw({ left: -x / zoom, top: -y / zoom, right: (width - x) / zoom, bottom: (height - y) / zoom }, zoom);
  }

  /** @param {number} width @param {number} height @param {number} ratio */
  #fit(width, height, ratio) {
    const canvas = this.#canvas;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      return;
    }
    this.#pen.setTransform(1, 0, 0, 1, 0, 0);
    this.#pen.clearRect(0, 0, w, h);
  }

  /** @param {Rect} view in the graph's units @param {number} zoom */
  #draw(view, zoom) {
    const pen = this.#pen;
    const scene = this.#scene;
    const seen = scene.seen(view);
    this.#heavy = seen.length > HEAVY_LINES;
    const quiet = Math.min(1, Math.max(Math.sqrt(CROWD / (scene.wires.size || 1)), zoom - 0.1));
    const look = { colours: this.#colours, font: this.#font, lit: this.lit, chosen: this.chosen, found: this.found, quiet, faded: FADED, zoom };
    paintFrames(pen, scene, view, look);
    lines(pen, seen, look);
    if (zoom >= (quiet < 1 ? SEEN.allArrows : SEEN.arrows)) arrowheads(pen, seen, look);
    if (zoom >= SEEN.marks) marks(pen, seen, look, scene);
    if (zoom >= SEEN.labels) labels(pen, seen, look, scene);
    pen.globalAlpha = 1;
  }
}

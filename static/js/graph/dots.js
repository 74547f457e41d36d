// The dots on a canvas of their own above the graph: cheap, because only the few pixels around them are touched.

import { Flow } from "./flow.js";
import { MANY_LINES, SEEN } from "./ground.js";

/** @import { Core } from "cytoscape" */
/** @import { GraphModel } from "./model.js" */
/** @import { Ground } from "./ground.js" */
/** @import { Scene } from "./scene.js" */
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
  /** @type {Scene} */ #scene;
  /** @type {Ground} */ #ground;
  /** @type {Colours} */ #colours;
  /** @type {Set<string>} */ #lit = new Set();
  /** @type {Set<string> | null} */ #dimmed = null;
  #ratio = 1;
  #timer = 0;
  #last = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #wanted = false;
  #staleFrame = true;
  /** The canvas covers the edges only, in the stage's pixels: each frame costs by its area. */
  #frame = { left: 0, top: 0 };

  /** @param {HTMLCanvasElement} canvas @param {Core} cy @param {Scene} scene @param {Ground} ground @param {Colours} colours */
  constructor(canvas, cy, scene, ground, colours) {
    this.#canvas = canvas;
    this.#pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#cy = cy;
    this.#scene = scene;
    this.#ground = ground;
    this.#colours = colours;
    this.#still.addEventListener("change", () => this.run(this.#wanted));
    cy.on("viewport resize position", () => {
      this.#staleFrame = true;
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
    this.#staleFrame = true;
    this.#scene.settle();
    const wires = this.#scene.wires;
    const some = wires.size <= MANY_LINES ? [...model.edges.values()].filter((edge) => edge.requests_per_second > 0) : [];
    this.flow.setLanes(
      some.flatMap((edge) => {
        const length = wires.path(edge.id)?.length;
        return length === undefined ? [] : [{ id: edge.id, length, rps: edge.requests_per_second, errorRatio: edge.error_ratio }];
      }),
    );
  }

  /** Whether there are so many lines that dots on some of them would say nothing. */
  get tooMany() {
    return this.#scene.wires.size > MANY_LINES;
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
    const bounds = this.#scene.bounds() ?? { left: 0, right: 0, top: 0, bottom: 0 };
    const zoom = this.#cy.zoom();
    const pan = this.#cy.pan();
    const left = Math.floor(Math.max(0, bounds.left * zoom + pan.x - MARGIN));
    const top = Math.floor(Math.max(0, bounds.top * zoom + pan.y - MARGIN));
    const width = Math.max(0, Math.ceil(Math.min(this.#cy.width(), bounds.right * zoom + pan.x + MARGIN)) - left);
    const height = Math.max(0, Math.ceil(Math.min(this.#cy.height(), bounds.bottom * zoom + pan.y + MARGIN)) - top);
    this.#frame = { left, top };
    const canvas = this.#canvas;
    canvas.width = Math.round(width * this.#ratio);
    canvas.height = Math.round(height * this.#ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.style.transform = `translate(${left}px, ${top}px)`;
  }

  #tick() {
    const now = performance.now();
    this.flow.step(Math.min(LONGEST_STEP, (now - this.#last) / 1000));
    this.#last = now;
    this.#paint();
  }

  #clear() {
    this.#pen.setTransform(1, 0, 0, 1, 0, 0);
    this.#pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #paint() {
    if (this.#still.matches) return;
    if (this.#staleFrame && !this.#ground.coarse) this.#fitCanvas();
    this.#clear();
    if (this.#ground.coarse || this.flow.dots.length === 0) return;
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
    const written = this.#cy.zoom() >= SEEN.labels;
    for (const dot of this.flow.dots) {
      const path = this.#scene.wires.path(dot.edge);
      if (dot.failed !== failed || !path || (this.#lit.size && !this.#lit.has(dot.edge))) continue;
      if (this.#dimmed && !this.#dimmed.has(dot.edge)) continue;
      const head = path.at(dot.at);
      if (written && this.#onLabel(dot.edge, path, head)) continue;
      const tail = path.at(Math.max(0, dot.at - TAIL));
      pen.moveTo(tail.x, tail.y);
      pen.lineTo(head.x + 0.01, head.y);
    }
    pen.stroke();
  }

  /** @param {string} id of an edge @param {import("./curve.js").Path} path @param {{x: number, y: number}} head */
  #onLabel(id, path, head) {
    const letters = this.#scene.label(id).length;
    if (!letters) return false;
    const { x, y } = path.at(path.length / 2);
    return Math.abs(head.x - x) < letters * LABEL.letter + LABEL.side && Math.abs(head.y - y) < LABEL.half;
  }
}

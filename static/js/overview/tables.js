// The two tables: rows are made once and filled anew with each frame, so that nothing moves that did not change.

import { BASE } from "../base.js";
import { bytesPerSecond, count, duration, percent, rate } from "../format.js";
import { el, findAll, setText, status } from "../dom.js";
import { HEALTH_WORDS } from "../graph/names.js";
import { matches, steady } from "./order.js";
import { blank, draw } from "./spark.js";

/** @import { Health } from "../graph/types.js" */
/** @import { NamespaceRow, OverviewFrame, ServiceRow, Spark } from "./types.js" */

/** @type {Spark} */
const NOTHING = { requests: [], error_ratios: [] };
/** One request a second, and one error in twenty, are drawn small. */
const LEAST = { requests: 1, errors: 0.05 };
/** From here on an error ratio is worth a colour, as on the edges of the graph. */
const ERRORS = { degraded: 0.01, failing: 0.05 };
const WORST_FIRST = /** @type {const} */ (["failing", "degraded", "ok", "idle"]);

/** @template {{health: Health, requests_per_second: number, error_ratio: number, bytes_per_second: number}} T */
class LiveTable {
  /** @type {HTMLTableSectionElement} */ #body;
  /** @type {HTMLElement} */ #empty;
  /** @type {Map<string, Cells>} */ #cells = new Map();
  /** @type {(row: T) => string} */ idOf;

  /** @param {HTMLElement} table @param {(row: T) => string} idOf */
  constructor(table, idOf) {
    this.idOf = idOf;
    this.#body = /** @type {HTMLTableSectionElement} */ (table.querySelector("tbody"));
    this.#empty = /** @type {HTMLElement} */ (table.parentElement?.querySelector(".empty"));
  }

  /**
   * @param {readonly T[]} rows the worst first
   * @param {(row: T) => Cells} make the cells of a new row
   * @param {(row: T, cells: Cells) => void} fill
   */
  show(rows, make, fill) {
    const ordered = steady([...this.#cells.keys()], rows, this.idOf);
    /** @type {Map<string, Cells>} */
    const cells = new Map();
    for (const row of ordered) {
      const id = this.idOf(row);
      const known = this.#cells.get(id) ?? make(row);
      fill(row, known);
      cells.set(id, known);
    }
    this.#cells = cells;
    this.#place([...cells.values()].map((each) => each.row));
    this.#empty.hidden = rows.length > 0;
  }

  /** Puts rows where they belong, and touches none that stands there. @param {HTMLTableRowElement[]} rows */
  #place(rows) {
    const wanted = new Set(rows);
    for (const row of findAll(this.#body, "tr", HTMLTableRowElement)) if (!wanted.has(row)) row.remove();
    rows.forEach((row, index) => {
      if (this.#body.children[index] !== row) this.#body.insertBefore(row, this.#body.children[index] ?? null);
    });
  }
}

/** @typedef {{row: HTMLTableRowElement, at: Record<string, HTMLTableCellElement>, sparks: {requests: SVGSVGElement, errors: SVGSVGElement}}} Cells */

/** @param {Record<string, string>} columns name to the label that stands in a narrow window @param {Node} first @returns {Cells} */
function cellsOf(columns, first) {
  const sparks = { requests: blank(), errors: blank() };
  /** @type {Record<string, HTMLTableCellElement>} */
  const at = {};
  const name = el("td", { class: "wide" }, first);
  for (const [column, label] of Object.entries(columns)) {
    const number = ["rate", "errors", "p50", "p95", "p99", "bytes"].includes(column);
    at[column] = el("td", { class: number ? "number" : null, "data-label": label || null });
  }
  at["sparkRequests"]?.append(sparks.requests);
  at["sparkErrors"]?.append(sparks.errors);
  at["sparkErrors"]?.classList.add("of-errors");
  return { row: el("tr", {}, name, ...Object.values(at)), at, sparks };
}

/** @param {Cells} cells @param {{requests_per_second: number, error_ratio: number, bytes_per_second: number}} row */
function fillFigures({ at }, row) {
  write(at["rate"], rate(row.requests_per_second));
  write(at["errors"], percent(row.error_ratio));
  write(at["bytes"], bytesPerSecond(row.bytes_per_second));
  const { error_ratio: ratio } = row;
  at["errors"]?.classList.toggle("figure-failing", ratio > ERRORS.failing);
  at["errors"]?.classList.toggle("figure-degraded", ratio > ERRORS.degraded && ratio <= ERRORS.failing);
}

/** @param {HTMLTableCellElement | undefined} cell @param {string} text */
function write(cell, text) {
  if (cell) setText(cell, text);
}

/** @param {Cells} cells @param {Spark} spark */
function fillSparks({ sparks }, spark) {
  draw(sparks.requests, spark.requests, LEAST.requests);
  draw(sparks.errors, spark.error_ratios, LEAST.errors);
  // A line at nought is no error, and not red.
  sparks.errors.classList.toggle("spark-errors", spark.error_ratios.some((ratio) => (ratio ?? 0) > 0));
}

/** @param {HTMLTableCellElement | undefined} cell @param {string} key @param {() => Node[]} build only when the key is another */
function refill(cell, key, build) {
  if (!cell || cell.dataset.key === key) return;
  cell.dataset.key = key;
  cell.replaceChildren(...build());
}

/** @param {Record<string, string>} query */
function graphAt(query) {
  return `${BASE}graph/?${new URLSearchParams(query)}`;
}

const SERVICE_COLUMNS = {
  namespace: "", health: "", rate: "", sparkRequests: "", errors: "errors", sparkErrors: "", p50: "p50", p95: "p95", p99: "p99", bytes: "",
};

export class ServiceTable {
  /** @type {LiveTable<ServiceRow>} */ #table;

  /** @param {HTMLElement} table */
  constructor(table) {
    this.#table = new LiveTable(table, (row) => row.id);
  }

  /** @param {OverviewFrame} frame @param {string} wanted what was typed @param {Record<string, Spark>} sparks @returns {number} how many are shown */
  show(frame, wanted, sparks) {
    const rows = frame.services.filter((row) => matches(wanted, [row.service, row.namespace, row.cluster, HEALTH_WORDS[row.health]]));
    this.#table.show(rows, makeService, (row, cells) => fillService(row, cells, sparks[row.id] ?? NOTHING));
    return rows.length;
  }
}

/** @param {ServiceRow} row */
function makeService(row) {
  const href = graphAt({ type: "service", ns: row.namespace, select: row.id });
  const cells = cellsOf(SERVICE_COLUMNS, el("a", { class: "row-link", href }, row.service));
  cells.row.dataset.service = `${row.namespace}/${row.service}`;
  write(cells.at["namespace"], row.cluster ? `${row.namespace} (${row.cluster})` : row.namespace);
  return cells;
}

/** @param {ServiceRow} row @param {Cells} cells @param {Spark} spark */
function fillService(row, cells, spark) {
  cells.row.dataset.health = row.health;
  refill(cells.at["health"], row.health, () => [status(row.health, HEALTH_WORDS[row.health])]);
  fillFigures(cells, row);
  for (const name of /** @type {const} */ (["p50", "p95", "p99"])) write(cells.at[name], duration(row.latency_ms[name]));
  fillSparks(cells, spark);
}

const NAMESPACE_COLUMNS = {
  services: "", rate: "", sparkRequests: "", errors: "errors", sparkErrors: "", p95: "slowest p95", bytes: "", config: "",
};

export class NamespaceTable {
  /** @type {LiveTable<NamespaceRow>} */ #table;

  /** @param {HTMLElement} table */
  constructor(table) {
    this.#table = new LiveTable(table, (row) => row.namespace);
  }

  /** @param {OverviewFrame} frame @param {Record<string, Spark>} sparks @param {Map<string, {errors: number, warnings: number}>} problems by namespace */
  show(frame, sparks, problems) {
    this.#table.show(frame.namespaces, makeNamespace, (row, cells) => {
      fillNamespace(row, cells, problems.get(row.namespace));
      fillSparks(cells, sparks[row.namespace] ?? NOTHING);
    });
  }
}

/** @param {NamespaceRow} row */
function makeNamespace(row) {
  const cells = cellsOf(NAMESPACE_COLUMNS, el("a", { class: "row-link", href: graphAt({ ns: row.namespace }) }, row.namespace));
  cells.row.dataset.namespace = row.namespace;
  return cells;
}

/** @param {NamespaceRow} row @param {Cells} cells @param {{errors: number, warnings: number} | undefined} problems */
function fillNamespace(row, cells, problems) {
  cells.row.dataset.health = row.health;
  const counts = WORST_FIRST.flatMap((health) => (row.services[health] ? [{ health, count: row.services[health] }] : []));
  refill(cells.at["services"], JSON.stringify(counts), () => [
    el("span", { class: "healths" }, ...counts.map((each) => status(each.health, `${each.count} ${HEALTH_WORDS[each.health].toLowerCase()}`))),
  ]);
  fillFigures(cells, row);
  write(cells.at["p95"], duration(row.p95_ms));
  refill(cells.at["config"], JSON.stringify(problems ?? null), () => configuration(row.namespace, problems));
}

/** @param {string} namespace @param {{errors: number, warnings: number} | undefined} problems */
function configuration(namespace, problems) {
  if (!problems || problems.errors + problems.warnings === 0) return [status("ok", "No problem")];
  const { errors, warnings } = problems;
  const words = [errors ? count(errors, "error") : "", warnings ? count(warnings, "warning") : ""].filter(Boolean).join(", ");
  const href = `${BASE}config/?${new URLSearchParams({ ns: namespace, only: "problems" })}`;
  return [el("a", { href }, status(errors ? "failing" : "degraded", words))];
}

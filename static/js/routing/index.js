/** The table of services: keeps the shares, sentences and faults in it as they are now. */
import { el, findAll, icon, setText } from "../dom.js";
import { clock, number } from "../format.js";
import { poll } from "./live.js";
import { drawShares } from "./split-form.js";

/** @typedef {import("../shapes.js").Service} Service */

const POLL_MS = 3_000;
const chosen = new URL(location.href).searchParams.get("ns");
let lastAnswer = new Date();

/** @param {{services: Service[]}} answer */
function draw({ services }) {
  lastAnswer = new Date();
  const byName = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
  for (const row of findAll(document, "tr[data-service]", HTMLTableRowElement)) {
    const service = byName.get(row.dataset.service ?? "");
    row.classList.toggle("is-gone", !service);
    if (service) drawRow(row, service);
  }
}

/** @param {HTMLTableRowElement} row @param {Service} service */
function drawRow(row, service) {
  const sentence = row.querySelector("[data-sentence]");
  if (sentence instanceof HTMLElement) {
    setText(sentence, service.routing.sentence);
    sentence.title = service.routing.sentence;
  }
  const cell = row.querySelector("td[data-faults]");
  if (cell instanceof HTMLElement) drawFaults(cell, service.faults);
  for (const item of findAll(row, "[data-version]", HTMLElement)) {
    const version = service.versions.find((candidate) => candidate.version === item.dataset.version);
    if (version) drawShares(item, version, service.versions);
  }
}

/** @param {HTMLElement} cell @param {import("../shapes.js").Fault[]} faults */
function drawFaults(cell, faults) {
  const words = faults.map((fault) => {
    const what = fault.kind === "delay" ? `delay ${fault.fixed_delay}` : `abort ${fault.http_status ?? fault.grpc_status}`;
    return `${what} ${number(fault.percentage)} %`;
  });
  const key = words.join("\n");
  if (cell.dataset.shown === key) return;
  cell.dataset.shown = key;
  cell.classList.toggle("is-none", !faults.length);
  const badges = words.map((text) => el("span", { class: "badge status-degraded" }, icon("fault"), text));
  cell.replaceChildren(...(badges.length ? badges : [el("span", { class: "muted" }, "none")]));
}

/** @param {import("../api.js").ApiError | null} error */
function failed(error) {
  const box = document.getElementById("live-error");
  const text = box?.querySelector("p");
  if (!box || !text) return;
  box.hidden = error === null;
  if (error) text.textContent = `${error.message} The figures below are from ${clock(lastAnswer)}.`;
}

if (document.getElementById("services")) {
  poll(chosen ? `services?namespaces=${encodeURIComponent(chosen)}` : "services", POLL_MS, draw, failed);
}

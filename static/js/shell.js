/** What every page has: menus that close, the theme, the namespace chooser, numbers and times in one form, copying. */
import { findAll } from "./dom.js";
import { duration, fullMoment, moment, percent, quantity, rate, share } from "./format.js";

const THEME = "meshui-theme";
const DARK = "pf-v6-theme-dark";
const TIMES_EVERY_MS = 5_000;

/** @type {Record<string, (value: number) => string>} */
const FORMS = { rate, percent, share, duration, number: (value) => quantity(value, "") };

/**
 * Writes every <data data-as="rate" value="12.4"> and <time datetime> below `root` as people read them.
 * @param {ParentNode} root
 */
export function formatAll(root) {
  for (const node of findAll(root, "data[data-as]", HTMLDataElement)) {
    const form = FORMS[node.dataset.as ?? ""];
    if (form && node.value !== "") node.textContent = form(Number(node.value));
  }
  formatTimes(root);
}

/** @param {ParentNode} root */
function formatTimes(root) {
  const now = new Date();
  for (const node of findAll(root, "time[datetime]", HTMLTimeElement)) {
    const date = new Date(node.dateTime);
    const text = moment(date, now);
    if (node.textContent !== text) node.textContent = text;
    if (!node.title) node.title = fullMoment(date);
  }
}

function closeMenus() {
  /** @param {Event} event */
  const outside = (event) => {
    for (const menu of findAll(document, "details.menu[open]", HTMLDetailsElement)) {
      if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
    }
  };
  document.addEventListener("pointerdown", outside);
  document.addEventListener("focusin", outside);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (!(menu instanceof HTMLDetailsElement)) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
    // One press closes one thing: what lies beneath stays open.
    event.preventDefault();
  });
}

/** @returns {string} "dark", "light", or empty: as the system */
function chosenTheme() {
  try {
    return localStorage.getItem(THEME) ?? "";
  } catch {
    return ""; // storage is forbidden: follow the system
  }
}

/** @param {string} choice */
function keepTheme(choice) {
  try {
    if (choice) localStorage.setItem(THEME, choice);
    else localStorage.removeItem(THEME);
  } catch {
    // Storage is forbidden: the choice holds for this page.
  }
}

/** @param {string} choice */
function applyTheme(choice) {
  const dark = choice ? choice === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle(DARK, dark);
  // Canvases (graph, figures) take their colours from computed styles: they redraw on this.
  document.dispatchEvent(new CustomEvent("meshui:theme", { detail: { dark } }));
}

function theme() {
  let choice = chosenTheme();
  for (const radio of findAll(document, "#theme input", HTMLInputElement)) {
    radio.checked = radio.value === choice;
    radio.addEventListener("change", () => {
      choice = radio.value;
      keepTheme(choice);
      applyTheme(choice);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(choice));
}

/**
 * The chooser keeps ?ns= in the address. A page that follows live cancels the event `meshui:namespaces` and changes its
 * view itself; any other page is loaded anew.
 */
function namespaces() {
  const menu = document.getElementById("namespaces");
  const form = menu?.querySelector("form");
  if (!menu || !form) return;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    const chosen = findAll(form, "input:checked", HTMLInputElement).map((input) => input.value);
    const url = new URL(location.href);
    if (chosen.length) url.searchParams.set("ns", chosen.join(","));
    else url.searchParams.delete("ns");
    const shown = menu.querySelector("[data-chosen]");
    if (shown) shown.textContent = chosen.join(", ") || "all";
    const event = new CustomEvent("meshui:namespaces", { detail: { namespaces: chosen }, cancelable: true });
    if (document.dispatchEvent(event)) location.assign(url);
    else history.replaceState(null, "", url);
  });
}

/** Buttons with data-copy="<id>" copy that element's text. */
function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const source = document.getElementById(button.dataset.copy ?? "");
    if (!source) return;
    try {
      await navigator.clipboard.writeText(source.textContent ?? "");
      button.textContent = "Copied";
    } catch {
      // No clipboard without HTTPS: select it, so that Ctrl-C does.
      getSelection()?.selectAllChildren(source);
      button.textContent = "Press Ctrl-C";
    }
  });
}

closeMenus();
theme();
namespaces();
copying();
formatAll(document);
window.setInterval(() => formatTimes(document), TIMES_EVERY_MS);

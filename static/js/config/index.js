/** The list of resources: its filters take effect as they are set, and stay in the address. */
import { byId } from "../dom.js";

/** Typing comes to rest before the page is asked for again. */
const REST_MS = 500;

const form = byId("filters", HTMLFormElement);
const text = byId("q", HTMLInputElement);
let before = text.value;
let timer = 0;

function apply() {
  const url = new URL(location.href);
  for (const name of ["q", "kind", "only"]) url.searchParams.delete(name);
  for (const [name, value] of new FormData(form)) {
    if (value !== "" && typeof value === "string") url.searchParams.set(name, value);
  }
  if (url.href !== location.href) location.assign(url);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  apply();
});
form.addEventListener("change", (event) => {
  if (event.target !== text) apply();
});
text.addEventListener("input", () => {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => {
    if (text.value.trim() !== before.trim()) apply();
  }, REST_MS);
});

// Whoever was typing goes on typing.
if (before) {
  text.focus();
  text.setSelectionRange(before.length, before.length);
}

// The page's keys. They stay out of the way of whoever types, and of the browser's own shortcuts.

/** @import { Arrow } from "./walk.js" */

/**
 * @typedef {object} Commands
 * @property {() => void} toggleView
 * @property {() => void} find
 * @property {() => void} hide
 * @property {() => void} fit
 * @property {() => void} escape
 * @property {(key: string) => void} time [ and ] step back and forward, l leads back to live
 * @property {(arrow: Arrow) => boolean} walk whether the key was used
 * @property {(how: "fold" | "unfold") => void} fold the namespace of what is chosen
 * @property {() => void} neighbourhood of the chosen node
 */

/** @param {Commands} commands */
export function listenToKeys(commands) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") {
      if (!menuIsOpen()) commands.escape();
      return;
    }
    if (types(event.target)) return;
    if (obey(event.key, event.target, commands)) event.preventDefault();
  });
}

/** @param {string} key @param {EventTarget | null} target @param {Commands} commands */
function obey(key, target, commands) {
  switch (key) {
    case "t":
      commands.toggleView();
      return true;
    case "f":
      commands.fit();
      return true;
    case "+":
    case "-":
      commands.fold(key === "-" ? "fold" : "unfold");
      return true;
    case "n":
      commands.neighbourhood();
      return true;
    case "/":
      commands.find();
      return true;
    case "[":
    case "]":
    case "l":
      commands.time(key);
      return true;
    case "h":
      commands.hide();
      return true;
    case "ArrowLeft":
    case "ArrowRight":
    case "ArrowUp":
    case "ArrowDown":
      return onGraph(target) && commands.walk(key);
    default:
      return false;
  }
}

/** Arrow keys scroll, or choose, elsewhere. @param {EventTarget | null} target */
function onGraph(target) {
  return target === document.body || (target instanceof Element && target.matches("#main, #canvas"));
}

/** @param {EventTarget | null} target */
function types(target) {
  return target instanceof Element && target.matches("input:not([type=radio], [type=checkbox]), select, textarea");
}

function menuIsOpen() {
  return document.querySelector("details.menu[open]") !== null;
}

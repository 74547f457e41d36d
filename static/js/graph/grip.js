// The edge of the panel, to make it wider by pointer or by arrow keys. The width is kept on this machine.

const KEY = "meshui-panel-width";
const STEP = 24;
const LIMITS = Object.freeze({ least: 300, most: 720, start: 380 });

/** @param {HTMLElement} grip @param {HTMLElement} panel */
export function resizable(grip, panel) {
  const set = (/** @type {number} */ width) => {
    const fitting = Math.round(Math.min(LIMITS.most, window.innerWidth * 0.6, Math.max(LIMITS.least, width)));
    panel.style.setProperty("--panel-width", `${fitting}px`);
    grip.setAttribute("aria-valuenow", String(fitting));
    return fitting;
  };
  grip.setAttribute("aria-valuemin", String(LIMITS.least));
  grip.setAttribute("aria-valuemax", String(LIMITS.most));
  let width = set(kept());
  const follow = (/** @type {PointerEvent} */ event) => {
    width = set(panel.getBoundingClientRect().right - event.clientX);
  };
  grip.addEventListener("pointerdown", (event) => {
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener("pointermove", follow);
    event.preventDefault();
  });
  grip.addEventListener("lostpointercapture", () => {
    grip.removeEventListener("pointermove", follow);
    keep(width);
  });
  grip.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    event.stopPropagation();
    width = set(width + direction * STEP);
    keep(width);
  });
}

function kept() {
  try {
    return Number(localStorage.getItem(KEY)) || LIMITS.start;
  } catch {
    return LIMITS.start; // storage is forbidden: start anew each time
  }
}

/** @param {number} width */
function keep(width) {
  try {
    localStorage.setItem(KEY, String(width));
  } catch {
    // Storage is forbidden: the width holds for this page.
  }
}

// In the page under measure, before its own scripts: a socket that the bench speaks through, and clocks around it.
// The page is the product's own; only what comes from the server is played.

(() => {
  /** The line of the page that was opened last. */
  let line = null;

  class Line {
    readyState = 1;
    sent = [];

    constructor() {
      line = this;
      setTimeout(() => this.onopen?.({}), 0);
    }

    send(text) {
      this.sent.push(text);
    }

    close() {
      this.readyState = 3;
    }
  }
  window.WebSocket = Line;

  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /** After the browser has drawn what is there now. */
  const painted = async () => {
    await frame();
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
  };
  /** Until nothing is left to be drawn finer: some frames in a row were short. */
  const calm = async () => {
    for (let short = 0, i = 0; short < 8 && i < 400; i += 1) {
      const before = performance.now();
      await painted();
      short = performance.now() - before < 25 ? short + 1 : 0;
    }
  };

  /** The moment that the bench's frames carry: here it becomes now, so that the page does not look frozen. */
  const THEN = "2026-01-01T12:00:00.000Z";
  const fresh = (text) => text.replaceAll(THEN, new Date().toISOString());
  /** The page lets go of a line that is silent for long. */
  const SILENCE_MS = 4_000;
  setInterval(() => {
    const source = { name: "bench", state: "ok", since: null, message: "", taken_at: THEN, window_seconds: 10 };
    line?.onmessage?.({ data: fresh(JSON.stringify({ type: "status", notice: "", source })) });
  }, SILENCE_MS);

  async function say(told) {
    const text = fresh(told);
    const began = performance.now();
    line.onmessage({ data: text });
    const handled = performance.now() - began;
    await painted();
    return { handled, painted: performance.now() - began };
  }

  const mouse = (kind, x, y, more = {}) => new MouseEvent(kind, { bubbles: true, cancelable: true, clientX: x, clientY: y, view: window, ...more });

  /** The time between each two frames while `move` is called before each. */
  async function moving(frames, move) {
    const times = [];
    let before = await frame();
    for (let i = 0; i < frames; i += 1) {
      move(i);
      const now = await frame();
      times.push(now - before);
      before = now;
    }
    return times;
  }

  function corner() {
    const box = document.getElementById("canvas").getBoundingClientRect();
    return { canvas: document.getElementById("canvas"), x: box.left + 6, y: box.top + 6, box };
  }

  async function pan(frames) {
    const { canvas, x, y } = corner();
    // The library asks what is inside its container, as a pointer would be.
    canvas.querySelector("canvas").dispatchEvent(mouse("mousedown", x, y, { buttons: 1 }));
    const times = await moving(frames, (i) => {
      window.dispatchEvent(mouse("mousemove", x + 8 * (i + 1), y + 5 * (i + 1), { buttons: 1 }));
    });
    window.dispatchEvent(mouse("mouseup", x + 8 * frames, y + 5 * frames));
    return times;
  }

  async function zoom(frames) {
    const { canvas, box } = corner();
    const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, cancelable: true };
    return moving(frames, (i) => canvas.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: i % 20 < 10 ? -60 : 60 })));
  }

  window.bench = { say, pan, zoom, calm, line: () => line, heap: () => (window.gc?.(), performance.memory.usedJSHeapSize) };
})();

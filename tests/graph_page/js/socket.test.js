import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { LiveSocket } from "../../../static/js/socket.js";

// A world whose clock stands still until a test moves it, and whose lines are opened and closed by hand.
class World {
  lines = [];
  time = 0;
  #timers = new Map();
  #next = 1;

  open = () => {
    const line = {
      readyState: 0,
      said: [],
      closed: false,
      send: (text) => line.said.push(JSON.parse(text)),
      close: () => (line.closed = true),
      accept: () => {
        line.readyState = 1;
        line.onopen();
      },
      hear: (frame) => line.onmessage({ data: JSON.stringify(frame) }),
      hearPacked: (frame) => line.onmessage({ data: packed(JSON.stringify(frame)) }),
      hearBytes: (...bytes) => line.onmessage({ data: new Uint8Array(bytes).buffer }),
      drop: (code = 1006) => line.onclose({ code }),
    };
    this.lines.push(line);
    return line;
  };
  now = () => this.time;
  random = () => 1;
  later = (callback, ms) => {
    this.#timers.set(this.#next, { at: this.time + ms, callback });
    return this.#next++;
  };
  forget = (timer) => this.#timers.delete(timer);

  pass(ms) {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = due[1].at;
      due[1].callback();
    }
    this.time = until;
  }

  get line() {
    return this.lines.at(-1);
  }
}

function packed(text) {
  return new Uint8Array(deflateRawSync(text)).buffer;
}

/** Until what is being unpacked has had its time. */
async function settled(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function start() {
  const world = new World();
  const told = { frames: [], offline: [], opened: 0, signedOut: 0 };
  const socket = new LiveSocket(
    "ws://x/ws/graph/",
    {
      frame: (frame) => told.frames.push(frame),
      offline: (since) => told.offline.push(since),
      opened: () => (told.opened += 1),
      signedOut: () => (told.signedOut += 1),
    },
    world,
  );
  socket.subscribe({ graph_type: "app", namespaces: ["bookinfo"] });
  socket.connect();
  return { world, told, socket };
}

function live() {
  const started = start();
  started.world.line.accept();
  started.world.line.hear({ type: "full" });
  return started;
}

test("it subscribes as soon as the line is up", () => {
  const { world } = live();
  assert.deepEqual(world.line.said, [{ type: "subscribe", graph_type: "app", namespaces: ["bookinfo"] }]);
});

test("after a reconnect it subscribes and watches again", () => {
  const { world, socket } = live();
  socket.watch("app:a");
  world.line.drop();
  world.pass(1000);
  world.line.accept();
  assert.deepEqual(world.line.said.map((message) => message.type), ["subscribe", "watch"]);
});

test("another view keeps what is watched, because the server forgets it", () => {
  const { world, socket } = live();
  socket.watch("app:a");
  socket.subscribe({ graph_type: "service", namespaces: [] });
  assert.deepEqual(world.line.said.slice(-2).map((message) => message.type), ["subscribe", "watch"]);
});

test("a short break is not called offline", () => {
  const { world, told } = live();
  world.line.drop();
  world.pass(1000);
  world.line.accept();
  world.line.hear({ type: "full" });
  world.pass(10_000);
  assert.deepEqual(told.offline.filter(Boolean), []);
});

test("after five seconds it is, since the moment the line went", () => {
  const { world, told } = live();
  world.pass(60);
  world.line.hear({ type: "delta" });
  world.line.drop();
  world.pass(4_999);
  assert.deepEqual(told.offline.filter(Boolean), []);
  world.pass(1);
  assert.deepEqual(told.offline.filter(Boolean), [new Date(60).toISOString()]);
});

test("the first frame after that ends it", () => {
  const { world, told } = live();
  world.line.drop();
  world.pass(6_000);
  world.line.accept();
  world.line.hear({ type: "full" });
  assert.equal(told.offline.at(-1), null);
});

test("each attempt waits longer, up to fifteen seconds", () => {
  const { world } = start();
  const waits = [];
  for (let i = 0; i < 8; i += 1) {
    const before = world.time;
    const lines = world.lines.length;
    world.line.drop();
    while (world.lines.length === lines) world.pass(100);
    waits.push(world.time - before);
  }
  assert.deepEqual(waits, [400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
});

test("a line that was too slow is not tried again at once", () => {
  const { world } = live();
  world.line.drop(4408);
  world.pass(14_000);
  assert.equal(world.lines.length, 1);
  world.pass(1_000);
  assert.equal(world.lines.length, 2);
});

test("a line without a word for fifteen seconds is given up", () => {
  const { world } = live();
  world.pass(14_000);
  assert.equal(world.lines.length, 1);
  world.pass(2_000);
  assert.equal(world.lines[0].closed, true);
  assert.equal(world.lines.length, 2);
});

test("signed out: it stops, and says so", () => {
  const { world, told } = live();
  world.line.drop(4401);
  world.pass(60_000);
  assert.equal(told.signedOut, 1);
  assert.equal(world.lines.length, 1);
});

test("a hidden page lets the line go, and a page seen again catches up", () => {
  const { world, told, socket } = live();
  socket.setHidden(true);
  world.pass(60_000);
  assert.equal(world.lines[0].closed, true);
  assert.equal(world.lines.length, 1);
  assert.deepEqual(told.offline.filter(Boolean), []);
  socket.setHidden(false);
  world.line.accept();
  assert.deepEqual(world.line.said.map((message) => message.type), ["subscribe"]);
  assert.equal(told.opened, 2);
});

test("a quick look at another tab costs no reconnect", () => {
  const { world, socket } = live();
  socket.setHidden(true);
  world.pass(3_000);
  socket.setHidden(false);
  world.line.hear({ type: "delta" });
  world.pass(10_000);
  assert.equal(world.lines.length, 1);
});

test("packed and plain frames are taken in the order in which they came", async () => {
  const { world, told } = live();
  const large = { type: "delta", seq: 1, text: "reviews ".repeat(100_000) };
  world.line.hearPacked(large);
  world.line.hear({ type: "delta", seq: 2 });
  world.line.hearPacked({ type: "delta", seq: 3 });
  await settled(() => told.frames.length === 4);
  assert.deepEqual(told.frames.slice(1).map((frame) => frame.seq), [1, 2, 3]);
  assert.deepEqual(told.frames[1], large);
});

test("after that, plain frames are taken at once again", async () => {
  const { world, told } = live();
  world.line.hearPacked({ type: "delta", seq: 1 });
  await settled(() => told.frames.length === 2);
  await new Promise((resolve) => setImmediate(resolve));
  world.line.hear({ type: "delta", seq: 2 });
  assert.equal(told.frames.at(-1).seq, 2);
});

test("a frame of a line that is gone is not taken", async () => {
  const { world, told } = live();
  world.line.hearPacked({ type: "delta", seq: 1 });
  world.line.drop();
  world.pass(1000);
  world.line.accept();
  world.line.hearPacked({ type: "full", seq: 2 });
  await settled(() => told.frames.length === 2);
  assert.equal(told.frames[1].seq, 2);
});

test("bytes that cannot be unpacked end the line, and a new one is opened", async () => {
  const { world, told } = live();
  world.line.hearBytes(255, 255, 255);
  await settled(() => world.lines[0].closed);
  world.pass(1000);
  assert.equal(world.lines.length, 2);
  assert.equal(told.frames.length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../../static/js/api.js";
import { Feed } from "../../../static/js/rollouts/feed.js";

/** A line that a test speaks on. */
class Line {
  constructor(url) {
    this.url = url;
    this.readyState = 0;
    this.heard = new Map();
  }

  addEventListener(name, callback) {
    this.heard.set(name, callback);
  }

  says(name, data) {
    this.heard.get(name)?.({ data: JSON.stringify(data) });
  }

  close() {
    this.readyState = 2;
    this.closed = true;
  }
}

/** What was asked is answered. */
function answers() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A browser whose time passes when it is told to. */
class World {
  lines = [];
  timers = new Map();
  time = 0;
  next = 1;
  answer = async () => ({ version: 9 });

  open = (url) => {
    this.lines.push(new Line(url));
    return this.lines.at(-1);
  };
  ask = (path, signal) => this.answer(path, signal);
  now = () => this.time;
  random = () => 1;
  later = (callback, ms) => {
    this.timers.set(this.next, { callback, at: this.time + ms });
    return this.next++;
  };
  forget = (timer) => this.timers.delete(timer);

  async passes(ms) {
    const end = this.time + ms;
    await answers();
    for (;;) {
      const [id, due] = [...this.timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (due === undefined || due.at > end) break;
      this.time = due.at;
      this.timers.delete(id);
      due.callback();
      await answers();
    }
    this.time = end;
  }

  get line() {
    return this.lines.at(-1);
  }
}

function connected() {
  const world = new World();
  const told = { rollouts: [], answers: [], offline: [], refused: [], heard: 0 };
  const feed = new Feed(
    { events: "rollouts/3/events", question: "rollouts/3" },
    {
      rollout: (each) => told.rollouts.push(each),
      answer: (each) => told.answers.push(each),
      heard: () => (told.heard += 1),
      offline: (since) => told.offline.push(since),
      refused: (error) => told.refused.push(error.status),
    },
    world,
  );
  feed.connect();
  return { world, told, feed };
}

test("what the server sends is taken at once", () => {
  const { world, told } = connected();
  world.line.says("open");
  world.line.says("rollout", { version: 4 });
  assert.deepEqual([world.line.url, told.rollouts, told.heard], ["/api/v1/rollouts/3/events", [{ version: 4 }], 2]);
});

test("a line that breaks comes back, with pauses that grow up to a bound", async () => {
  const { world } = connected();
  world.answer = async () => {
    throw new ApiError(503, {});
  };
  const waits = [];
  for (let i = 0; i < 8; i += 1) {
    const before = world.time;
    const lines = world.lines.length;
    world.line.readyState = 2;
    world.line.says("error");
    while (world.lines.length === lines) await world.passes(100);
    waits.push(world.time - before);
  }
  assert.deepEqual(waits, [800, 1600, 3200, 6400, 12_800, 15_000, 15_000, 15_000]);
});

test("a hiccup is no news; what lasts is told with its moment, and so is the return", async () => {
  const { world, told } = connected();
  world.answer = async () => {
    throw new ApiError(0, {});
  };
  world.line.says("open");
  world.line.says("error");
  await world.passes(900);
  world.line.says("open");
  await world.passes(4000);
  assert.deepEqual(told.offline, [null]);
  world.line.says("error");
  const lost = world.time;
  await world.passes(5001);
  world.line.says("open");
  assert.deepEqual(told.offline, [null, new Date(lost).toISOString(), null]);
});

test("a silent line is asked about, for it may have died without a word", async () => {
  const { world, told } = connected();
  world.line.says("open");
  await world.passes(15_001);
  assert.deepEqual(told.answers, [{ version: 9 }]);
  world.answer = async () => {
    throw new ApiError(0, {});
  };
  await world.passes(20_001);
  assert.equal(told.offline.length, 1);
});

test("who is signed out, or may not see it any more, is told, and nothing is asked again", async () => {
  for (const status of [401, 403, 404]) {
    const { world, told } = connected();
    world.answer = async () => {
      throw new ApiError(status, {});
    };
    world.line.says("end", { message: "You are signed out." });
    await world.passes(60_000);
    assert.deepEqual([told.refused, world.lines.length], [[status], 1]);
  }
});

test("a page that nobody sees lets the line go, and takes it up again", async () => {
  const { world, told, feed } = connected();
  feed.setHidden(true);
  await world.passes(5000);
  feed.setHidden(false);
  assert.equal(world.lines.length, 1, "a quick look at another tab costs nothing");
  feed.setHidden(true);
  await world.passes(60_000);
  assert.ok(world.line.closed);
  assert.equal(world.timers.size, 0);
  feed.setHidden(false);
  assert.equal(world.lines.length, 2);
  assert.deepEqual(told.offline, []);
});

// The picture as an SVG file: it parses, whatever the names are, and nothing in it runs or is fetched.

import assert from "node:assert/strict";
import { test } from "node:test";

import { escape } from "../../../static/js/graph/export/escape.js";
import { fileName } from "../../../static/js/graph/export/files.js";
import { footer } from "../../../static/js/graph/export/footer.js";
import { svg } from "../../../static/js/graph/export/svg.js";

const COLOURS = Object.fromEntries(["surface", "node", "text", "muted", "edge", "dot", "box", "boxBorder", "namespaceBorder", "accent", "ok", "degraded", "failing", "idle", "onMark", "grid", "p50", "p95", "p99"].map((name) => [name, "rgb(1, 2, 3)"]));
const NASTY = ['<script>alert("x")</script>', "]]>", "&amp; & &#x0;", "'\"", "\u0000\u0008\uFFFE\uD800", "</svg>", "größe 😀", "<!--", "<![CDATA["];

/**
 * A strict reader of the XML that is written here: elements, attributes in double quotes, text. It fails on anything else.
 * @returns {{names: Set<string>, attributes: [string, string][], texts: string[]}}
 */
function read(xml) {
  const part = /<(\w+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>|<\/(\w+)>|([^<]+)/y;
  const [open, names, attributes, texts] = [[], new Set(), [], []];
  while (part.lastIndex < xml.length) {
    const at = part.lastIndex;
    const found = part.exec(xml);
    assert.ok(found, `not XML: ${xml.slice(at, at + 80)}`);
    const [, name, rest, empty, closed, text] = found;
    if (name) {
      names.add(name);
      for (const [, key, value] of rest.matchAll(/([\w:-]+)="([^"]*)"/g)) attributes.push([key, unescaped(value)]);
      if (!empty) open.push(name);
    } else if (closed) assert.equal(open.pop(), closed);
    else if (open.length) texts.push(unescaped(text));
    else assert.equal(text.trim(), "");
  }
  assert.deepEqual(open, []);
  return { names, attributes, texts };
}

const SIGNS = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function unescaped(text) {
  assert.doesNotMatch(text, /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u);
  return text.replace(/&([^;]*;?)/g, (_, name) => {
    assert.ok(name.slice(0, -1) in SIGNS, `&${name}`);
    return SIGNS[name.slice(0, -1)];
  });
}

/** A picture in which everything that can have a name has this one. */
function picture(name, more = {}) {
  const chips = [{ word: name, wrong: true }, { word: "Split 80/20", wrong: false }];
  const kinds = ["app", "workload", "service", "namespace", "unknown", "hidden"];
  const healths = ["ok", "degraded", "failing", "idle", "ok", "ok"];
  return {
    boxes: [
      { rect: { left: -60, right: 700, top: -80, bottom: 120 }, kind: "namespace", title: name, sum: name, chips: [] },
      { rect: { left: -50, right: 60, top: -50, bottom: 90 }, kind: "app", title: name, sum: "", chips },
    ],
    wires: [
      { start: { x: 20, y: 0 }, middle: [{ x: 50, y: 10 }, { x: 80, y: 40 }], end: { x: 100, y: 50 }, width: 2, health: "failing", dash: "tcp", label: name, title: name, dimmed: false },
      { start: { x: 0, y: 0 }, middle: [], end: { x: NaN, y: 50 }, width: 2, health: "ok", dash: "", label: "", title: name, dimmed: true },
    ],
    nodes: kinds.map((kind, i) => ({ x: i * 120, y: 0, kind, health: healths[i], lines: [name, "v1"], title: name, chips, dimmed: i === 1 })),
    title: name,
    footer: [name, "more"],
    colours: COLOURS,
    font: `"Red Hat Text", ${name}`,
    ...more,
  };
}

test("a picture parses and has its names as text, whatever they are", () => {
  for (const name of NASTY) {
    const { names, texts } = read(svg(picture(name)));
    const shown = name.replace(/[\u0000\u0008\uFFFE]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])/g, "\uFFFD");
    // Six nodes with title, line and chip; two wires with titles and one label; two boxes; title and footer; one chip row.
    assert.equal(texts.filter((text) => text === shown).length, 6 * 3 + 2 + 1 + 3 + 2 + 1, name);
    assert.deepEqual([...names].sort(), ["circle", "g", "path", "rect", "svg", "text", "title"]);
  }
});

test("nothing in a picture runs or is fetched", () => {
  const { attributes } = read(svg(picture("x")));
  for (const [key, value] of attributes) {
    assert.doesNotMatch(key, /^on|href|src|style/i);
    if (key !== "xmlns") assert.doesNotMatch(value, /url\(|https?:|data:|NaN|undefined/);
  }
});

test("everything stands within the picture", () => {
  const { attributes } = read(svg(picture("reviews")));
  const [left, top, width, height] = attributes.find(([key]) => key === "viewBox")[1].split(" ").map(Number);
  assert.ok(left < -60 && top < -80 && left + width > 700 && top + height > 120);
});

test("a graph without anything is still a picture", () => {
  const { texts } = read(svg(picture("nothing", { boxes: [], wires: [], nodes: [] })));
  assert.ok(texts.includes("nothing"));
});

test("colours are escaped like every other text", () => {
  read(svg(picture("x", { colours: { ...COLOURS, surface: '"><script>', node: '"', edge: "<", failing: '"<' } })));
});

test("text that XML cannot hold is marked, all other text stays what it was", () => {
  assert.equal(escape("a\u0001b\uD800c"), "a\uFFFDb\uFFFDc");
  for (const text of ["plain", "größe 😀 \t\n", "a < b && c > \"d\" 'e'"]) assert.equal(unescaped(escape(text)), text);
});

test("a file is named by its cluster, namespaces and moment, and no name leads elsewhere", () => {
  const noon = new Date("2026-11-28T12:00:01.234Z");
  assert.equal(fileName("default", ["bookinfo"], noon, "svg"), "meshui-default-bookinfo-2026-11-28T12-00-01Z.svg");
  assert.equal(fileName("default", [], noon, "json"), "meshui-default-all-2026-11-28T12-00-01Z.json");
  assert.equal(fileName("a", ["x", "y", "z"], noon, "png"), "meshui-a-3-namespaces-2026-11-28T12-00-01Z.png");
  assert.equal(fileName("../../etc", ["<b>"], noon, "svg"), "meshui-.._.._etc-_b_-2026-11-28T12-00-01Z.svg");
});

test("a picture says of which moment it is, what it leaves out, and where it is from", () => {
  const source = { name: "direct", state: "ok", since: null, message: "", taken_at: null, window_seconds: 10 };
  const facts = { cluster: "west", namespaces: ["a", "b"], takenAt: "2026-11-28T12:00:01.234Z", source, find: "", hide: "idle", hidden: "2 nodes hidden", address: "https://mesh.example/graph/?hide=idle" };
  assert.deepEqual(footer(facts), [
    "Cluster west · namespaces a, b",
    "Numbers of 2026-11-28 12:00:01 UTC · direct, rates over 10 s",
    "2 nodes hidden by: idle",
    "https://mesh.example/graph/?hide=idle",
  ]);
  assert.match(footer({ ...facts, source: { ...source, state: "stale" } })[1], /does not answer/);
});

// Files that the browser saves: their names, and how a picture becomes pixels.

/** Browsers refuse larger canvases, some at 4,096 pixels already. */
const MOST_PIXELS = 8192;
const SCALE = 2;

/**
 * @param {string} cluster
 * @param {string[]} namespaces
 * @param {Date} moment of the numbers
 * @param {string} ending without its dot
 * @returns {string} "meshui-default-bookinfo-2026-11-28T04-49-12Z.svg"
 */
export function fileName(cluster, namespaces, moment, ending) {
  const where = namespaces.length === 0 ? "all" : namespaces.length > 2 ? `${namespaces.length}-namespaces` : namespaces.join("-");
  const when = moment.toISOString().replace(/\.\d+Z$/, "Z").replaceAll(":", "-");
  return `${["meshui", cluster, where, when].map(plain).join("-")}.${ending}`;
}

/** @param {string} part */
function plain(part) {
  return part.replace(/[^\w.-]+/g, "_").slice(0, 80);
}

/** @param {string} name @param {Blob} content */
export function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has taken it up by then.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {string} text an SVG document @returns {Promise<Blob>} the same as PNG, twice as fine where that is possible */
export async function pixels(text) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const scale = Math.min(SCALE, MOST_PIXELS / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large for this browser."))), "image/png");
  });
}

// Text for XML. Pure.

/** @type {Record<string, string>} */
const NAMED = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** What no XML document can hold, escaped or not (https://www.w3.org/TR/xml/#charsets). */
const IMPOSSIBLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** @param {string} text @returns {string} for text and for attributes; what XML cannot hold is a question mark */
export function escape(text) {
  return text.replace(IMPOSSIBLE, "\uFFFD").replace(/[&<>"']/g, (sign) => NAMED[sign] ?? sign);
}

/** A unified difference line by line, with what each line is. Pure. */

/**
 * @param {string} unified
 * @returns {{kind: "add" | "remove" | "hunk" | "same", text: string}[]}
 */
export function lines(unified) {
  return unified
    .replace(/\n$/, "")
    .split("\n")
    .filter((text, _, all) => all.length > 1 || text !== "")
    .map((text) => ({ kind: kindOf(text), text }));
}

/** @param {string} text */
function kindOf(text) {
  if (text.startsWith("+++") || text.startsWith("---") || text.startsWith("@")) return "hunk";
  if (text.startsWith("+")) return "add";
  return text.startsWith("-") ? "remove" : "same";
}

/**
 * How many lines come and go in some differences: "+4 −1"; "" where there are none.
 * @param {string[]} differences
 * @returns {string}
 */
export function counted(differences) {
  const found = differences.flatMap(lines);
  const [added, removed] = ["add", "remove"].map((kind) => found.filter((line) => line.kind === kind).length);
  return differences.length ? `+${added} −${removed}` : "";
}

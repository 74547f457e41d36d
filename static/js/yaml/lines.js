/** Which lines of a text another one does not have: what an editor marks as changed. Pure. */

/** Beyond this product of lengths all of the middle counts as changed: typing must stay quick. */
const LARGEST = 1_000_000;

/**
 * The lines (from 0) of `now` that are not in the longest common sequence with `before`.
 * @param {string[]} before
 * @param {string[]} now
 * @returns {number[]}
 */
export function changedLines(before, now) {
  let start = 0;
  while (start < before.length && start < now.length && before[start] === now[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < now.length - start && before.at(-1 - end) === now.at(-1 - end)) end += 1;
  const old = before.slice(start, before.length - end);
  const fresh = now.slice(start, now.length - end);
  if (old.length * fresh.length > LARGEST) return fresh.map((_, at) => start + at);
  return uncommon(old, fresh).map((at) => start + at);
}

/** @param {string[]} old @param {string[]} fresh @returns {number[]} */
function uncommon(old, fresh) {
  const table = Array.from({ length: old.length + 1 }, () => new Uint32Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      table[i][j] = old[i] === fresh[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const found = [];
  for (let i = 0, j = 0; j < fresh.length; ) {
    if (i < old.length && old[i] === fresh[j]) {
      i += 1;
      j += 1;
    } else if (i < old.length && table[i + 1][j] >= table[i][j + 1]) {
      i += 1;
    } else {
      found.push(j);
      j += 1;
    }
  }
  return found;
}

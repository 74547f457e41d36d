/** Operations on headers as rows, and back. Pure: no page, no network. */

/** @typedef {Record<string, any>} Json */
/** @typedef {{side: string, op: string, name: string, value?: string}} Operation */

/** @param {Json | undefined} headers @returns {Operation[]} */
export function operationsOf(headers) {
  return Object.entries(headers ?? {}).flatMap(([side, made]) => [
    ...["set", "add"].flatMap((op) =>
      Object.entries(made[op] ?? {}).map(([name, value]) => ({ side, op, name, value: String(value) })),
    ),
    ...(made.remove ?? []).map((/** @type {string} */ name) => ({ side, op: "remove", name })),
  ]);
}

/** Undefined for none. @param {Operation[]} operations @returns {Json | undefined} */
export function headersOf(operations) {
  /** @type {Json} */
  const headers = {};
  for (const { side, op, name, value = "" } of operations) {
    const made = (headers[side] ??= {});
    if (op === "remove") made.remove = [...(made.remove ?? []), name];
    else made[op] = { ...made[op], [name]: value };
  }
  return operations.length ? headers : undefined;
}

/** What the server calls each of some operations in errors. @param {Operation[]} operations @returns {string[]} */
export function namesOf(operations) {
  /** @type {Record<string, number>} */
  const removed = {};
  return operations.map(({ side, op, name }) => {
    if (op !== "remove") return `headers.${side}.${op}.${name}`;
    removed[side] = (removed[side] ?? -1) + 1;
    return `headers.${side}.remove[${removed[side]}]`;
  });
}

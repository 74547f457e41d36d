// The questions about the past, as the REST interface reads them. Pure.

/** What the page shows, as it subscribes to it. @typedef {Record<string, unknown>} Subscription */

/**
 * @param {Subscription} subscription
 * @returns {URLSearchParams} of the same view over REST; what is empty is left out
 */
export function viewQuery(subscription) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(subscription)) {
    if (name === "type" || value === undefined || value === null || value === "" || value === false) continue;
    if (!Array.isArray(value)) query.set(name, String(value));
    else if (value.length) query.set(name, value.join(","));
  }
  return query;
}

/** @param {Subscription} subscription @param {string} at ISO */
export function graphPath(subscription, at) {
  const query = viewQuery(subscription);
  query.set("at", at);
  return `graph?${query}`;
}

/** @param {Subscription} subscription @param {string} one ISO @param {string} other ISO @returns {string} the earlier one is "before" */
export function comparisonPath(subscription, one, other) {
  const query = viewQuery(subscription);
  const [before, after] = [one, other].sort((a, b) => Date.parse(a) - Date.parse(b));
  query.set("before", before ?? one);
  query.set("after", after ?? other);
  return `graph/comparison?${query}`;
}

/** @param {string} graphType @param {string} id @param {string} since ISO @param {string} until ISO */
export function figuresPath(graphType, id, since, until) {
  return `figures?${new URLSearchParams({ graph_type: graphType, id, since, until })}`;
}

/** @param {string} since ISO @param {string} until ISO @param {string[]} namespaces none: all */
export function marksPath(since, until, namespaces) {
  const query = new URLSearchParams({ since, until });
  if (namespaces.length) query.set("namespaces", namespaces.join(","));
  return `marks?${query}`;
}

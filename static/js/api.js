/** The REST interface as the pages use it: JSON both ways, the session's CSRF token, errors in one shape. */

import { BASE } from "./base.js";

/** @typedef {import("./shapes.js").FieldError} FieldError */
/** @typedef {import("./shapes.js").Conflict} Conflict */

export class ApiError extends Error {
  /**
   * @param {number} status the HTTP status; 0 when the console itself did not answer
   * @param {{code?: string, message?: string, fields?: FieldError[], conflicts?: Conflict[], rollout?: number}} error
   */
  constructor(status, error) {
    super(error.message || `The console answered with ${status}.`);
    this.status = status;
    this.code = error.code ?? "";
    this.fields = error.fields ?? [];
    this.conflicts = error.conflicts ?? [];
    /** The rollout that is in the way, where one is. */
    this.rollout = error.rollout ?? null;
  }
}

/**
 * @param {string} path below /api/v1/
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export function get(path, signal) {
  return send("GET", path, undefined, signal);
}

/**
 * @param {string} path below /api/v1/
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 * @param {Record<string, string>} [headers] besides the usual ones
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export function post(path, body, signal, headers) {
  return send("POST", path, body, signal, "application/json", headers);
}

/**
 * Sends YAML as it was typed.
 * @param {string} path below /api/v1/
 * @param {string} yaml
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export function text(path, yaml, signal) {
  return send("POST", path, yaml, signal, "application/yaml");
}

/** A key by which a command that is sent again is known. @returns {string} */
export function freshKey() {
  // Not randomUUID, which there is with HTTPS only.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A command that is done once, however often it is sent with the same key.
 * @param {string} path below /api/v1/
 * @param {unknown} body
 * @param {string} key
 * @returns {Promise<{status: number, content: any}>}
 * @throws {ApiError}
 */
export async function command(path, body, key) {
  const answer = await answered("POST", path, body, { type: "application/json", headers: { "Idempotency-Key": key } });
  return { status: answer.status, content: await contentOf(answer) };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 * @param {string} [type]
 * @param {Record<string, string>} [more]
 */
async function send(method, path, body, signal, type = "application/json", more = {}) {
  return contentOf(await answered(method, path, body, { signal, type, headers: more }));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {{signal?: AbortSignal | undefined, type: string, headers?: Record<string, string>}} how
 */
async function answered(method, path, body, { signal, type, headers: more = {} }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = type;
  const written = typeof body === "string" && type !== "application/json" ? body : JSON.stringify(body);
  try {
    return await fetch(`${BASE}api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : written,
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { code: "unavailable", message: unreachable(method) });
  }
}

/** @param {Response} answer */
async function contentOf(answer) {
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(answer.status, content.error ?? {});
  return content;
}

/** @param {string} method */
function unreachable(method) {
  const before = "The console does not answer.";
  return method === "GET" ? before : `${before} Whether the command arrived is not known: look at Changes first.`;
}

function csrfToken() {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

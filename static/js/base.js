/** Where the console begins for the cluster that this page is about: "/" or "/clusters/<name>/". */
export const BASE = globalThis.document?.documentElement.dataset.base ?? "/";

/** What the two forms of policies are about: the requests on a route, and the traffic to pods. */
import { byId } from "../../dom.js";
import { put } from "./bind.js";

/** @typedef {import("./parts-form.js").Kind} Kind */

/** @returns {Kind} */
export function httpPolicy() {
  const target = byId("http-policy-target", HTMLSelectElement);
  return {
    kind: "http_policy",
    place: () => target.value,
    choose: (place) => put(target, place),
    target: (place) => (place === "default" || place === "all" ? { [place]: true } : { name: place.slice("name ".length) }),
    placeOf: (rule) => (rule.name ? `name ${rule.name}` : rule.all ? "all" : "default"),
    words: (place) => ({ default: "on the default route", all: "on all routes" })[place] ?? `on route ${place.slice("name ".length)}`,
    inForce: ({ routes = [] }, place) => {
      if (place === "all") return {};
      const found = routes.find((route) => (place === "default" ? route.default : `name ${route.name}` === place));
      return found?.policies ?? {};
    },
  };
}

/** @returns {Kind} */
export function destinationPolicy() {
  const version = byId("policy-version", HTMLSelectElement);
  const port = byId("policy-port", HTMLSelectElement);
  /** @param {string} place */
  const halves = (place) => {
    const at = place.indexOf(" ");
    return { ofPort: place.slice(0, at), ofVersion: place.slice(at + 1) };
  };
  /** @param {{version?: string, port?: number}} rule */
  const placeOf = (rule) => `${rule.port ?? ""} ${rule.version ?? ""}`;
  return {
    kind: "destination_policy",
    place: () => `${port.value} ${version.value}`,
    choose: (place) => {
      put(port, halves(place).ofPort);
      put(version, halves(place).ofVersion);
    },
    target: (place) => {
      const { ofPort, ofVersion } = halves(place);
      return { ...(ofVersion ? { version: ofVersion } : {}), ...(ofPort ? { port: Number(ofPort) } : {}) };
    },
    placeOf,
    words: (place) => {
      const { ofPort, ofVersion } = halves(place);
      return [ofVersion ? `for ${ofVersion}` : "for all versions", ofPort && `on port ${ofPort}`].filter(Boolean).join(" ");
    },
    inForce: ({ policies = [] }, place) => policies.find((rule) => placeOf(rule) === place) ?? {},
  };
}

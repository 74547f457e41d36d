// Fetches plotly: it is larger than all else on a page, so it comes with the first figure, not with the page.

/** @import { Plotly } from "./plotly.js" */

/**
 * @param {string} source address of the script
 * @returns {Promise<Plotly>}
 */
export function loadPlotly(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("plotly did not start")));
    script.onerror = () => reject(new Error("plotly could not be fetched"));
    document.head.append(script);
  });
}

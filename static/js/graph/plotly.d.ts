/** The few parts of plotly.js that the figures use; the basic bundle carries no types of its own. */
export interface Plotly {
  react(element: HTMLElement, data: object[], layout: object, config?: object): Promise<unknown>;
  purge(element: HTMLElement): void;
  Plots: { resize(element: HTMLElement): void };
}

declare global {
  interface Window {
    Plotly?: Plotly;
  }
}

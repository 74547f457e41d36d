// What test_wizard_access_browser.py asks of the page; an expression, evaluated there.
({
  /** What can be reached and has no name for who does not see it. */
  nameless() {
    return this.controls("input, select, textarea, button, summary, pre").filter((each) => {
      const labels = [...(each.labels ?? [])].map((label) => label.textContent);
      const own = /BUTTON|SUMMARY|PRE/.test(each.tagName) ? each.textContent : "";
      return ![each.getAttribute("aria-label") ?? "", own, ...labels].some((name) => name.trim());
    });
  },

  /** What is smaller than 24 pixels either way, with what belongs to it. */
  small() {
    return this.controls("input, select, textarea, button, summary").filter((each) => {
      const target = each.closest(".segments label, .choice, .pick") ?? each;
      const { width, height } = target.getBoundingClientRect();
      return width < 24 || height < 24;
    });
  },

  /** Words whose colour and ground differ by less than 4.5 to 1 (WCAG 2, AA). */
  faint() {
    const unread = ":disabled, [aria-disabled=true], .is-off, .visually-hidden, svg, option";
    const words = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    const texts = [...document.querySelectorAll("#wizard *")].filter(
      (node) => node.checkVisibility() && words(node) && !node.closest(unread),
    );
    return texts.filter((node) => {
      const ground = this.grounds(node);
      const lights = [this.light([...ground, getComputedStyle(node).color]), this.light(ground)];
      return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05) < 4.5;
    });
  },

  controls(kinds) {
    return [...document.querySelectorAll(`#wizard :is(${kinds})`)].filter((each) => each.checkVisibility());
  },

  grounds(node) {
    return node ? [...this.grounds(node.parentElement), getComputedStyle(node).backgroundColor] : ["white"];
  },

  /** Relative luminance of colours over each other; painted, so that every notation is understood. */
  light(colours) {
    const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    for (const colour of colours) {
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
    }
    const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = [...brush.getImageData(0, 0, 1, 1).data].map((value) => linear(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  },

  /** What a probe found, to read in a failure. */
  said(name) {
    return this[name]().map((each) => each.outerHTML.slice(0, 120));
  },
});

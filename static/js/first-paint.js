// Not a module: it runs before the first paint, so that a dark page never flashes white.
{
  /** @type {string | null} */
  let choice = null;
  try {
    choice = localStorage.getItem("meshui-theme");
  } catch {
    choice = null; // storage is forbidden: follow the system
  }
  const dark = choice ? choice === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("pf-v6-theme-dark", dark);
}

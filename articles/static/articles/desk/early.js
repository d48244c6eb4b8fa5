/* Runs before the first paint, so that nothing jumps when the modules arrive: plain forms give way to keys and to fields
   that send themselves, and rows have the height that the editor chose. Older browsers keep the plain forms. */
if (globalThis.CSS?.supports("selector(:has(*))")) {
  document.documentElement.classList.add("js");
  try { document.documentElement.dataset.density = localStorage.getItem("desk-density") ?? ""; } catch { /* blocked */ }
}

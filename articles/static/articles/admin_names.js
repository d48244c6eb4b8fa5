// Name what Django's own scripts leave without a name: the filters of its two boxes, and the choices of select2.
window.addEventListener("load", () => {
  for (const icon of document.querySelectorAll(".search-label-icon")) icon.setAttribute("role", "img");
  for (const choice of document.querySelectorAll(".select2-selection__rendered[role=textbox]")) {
    const field = choice.id.replace(/^select2-|-container$/g, "");
    const label = document.querySelector(`label[for="${CSS.escape(field)}"]`);
    if (label) choice.setAttribute("aria-label", label.textContent.trim());
  }
});

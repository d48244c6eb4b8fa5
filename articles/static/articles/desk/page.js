/** Helpers for the page: find elements, remember choices on this machine, speak to screen readers. */

export const $ = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

export const desk = () => $("#desk");
export const showTools = (isShown = true) => $("#tools-button").setAttribute("aria-expanded", isShown); // of a phone
export const wide = matchMedia("(min-width: 900px)");
export const currentUrl = () => location.pathname + location.search;

/** Mark another row as the current one. */
export function moveMark(from, to) {
  if (!to || to === from) return;
  from?.removeAttribute("aria-current");
  to.setAttribute("aria-current", "true");
}

export function recall(name) {
  try { return localStorage.getItem(`desk-${name}`); } catch { return null; }
}

export function remember(name, value) {
  try { localStorage.setItem(`desk-${name}`, value); } catch { /* private windows forget */ }
}

/** Return the keys that the editor has moved: the usual key of each to the present one. */
export function savedKeymap() {
  try { return JSON.parse(recall("keymap")) ?? {}; } catch { return {}; }
}

/** Return the key on which an action with this usual key is now. */
export const keyOf = (usual) => savedKeymap()[usual] ?? usual;

let texts;

/** Return a text of `script_texts.py` with its values. */
export function text(name, values = {}) {
  texts ??= JSON.parse($("#script-texts").textContent);
  return texts[name].replaceAll(/%\((\w+)\)s/g, (_match, key) => values[key]);
}

export const askForStory = () => announce(text("choose_story", { key: keyOf("j") }));

/** Let screen readers say a sentence, even if it is what they said last. */
export function announce(sentence) {
  $("#say").textContent = "";
  setTimeout(() => { $("#say").textContent = sentence; }, 50);
}

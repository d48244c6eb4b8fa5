/** Keys of the page of suggestions: answer the current pair, or go to another. Forms do the rest. */

import { Layout } from "./keymap.js";
import { $, all } from "./page.js";

const layout = new Layout();

const pairs = () => all("#suggestions > .source");
const current = () => document.activeElement?.closest("#suggestions > .source") ?? pairs()[0];

function keyPressed(event) {
  const isTyping = event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping || !current()) return;
  const key = layout.latinKey(event), step = { j: 1, k: -1 }[key];
  if (step) {
    const place = pairs().indexOf(current()) + (document.activeElement?.closest(".source") || step < 0 ? step : 0);
    pairs()[Math.max(0, Math.min(place, pairs().length - 1))].focus();
  } else $(`[data-answer="${CSS.escape(key)}"]`, current())?.click();
}

document.addEventListener("keydown", keyPressed);

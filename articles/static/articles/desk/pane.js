/** The story beside the list, and who else is looking at it. */

import { $, all, desk, wide } from "./page.js";
import { current, focusRow, headline } from "./rows.js";

const mayLeave = () => !$("#open[data-dirty]") || confirm("There is unsaved text in the open story. Leave it?");
export const isOpen = () => !$("#detail").hidden;

export function openStory(url, then = () => {}) {
  if (!wide.matches) return location.assign(url);
  if (!mayLeave()) return;
  delete $("#open").dataset.dirty;
  $("#detail").hidden = false;
  desk().classList.add("with-story");
  $("#open").dataset.url = url;
  htmx.ajax("GET", url, { source: "#open", swap: "innerHTML" }).then(() => {
    $("#detail").scrollTop = 0;
    then();
    sendPresence();
  }, () => {});
}

/** Open the story of the current row and focus what `selector` finds in it. */
export function openCurrent(selector) {
  if (!current()) return;
  openStory(headline(current()).href, () => ((selector && $(selector, $("#open"))) ?? $("#detail")).focus());
}

let timer;

/** While the pane is open, show the story of the current row in it. */
export function openFocusedStory() {
  clearTimeout(timer);
  if (!isOpen() || $("#open[data-dirty]")) return;
  timer = setTimeout(() => openStory(headline(current()).href), 250);
}

export function reloadStory() {
  const pane = $("#open");
  if (!isOpen() || pane.dataset.dirty !== undefined) return;
  const top = $("#detail").scrollTop;
  htmx.ajax("GET", pane.dataset.url, { source: "#open", swap: "innerHTML" })
    .then(() => { $("#detail").scrollTop = top; }, () => {});
}

export function closeStory() {
  if (!mayLeave()) return;
  delete $("#open").dataset.dirty;
  $("#open").replaceChildren();
  $("#detail").hidden = true;
  desk().classList.remove("with-story");
  focusRow(current());
}

/** Tell the server which stories this editor sees; the answer says who else is there. */
export function sendPresence() {
  const story = $(".story"), values = { shown: all("#list .row, .story").map((shown) => shown.dataset.pk).join(",") };
  if (story) values.open = story.dataset.pk;
  if ($("[data-dirty]")) values.dirty = "1";
  htmx.ajax("POST", desk().dataset.ping, { source: "#pinging", swap: "none", values }).catch(() => {});
}

export function showPresence() {
  const story = $("#open .story");
  if (story) $(".presence", story).textContent = $(`#presence-${story.dataset.pk}`)?.textContent ?? "";
}

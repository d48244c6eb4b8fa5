/** The story beside the list, and who else is looking at it. */

import { $, all, desk, text, wide } from "./page.js";
import { current, focusRow, headline } from "./rows.js";

const mayLeave = () => !$("#open[data-dirty]") || confirm(text("unsaved"));
export const isOpen = () => !$("#detail").hidden;
let lastLoad;

/** Load the story that is asked for into the pane. If it doesn't come, the pane keeps what it shows, or closes if empty. */
async function loadStory(afterwards) {
  const pane = $("#open"), { url, shown } = pane.dataset, story = $(".story", pane);
  const load = lastLoad = htmx.ajax("GET", url, { source: pane, swap: "innerHTML" });
  await load.catch(() => {});
  if (load !== lastLoad) return; // another one has taken its place
  if ($(".story", pane) === story) return story ? (pane.dataset.url = shown) : hidePane();
  pane.dataset.shown = url;
  afterwards();
}

export function openStory(url, then = () => {}) {
  if (!wide.matches) return location.assign(url);
  if (!mayLeave()) return;
  delete $("#open").dataset.dirty;
  $("#detail").hidden = false;
  desk().classList.add("with-story");
  $("#open").dataset.url = url;
  loadStory(() => {
    $("#detail").scrollTop = 0;
    then();
    sendPresence();
  });
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
  timer = setTimeout(() => {
    const { href } = headline(current());
    if (href === $("#open").dataset.url) reloadStory();
    else openStory(href);
  }, 250);
}

/** Return a selector of the field or button of the pane that has the focus. */
function fieldWithFocus(pane) {
  const { tagName, name, value } = document.activeElement;
  if (!pane.contains(document.activeElement)) return null;
  return name ? `${tagName}[name="${name}"]${tagName === "BUTTON" ? `[value="${CSS.escape(value)}"]` : ""}` : "h1";
}

/** Show what the open story is now, unless the editor is typing in it. */
export function reloadStory() {
  const pane = $("#open");
  if (!isOpen() || pane.dataset.dirty !== undefined) return;
  const top = $("#detail").scrollTop, focused = fieldWithFocus(pane);
  loadStory(() => {
    $("#detail").scrollTop = top;
    if (focused && document.activeElement === document.body) ($(focused, pane) ?? $("#detail")).focus({ preventScroll: true });
  });
}

export function closeStory() {
  if (!mayLeave()) return;
  delete $("#open").dataset.dirty;
  hidePane();
  focusRow(current());
}

function hidePane() {
  lastLoad = null;
  htmx.trigger("#open", "htmx:abort"); // else colleagues would be told that the story is open
  $("#open").replaceChildren();
  $("#detail").hidden = true;
  desk().classList.remove("with-story");
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

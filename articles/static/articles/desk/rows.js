/** The rows of the list: which one has the focus, which are selected, and where the list stood. */

import { $, all, announce, currentUrl, moveMark, text } from "./page.js";

export const rows = () => all("#list .row");
export const rowOf = (pk) => document.getElementById(`row-${pk}`);
export const current = () => $("#list .row[aria-current]");
export const headline = (row) => $("h2 a", row);
export const stateOf = (within) => $("[data-state]", within)?.dataset.state;
const checkbox = (row) => $("input[form=bulk]", row);
export const selected = () => rows().filter((row) => checkbox(row).checked);

export const setCurrent = (row) => moveMark(current(), row);

export function focusRow(row, options) {
  if (!row) return;
  setCurrent(row);
  headline(row).focus(options);
}

/** Return the row to decide next: after this one, else from the top; this one if all is done. */
export function nextUndecided(row) {
  const list = rows(), at = list.indexOf(row);
  return [...list.slice(at + 1), ...list.slice(0, at)].find((other) => !other.matches(".done, .sent")) ?? row;
}

/** Dim the rows that have left the state in which they were loaded. Return how many more than before. */
export function markDone() {
  const before = all("#list .row.done").length;
  rows().forEach((row) => row.classList.toggle("done", stateOf(row) !== row.dataset.initialState));
  return all("#list .row.done").length - before;
}

export function select(row, on = !checkbox(row).checked) {
  checkbox(row).checked = on;
  showSelection();
}

export function selectPage(on) {
  rows().forEach((row) => { checkbox(row).checked = on; });
  showSelection();
}

export function clearSelection() {
  selected().forEach((row) => { checkbox(row).checked = false; });
  $("#bulk [name=whole_view]").checked = false;
  showSelection({ isAnnounced: false });
}

const wholeView = () => $("#bulk [name=whole_view]");

/** Select all stories of the view, or only those of the page again. */
export function selectView(on) {
  wholeView().checked = on;
  if (on) selectPage(true);
  else showSelection();
}

/** Say in the bar what is selected: a number of rows, or the whole view, which ends with the first row that is not. */
export function showSelection({ isAnnounced = true } = {}) {
  const chosen = selected();
  if (chosen.length < rows().length) wholeView().checked = false;
  const published = chosen.filter((row) => stateOf(row) === "published").length;
  const number = wholeView().checked ? wholeView().dataset.number : chosen.length;
  const name = wholeView().checked ? "all_selected" : published && published < number ? "selected_published" : "selected";
  const summary = text(name, { number, published });
  if (isAnnounced && $("#selected").textContent !== summary) announce(`${summary}.`);
  $("#selected").textContent = summary;
  $("#bulk").classList.toggle("open", chosen.length > 0);
  $("#select-page").checked = chosen.length > 0 && chosen.length === rows().length;
  $("#select-page").indeterminate = chosen.length > 0 && chosen.length < rows().length;
}

/** Return what the keys act on: the member or story of the pane if the focus is there, else the current row. */
export function focusedSubject() {
  const focused = document.activeElement;
  return focused.closest(".members li:has(form)") ?? (focused.closest("#detail") && $("#open form.story-form")) ?? current();
}

/** Return the row of the story that the pane shows or is loading, if the list has it. */
export const rowOfPane = () => ($("#detail").hidden ? undefined : rows().find((row) => headline(row).href === $("#open").dataset.url));

/** Return the keys of the rows, the nearest to one of them first. */
function keysByDistance(from) {
  const list = rows(), at = Math.max(0, list.indexOf(from));
  return [...list.slice(at), ...list.slice(0, at).reverse()].map((row) => row.dataset.pk);
}

/** Return a function that restores row, scroll position and selection after the list was replaced. */
export function keepListPosition() {
  const row = current(), top = row?.getBoundingClientRect().top, order = keysByDistance(row);
  const chosen = selected().map((other) => other.dataset.pk);
  const hadFocus = document.activeElement === document.body || document.activeElement.closest("#list");
  return () => {
    chosen.map(rowOf).filter(Boolean).forEach((other) => { checkbox(other).checked = true; });
    showSelection({ isAnnounced: false });
    const known = rowOfPane() ?? order.map(rowOf).find(Boolean), next = known ?? rows()[0];
    if (!row || !next) return;
    setCurrent(next);
    if (hadFocus) headline(next).focus({ preventScroll: true });
    if (known) scrollBy(0, next.getBoundingClientRect().top - top);
    else scrollTo(0, 0); // other stories have taken the place of all that were here
  };
}

/** Remember where the list stood, and whether a confirmation takes its place. */
export function savePosition({ isAsked = false } = {}) {
  if (!$("#list")) return;
  sessionStorage.setItem("desk-url", currentUrl());
  const row = $("#list .row.sent") ?? current(), keys = row ? keysByDistance(row) : [];
  sessionStorage.setItem("desk-rows", JSON.stringify({ keys, top: Math.round(scrollY), isAsked }));
}

/** Return to the row and scroll position of before, unless the editor opened the view afresh. */
export function restorePosition() {
  const [entry] = performance.getEntriesByType("navigation");
  const { keys = [], top = 0, isAsked } = JSON.parse(sessionStorage.getItem("desk-rows")) ?? {};
  const cameFromElsewhere = document.referrer && new URL(document.referrer).pathname !== location.pathname;
  const cameBack = isAsked || entry?.type !== "navigate" || cameFromElsewhere;
  if (!cameBack || sessionStorage.getItem("desk-url") !== currentUrl()) return;
  focusRow(keys.map(rowOf).find(Boolean), { preventScroll: true });
  if (!$(".messagelist")) scrollTo(0, top); // else what was done, at the top, would not be seen
}

/** Point the links back to the desk at the view that the editor left. */
export function linkBack() {
  all("[data-back]").forEach((link) => { link.href = sessionStorage.getItem("desk-url") || link.href; });
}

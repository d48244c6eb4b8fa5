/** Send actions: for one story, for the selected ones, from any form of the desk. */

import { $, all, announce, currentUrl, desk, text } from "./page.js";
import { isOpen, openFocusedStory, openStory, reloadStory } from "./pane.js";
import { RequestQueue, newestVersion } from "./queue.js";
import {
  clearSelection, current, focusRow, focusedSubject, headline, nextUndecided, rowOf, rows, selected,
} from "./rows.js";

const CONFIRM_FROM = 51; // stories: the server shows so many on a page of its own before it changes them
const DECISIONS = new Set(["publish", "unpublish", "hold", "spike", "reopen"]);
const SAVED_FIELDS = { // of the story in the pane, by action
  words: ["title", "excerpt"], note: ["note"], topics: ["topics"], quality: ["quality"], heat: ["heat"],
  schedule: ["publish_at", "unpublish_at"], pick: ["pick_until"],
};
export const requestQueue = new RequestQueue();
let lastPk = null; // the story of the last action on one, which undo focuses

/** Post an action. The versions of its rows are read when its turn has come. `onFailure` runs if no answer came. */
function postAction(url, data, afterwards, onFailure = () => {}) {
  return requestQueue.addAction(() => {
    const onPage = all("#desk input[name=row]").map((input) => input.value);
    const sent = data.getAll("row").map((row) => newestVersion(row, onPage));
    data.delete("row");
    sent.forEach((row) => data.append("row", row));
    return htmx.ajax("POST", url, { source: "#desk", swap: "none", values: data });
  }, () => desk() && afterwards(), () => desk() && onFailure()); // a confirmation may have taken the place of the list
}

// What the toast says of the last action. It was refused too if no answer came.
const isRefused = () => $("#toast").matches(".refused:not([hidden])");
const isConflict = () => $("#toast").matches(".conflict");

/** Send an action for a row, a member or the story in the pane; `field` is where its value was typed. */
export function sendAction(subject, action, values = {}, field = null) {
  const data = new FormData();
  const reason_text = $("[name=reason_text]", subject)?.value ?? "";
  const version = $("input[name=row]", subject).value;
  const fields = { row: version, action, next: currentUrl(), reason_text, ...values };
  Object.entries(fields).forEach(([name, value]) => data.set(name, value));
  const row = subject.closest("#list .row") ?? (subject.matches(".story-form") ? rowOf(version.split(":")[0]) : null);
  const isDecision = row && DECISIONS.has(action);
  if (row) lastPk = row.dataset.pk;
  if (isDecision) row.classList.add("sent");
  const next = isDecision ? nextUndecided(row) : null;
  const showResult = () => {
    clearReasonUnlessRefused(subject, fields.reason_text);
    showIfRefused(row, field, next);
  };
  postAction(desk().dataset.act, data, () => {
    showResult();
    if (action === "make_lead") return showNewLead(subject);
    if (isConflict()) return;
    if (next) openFocusedStory();
    else reloadStory(); // also if it is another one: its story may have changed
  }, showResult);
  focusRow(next);
}

/** Let a row or field be sent again, and bring the editor back to it if its action was refused or failed. */
function showIfRefused(row, field, next) {
  const input = field && document.getElementById(field.id);
  row?.classList.remove("sent");
  if (input) delete input.dataset.sent;
  if (isConflict()) return;
  if (input) input.setAttribute("aria-invalid", isRefused());
  if (isRefused() && input) input.focus();
  else if (isRefused() && next && document.activeElement === headline(next)) focusRow(row);
}

/** Show the new lead in the pane once it leads: the old one is a member now, and keys act on what the pane shows. */
function showNewLead(member) {
  const link = member?.matches(".members li") && $("a[data-open]", member);
  if (link && isOpen() && !isRefused()) openStory(link.href, () => $("#detail").focus());
  else reloadStory();
}

/** Forget the reason of an action that was done: the next one has another. Show it again if the action was not done. */
function clearReasonUnlessRefused(within, reason) {
  const input = $("[name=reason_text]", within), details = $("details.row-reason", within);
  if (!input || (isRefused() && !reason)) return;
  input.value = isRefused() ? reason : "";
  if (details) details.open = isRefused();
}

/** Decide the selected stories, or the focused one if none is selected. */
export function decide(action, values) {
  if (selected().length) return sendSelected(action, values);
  const subject = focusedSubject();
  if (subject) sendAction(subject, action, values);
}

function sendSelected(action, values = {}) {
  const button = $(`#bulk button[value=${action}]`);
  if (!button) return announce(text("not_allowed"));
  if (values.reason) $("#bulk [name=reason]").value = values.reason;
  if (values.reason_text) $("#bulk [name=reason_text]").value = values.reason_text;
  $("#bulk").requestSubmit(button);
}

/** Return whether a form has typed text in other fields than these. */
function hasUnsaved(form, saved) {
  const fields = all("input:not([type=hidden]), textarea", form).filter(({ name }) => name !== "reason_text");
  return fields.some((field) => !saved.includes(field.name) && field.value !== field.defaultValue);
}

/** Send a form of the desk as a request, so that the page stays. */
export function submitted(event) {
  const form = event.target;
  if (form.method !== "post" || form.matches("[data-plain]") || !form.closest(".middle, #detail, #toast")) return;
  if (form.id === "bulk" && (selected().length >= CONFIRM_FROM || $("[name=whole_view]", form).checked)) return;
  event.preventDefault();
  if (!event.submitter) return;
  if (form.matches("#toast:not(.conflict) form")) return undo();
  const action = event.submitter.value, row = form.closest("#list .row");
  if (row || (form.matches(".story-form") && DECISIONS.has(action))) {
    return sendAction(row ?? form, action, action === "spike" ? { reason: $("[name=reason]", form).value } : {});
  }
  const data = new FormData(form, event.submitter);
  data.set("next", currentUrl()); // also from the pane, whose forms lead to the page of its story
  const savesAll = SAVED_FIELDS[action] && !hasUnsaved(form, SAVED_FIELDS[action]);
  const field = document.activeElement; // an input if it was Enter that sent the form
  const hasFailed = () => isRefused() && !isConflict();
  const focusIfFailed = () => hasFailed() && field.matches(".story-form input") && field.focus();
  postAction(form.getAttribute("action"), data, () => {
    if (savesAll && !hasFailed()) delete ($("#open") ?? desk()).dataset.dirty;
    focusIfFailed();
    clearReasonUnlessRefused(form);
    if (form.id === "bulk" && !hasFailed()) clearSelection();
    if (action === "make_lead") showNewLead(form.closest("li"));
    else reloadStory();
  }, focusIfFailed);
  lastPk = null;
  if (form.id === "bulk") focusRow(current() ?? rows()[0], { preventScroll: true });
}

/** Undo the last action and focus its row; after an action on many, or a second time, the focus stays. */
export function undo() {
  focusRow(rowOf(lastPk));
  lastPk = null;
  const data = new FormData();
  data.set("next", currentUrl());
  postAction(desk().dataset.undo, data, reloadStory);
}

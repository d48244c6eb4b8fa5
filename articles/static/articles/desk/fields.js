/** Fields that send themselves, and the ones of the pane and the bulk bar that have a button. */

import { $, announce, askForStory, desk, remember, text } from "./page.js";
import { sendAction } from "./requests.js";
import { current, selectPage, selectView, showSelection } from "./rows.js";

let timer;

export function fieldChanged({ target: input }) {
  if (input.form?.id === "bulk" && input.name === "row") return showSelection();
  if (input.form?.id === "bulk" && input.name === "whole_view") return selectView(input.checked);
  if (input.id === "select-page") return selectPage(input.checked);
  if (input.id === "keys-on") return remember("keys", input.checked ? "on" : "off");
  if (!input.matches("#list [data-action]")) return;
  // Arrow keys change a number at each press: send only where they stop.
  clearTimeout(timer);
  if (document.activeElement === input) timer = setTimeout(sendField, 700, input);
  else sendField(input);
}

/** Send a field of a row unless its value is as it was, or was sent and not refused. */
export function sendField(input) {
  clearTimeout(timer);
  if (input.validity.badInput) return announce(text("enter_number"));
  if (input.value === (input.dataset.sent ?? input.defaultValue)) return;
  input.dataset.sent = input.value;
  sendAction(input.closest(".row"), input.dataset.action, { [input.name]: input.value }, input);
}

/** Put the focus into a field of the current row. */
export function editField(name) {
  const input = current() && $(`[data-action=${name}]`, current());
  if (!current()) return askForStory();
  if (!input) return announce(text(`no_${name}`));
  input.focus();
  input.select();
}

export function fieldTyped({ target }) {
  if (target.matches(".story-form :is(input:not([name=reason_text]), textarea)")) (target.closest("#open") ?? desk()).dataset.dirty = "";
  if (target.list?.id === "topic-names") offerTopics(target);
}

/** Let the list of topics complete the last name of a comma-separated line. */
function offerTopics(input) {
  const before = input.value.replace(/[^,]*$/, "").trimEnd();
  for (const option of input.list.options) {
    option.dataset.name ??= option.value;
    option.value = before ? `${before} ${option.dataset.name}` : option.dataset.name;
  }
}

/** Press the button that follows a field, as Enter in it means. */
export function pressButtonAfter(field) {
  let next = field.closest("label");
  while (next && !next.matches("button")) next = next.nextElementSibling;
  next?.click();
}

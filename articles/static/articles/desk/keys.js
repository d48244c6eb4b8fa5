/** What each key does, and the form in the help in which editors move actions to other keys. */

import { loadMore } from "./answers.js";
import { editField, pressButtonAfter, sendField } from "./fields.js";
import { Keymap } from "./keymap.js";
import { $, all, announce, askForStory, desk, recall, remember, savedKeymap, showTools, text } from "./page.js";
import { closeStory, isOpen, openCurrent, openFocusedStory } from "./pane.js";
import { decide, sendAction, undo } from "./requests.js";
import {
  clearSelection, current, focusRow, focusedSubject, headline, rowOfPane, rows, select, selected, stateOf,
} from "./rows.js";

const STEP = 5; // points of quality or heat
const PREFIX_MILLISECONDS = 1500; // how long "g" waits for the key of a view
let keymap, VIEW_KEYS, prefixTimer;

const ACTIONS = {
  next: () => move(1),
  previous: () => move(-1),
  open: () => openCurrent(),
  select: () => current() && select(current()),
  publish: () => decide(isFocusedPublished() ? "unpublish" : "publish"),
  hold: () => decide("hold"),
  spike: () => (focusedSubject() || selected().length) && $("#reasons").showModal(),
  reopen: () => decide("reopen"),
  undo,
  quality: () => editField("quality"),
  heat: () => editField("heat"),
  suggest: () => decide("suggest"),
  topics: () => editField("topics"),
  raise_quality: () => step("quality", STEP),
  lower_quality: () => step("quality", -STEP),
  raise_heat: () => step("heat", STEP),
  lower_heat: () => step("heat", -STEP),
  title: () => openCurrent(".words [name=title]"),
  note: () => openCurrent("[name=note]"),
  reason: giveReason,
  pick: () => decide("pick"),
  schedule: () => openCurrent("fieldset.schedule input"),
  merge,
  make_lead: () => focusedSubject() && sendAction(focusedSubject(), "make_lead"),
  take_out: () => focusedSubject() && sendAction(focusedSubject(), "take_out"),
  preview: () => current() && window.open(new URL("preview/", headline(current()).href), "_blank", "noopener"),
  add_story: () => $("#add-story")?.click(),
  view: waitForView,
  search: () => { showTools(); $("#q").select(); },
  help: () => $("#help").showModal(),
};
const SHIFTED_ACTIONS = { next: () => move(1, true), previous: () => move(-1, true) };

const MOVES = new Set(["next", "previous"]); // a key that is held down repeats these only

const keysAreOn = () => recall("keys") !== "off";
const isFocusedPublished = () => !selected().length && focusedSubject() && stateOf(focusedSubject()) === "published";

function move(by, isExtending = false) {
  const list = rows(), row = current();
  const next = row ? list[list.indexOf(row) + by] : list[0];
  if (isExtending && row) select(row, true);
  if (!next && by > 0) return loadMore(() => move(by, isExtending));
  if (!next) return focusRow(row);
  focusRow(next);
  if (isExtending) select(next, true);
  openFocusedStory();
}

/** Put the focus where the reason of the next decision is typed. */
function giveReason() {
  const within = selected().length ? $("#bulk") : focusedSubject(), input = within && $("[name=reason_text]", within);
  if (!input) return askForStory();
  const details = input.closest("details");
  if (details) details.open = true;
  input.focus();
}

function step(name, by) {
  if (current()) sendAction(current(), "step", { [`${name}_step`]: by });
}

/** Compare the two selected stories, the one of higher quality first; else look for a story to fold into. */
function merge() {
  const chosen = selected(), { merge: url } = desk().dataset;
  if (chosen.length !== 2) return openCurrent(".find input[type=search]");
  const quality = (row) => Number($("[data-action=quality]", row)?.value) || 0;
  const [one, other] = chosen.sort((a, b) => quality(b) - quality(a)).map((row) => row.dataset.pk);
  location.assign(`${url}?one=${one}&other=${other}`);
}

function waitForView() {
  clearTimeout(prefixTimer);
  desk().dataset.prefix = "view";
  prefixTimer = setTimeout(() => delete desk().dataset.prefix, PREFIX_MILLISECONDS);
}

function close() {
  if (!$("#toast").hidden && $("#toast").matches(":focus-within, .conflict")) $("#toast").hidden = true;
  else if (closeMore()) return;
  else if (isOpen()) return closeStory();
  else if (selected().length) clearSelection();
  if (!document.activeElement.closest("#list")) focusRow(current());
}

/** Close "More" of the bar of selected stories, which stay selected; return whether it was open. */
function closeMore() {
  const more = selected().length && $("#bulk details[open]");
  if (!more) return false;
  if (more.contains(document.activeElement)) $("summary", more).focus();
  more.open = false;
  return true;
}

export function keyPressed(event) {
  if (!desk()) return; // a confirmation has taken the place of the list
  const { target, key } = event;
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.repeat && key === "Enter" && !target.matches("textarea")) return event.preventDefault();
  if (target.closest("dialog")) return pickReason(event);
  if (target.matches("input:not([type=checkbox]), textarea, select")) return pressedInField(event);
  if (key === "Escape") return close();
  if (!keysAreOn()) return;
  if (key === "Enter") return pressedEnter(event);
  const { action, isShifted, latin } = keymap.resolveEvent(event);
  const view = desk().dataset.prefix && VIEW_KEYS[latin];
  delete desk().dataset.prefix;
  if (event.repeat && !MOVES.has(action)) return event.preventDefault();
  const run = view ? () => $(`#views [data-view=${view}]`).click() : (isShifted ? SHIFTED_ACTIONS : ACTIONS)[action];
  if (!run) return;
  event.preventDefault();
  run();
}

function pressedEnter(event) {
  const link = event.target.closest("h2 a[data-open]");
  if (event.shiftKey && current() && (link || event.target === document.body)) {
    event.preventDefault();
    const source = $("a.outlet", current());
    if (source) window.open(source.href, "_blank", "noopener");
    else announce(text("no_source"));
  } else if (event.target === document.body) openCurrent();
}

function pressedInField(event) {
  const field = event.target;
  if (event.key === "Escape" && field.matches("#list [data-action]")) field.value = field.defaultValue;
  if (event.key === "Escape") return focusRow(current() ?? rows()[0]);
  if (event.key !== "Enter" || !field.matches("input")) return;
  if (field.name === "reason_text") {
    event.preventDefault();
    focusRow(current() ?? rows()[0]); // the key of the decision comes next
  } else if (field.matches("#list [data-action]")) {
    event.preventDefault();
    sendField(field); // also a value that was refused, whose field the browser doesn't call changed
    focusRow(field.closest(".row"));
  } else if (field.closest("#bulk, .story-form")) {
    event.preventDefault();
    pressButtonAfter(field);
    if (field.closest(".story-form")) focusRow(rowOfPane() ?? current()); // so that the next key is a command again
  }
}

function pickReason(event) {
  if (event.target.name === "reason_text") {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it would press the first button
    return $("#reasons [autofocus]").click();
  }
  const button = !event.repeat && /^[1-9]$/.test(event.key) && event.target.closest("#reasons") && all("#reasons button")[event.key - 1];
  if (button) button.click();
}

/** The dialog was closed: with a reason, or by Escape without one. */
export function reasonChosen({ target }) {
  const reason = target.returnValue, input = $("[name=reason_text]", target), reason_text = input.value;
  target.returnValue = input.value = "";
  if (reason) decide("spike", reason_text ? { reason, reason_text } : { reason });
}

/** Read the shortcuts that the server declares, and what this editor has changed. */
export function startKeys() {
  const { shortcuts, views } = JSON.parse($("#shortcuts").textContent);
  VIEW_KEYS = views;
  keymap = new Keymap(shortcuts, savedKeymap());
  $("#keys-on").checked = keysAreOn();
  const form = $("#keymap"), { action, key } = form.elements;
  shortcuts.forEach((shortcut) => action.add(new Option(`${shortcut.key}: ${shortcut.help.split(";")[0]}`, shortcut.key)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.name === "reset") keymap.reset();
    else keymap.move(action.value, key.value.toLowerCase());
    remember("keymap", JSON.stringify(keymap.moved));
    key.value = "";
    showKeymap();
  });
  document.addEventListener("htmx:load", showShortcuts);
  showKeymap();
}

function showKeymap() {
  all("#help kbd[data-key]").forEach((kbd) => { kbd.textContent = keymap.keyOf(kbd.dataset.key); });
  const changes = Object.entries(keymap.moved).map(([usual, key]) => text("key_moved", { usual, key })).join(", ");
  $("#keymap output").textContent = changes ? text("changed_keys", { keys: changes }) : text("default_keys");
  showShortcuts();
}

/** Give screen readers the changed keys, both in the page and in what htmx brings. */
function showShortcuts() {
  for (const element of all("[aria-keyshortcuts]")) {
    element.dataset.key ??= element.getAttribute("aria-keyshortcuts");
    element.setAttribute("aria-keyshortcuts", keymap.keyOf(element.dataset.key));
  }
}

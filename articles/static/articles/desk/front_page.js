/**
 * The board of the front page: keys and dragging press the buttons of its rows, whose forms lead to the preview.
 * Moving by keys shows at once where the story would stand; the preview follows when the editor pauses.
 */

import { Keymap } from "./keymap.js";
import { $, all, announce, askForStory, moveMark, recall, savedKeymap, text } from "./page.js";

const PAUSE_MILLISECONDS = 400;
const SHORTCUTS = Object.entries({ next: "j", previous: "k", open: "o", pick: "f", keep_off: "b", undo: "u" })
  .map(([action, key]) => ({ action, key }));
const board = $("#board"), lastPlace = Number(board.dataset.places), mayChange = "mayChange" in board.dataset;
const rows = () => all(".place", board);
const current = () => $(".place[aria-current]", board);
const setCurrent = (row) => moveMark(current(), row);
const numberOf = (row) => Number(row.dataset.number);
const inPlace = (number) => $(`.place[data-number="${number}"]`, board);
let timer, dragged;

const ACTIONS = {
  next: () => go(1),
  previous: () => go(-1),
  open: () => $("h3 a", current() ?? board)?.click(),
  pick: () => press("pick") || press("end_pick"),
  keep_off: () => press("keep_off") || press("allow_on"),
  undo: () => $("#undo button", board)?.click(),
};
const SHIFTED_ACTIONS = { next: () => move(1), previous: () => move(-1) };

function focusRow(row) {
  if (!row) return;
  setCurrent(row);
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function go(by) {
  const list = rows(), row = current();
  focusRow(row ? list[list.indexOf(row) + by] : list[0]);
}

/** Press a button of the current row; return whether it has it. */
function press(value) {
  if (!mayChange) return announce(text("needs_publish"));
  const button = current() && $(`button[value=${value}]:not(:disabled)`, current());
  button?.click();
  return Boolean(button);
}

/** Show the current story one place further, and ask for the preview when the editor pauses. */
function move(by) {
  const row = current();
  if (!mayChange) return announce(text("needs_publish"));
  if (!row) return askForStory();
  const from = numberOf(row), to = from > lastPlace ? lastPlace : from + by;
  const other = inPlace(to);
  if (!from || !other || to < 1 || to > lastPlace) return announce(text("places", { last: lastPlace }));
  swap(row, other);
  [[row, to], [other, from]].forEach(([story, number]) => {
    story.dataset.number = number;
    $(".number", story).textContent = number;
  });
  focusRow(row);
  announce(text("place", { number: to }));
  clearTimeout(timer);
  timer = setTimeout(() => put(row, to), PAUSE_MILLISECONDS);
}

function swap(one, other) {
  const mark = document.createComment("");
  one.replaceWith(mark);
  other.replaceWith(one);
  mark.replaceWith(other);
}

/** Ask for the preview of a story in a place. */
function put(row, number) {
  const form = $("form", row);
  if (!form?.elements.at || number < 1 || number > lastPlace) return;
  form.elements.at.value = number;
  form.requestSubmit($("button[value=put]", form));
}

function keyPressed(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (key === "Escape") return $("#cancel", board)?.click();
  if (target.closest("input, select, textarea") || recall("keys") === "off") return;
  if (key === "Enter") return !event.repeat && !target.closest("a, button, summary") && $("#preview .go")?.click();
  if (/^[0-9]$/.test(key)) return event.repeat || putByDigit(Number(key) || 10);
  const { action, isShifted } = keymap.resolveEvent(event);
  const run = (isShifted ? SHIFTED_ACTIONS : ACTIONS)[action];
  if (!run || (event.repeat && !["next", "previous"].includes(action))) return;
  event.preventDefault();
  run();
}

function putByDigit(number) {
  if (!mayChange) announce(text("needs_publish"));
  else if (current()) put(current(), number);
  else askForStory();
}

function dragStarted(event) {
  dragged = event.target.closest?.(".handle")?.closest(".place");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", $("h3", dragged).textContent);
  event.dataTransfer.setDragImage(dragged, 0, 0);
}

/** Return the row on which the dragged story may be dropped. */
function targetOf(event) {
  const row = dragged && event.target.closest?.(".place[data-number]");
  return row && row !== dragged && numberOf(row) <= lastPlace ? row : null;
}

function draggedOver(event) {
  const row = targetOf(event);
  rows().forEach((other) => other.classList.toggle("is-target", other === row));
  if (row) event.preventDefault(); // it may be dropped here
}

function dropped(event) {
  const row = targetOf(event);
  if (!row) return;
  event.preventDefault();
  put(dragged, numberOf(row));
}

const keymap = new Keymap(SHORTCUTS, savedKeymap());
all(".keys kbd").forEach((kbd) => { kbd.textContent = keymap.keyOf(kbd.textContent); });
document.addEventListener("keydown", keyPressed);
board.addEventListener("focusin", ({ target }) => setCurrent(target.closest(".place")));
board.addEventListener("dragstart", dragStarted);
board.addEventListener("dragover", draggedOver);
board.addEventListener("drop", dropped);
board.addEventListener("dragend", () => {
  dragged = undefined;
  rows().forEach((row) => row.classList.remove("is-target"));
});
const preview = $("#preview");
if (current()) focusRow(current());
if (preview && getComputedStyle(preview).position === "static") preview.focus(); // in narrow windows it scrolls with the rows
if (preview) announce([...all("li", preview).map((line) => line.textContent), text("preview_keys")].join(" "));

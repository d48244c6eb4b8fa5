/**
 * The desk beyond plain links and forms: keys, changes in place, the story beside the list, who else is there.
 * State lives in the document: the current row (aria-current), its state when loaded (data-initial-state), the versions
 * (input[name=row]), unsaved typing (data-dirty). htmx sends and swaps.
 */

import { actionAnswered, beforeSwap, refreshCounts, reloadList, showError } from "./answers.js";
import { fieldChanged, fieldTyped } from "./fields.js";
import { keyPressed, reasonChosen, startKeys } from "./keys.js";
import { $, all, desk, remember, showTools, wide } from "./page.js";
import { closeStory, openStory, reloadStory, sendPresence, showPresence } from "./pane.js";
import { submitted } from "./requests.js";
import { linkBack, restorePosition, savePosition, setCurrent, showSelection } from "./rows.js";

const PRESENCE_MILLISECONDS = 15_000, COUNTS_MILLISECONDS = 800;

function start() {
  document.addEventListener("input", fieldTyped);
  document.addEventListener("click", ignoreSecondClick, true);
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterOnLoad", ({ detail }) => {
    if (detail.elt.id === "desk") actionAnswered(detail.xhr);
    if (detail.elt.id === "pinging") showPresence();
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    if (target.matches(".find .found")) target.closest(".find").scrollIntoView(); // else they are below the pane's edge
    if (target !== document.body) return; // else a confirmation has taken the place of the list
    linkBack();
    $("#content-start").focus();
  });
  document.addEventListener("htmx:responseError", ({ detail }) => showError(detail.xhr, detail.elt));
  ["htmx:sendError", "htmx:timeout"].forEach((name) => {
    document.addEventListener(name, ({ detail }) => showError({ status: 0 }, detail.elt));
  });
  addEventListener("beforeunload", (event) => { if ($("[data-dirty]")) event.preventDefault(); });
  setInterval(sendPresence, PRESENCE_MILLISECONDS);
}

function startList() {
  document.addEventListener("submit", submitted, true);
  document.addEventListener("click", clicked);
  document.addEventListener("change", fieldChanged);
  document.addEventListener("focusin", (event) => setCurrent(event.target.closest("#list .row")));
  document.addEventListener("keydown", keyPressed);
  document.addEventListener("desk:decided", () => refreshCounts(COUNTS_MILLISECONDS));
  document.addEventListener("desk:reload", () => setTimeout(reloadList));
  if (all("#views .count").some((count) => count.textContent === "…")) refreshCounts(0);
  $("#reasons").addEventListener("close", reasonChosen);
  startKeys();
  showDensity();
  showSelection({ isAnnounced: false });
  restorePosition();
  $("#views [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }); // a narrow window shows a few
  addEventListener("pagehide", () => savePosition());
  ["#density", "#help-button"].forEach((button) => { $(button).disabled = false; }); // keys and buttons work now
}

/** A double click on a button sends its form once: the second answer, "Nothing changed", would replace the Undo. */
function ignoreSecondClick(event) {
  if (event.detail > 1 && event.target.closest("form button:not([type=button])")) event.preventDefault();
}

function clicked(event) {
  const link = event.target.closest("a[data-open]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (link && isPlain && wide.matches) {
    event.preventDefault();
    openStory(link.href, () => $("#detail").focus());
  } else if (event.target.closest("#close-detail")) closeStory();
  else if (event.target.closest("[data-close]")) $("#toast").hidden = true;
  else if (event.target.closest("#tools-button")) showTools(event.target.ariaExpanded === "false");
  else if (event.target.closest("#help-button")) $("#help").showModal();
  else if (event.target.closest("#density")) toggleDensity();
  else if (event.target.closest("[data-theirs]")) {
    event.preventDefault();
    $("#toast").hidden = true;
    reloadList();
    reloadStory();
  }
}

function toggleDensity() {
  const root = document.documentElement;
  root.dataset.density = root.dataset.density === "compact" ? "comfortable" : "compact";
  remember("density", root.dataset.density);
  showDensity();
}

function showDensity() {
  $("#density").setAttribute("aria-pressed", document.documentElement.dataset.density === "compact");
}

linkBack();
if (desk()) start();
if ($("#list")) startList();

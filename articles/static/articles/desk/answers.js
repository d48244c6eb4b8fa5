/** What the server's answers do to the page: cells, versions, counts, the toast, the list. */

import { $, all, announce, currentUrl, desk, keyOf, text } from "./page.js";
import { requestQueue } from "./requests.js";
import { keepListPosition, markDone, rows, savePosition, showSelection } from "./rows.js";

const TOAST_MILLISECONDS = 10_000, RETRY_MILLISECONDS = 1000;
const PAGE_SIZE = 50; // rows, as in list_views.py
const DRAINING_VIEWS = new Set(["undecided", "hot", "held", "spiked", "published", "today"]); // decisions empty these
const ERRORS = { 401: "signed_out", 403: "not_allowed", 404: "no_story" };
let toastTimer, countsTimer;

export function beforeSwap({ detail }) {
  detail.serverResponse = dropUnknownOobCells(detail.serverResponse);
  if (detail.target === document.body) savePosition({ isAsked: true });
  if (detail.elt.id === "pinging") all(".presence").forEach((line) => { line.textContent = ""; });
  if (!detail.xhr.responseURL.includes("/login/")) return;
  detail.shouldSwap = false;
  if (detail.elt === desk()) showError({ status: 401 }, detail.elt);
  else location.reload();
}

/** Leave out the cells of stories that have no row on this page. */
function dropUnknownOobCells(html) {
  if (!html.includes("hx-swap-oob")) return html;
  const answer = document.createElement("template");
  answer.innerHTML = html;
  all("[hx-swap-oob]", answer.content).forEach((cell) => { if (!document.getElementById(cell.id)) cell.remove(); });
  return answer.innerHTML;
}

/** Announce what an action did, and reload the list once all its rows are decided. */
export function actionAnswered(xhr) {
  const toast = $("#toast");
  clearTimeout(toastTimer);
  if (toast.matches(".conflict")) return toast.focus(); // it stays until the editor has chosen
  updateVersions(xhr.responseText);
  const decided = markDone();
  const left = decided ? countDown(decided) : "";
  if (left) $(".said p", toast)?.append(" ", Object.assign(document.createElement("span"), { className: "left", textContent: left }));
  announce([...all(".said p", toast).map((line) => line.textContent.trim()), $("form", toast) ? text("undo_key", { key: keyOf("u") }) : ""].join(" "));
  hideToastAfter(TOAST_MILLISECONDS);
  if (decided && rows().every((row) => row.matches(".done"))) reloadList();
}

function updateVersions(html) {
  for (const [, pk, version] of html.matchAll(/name="row"[^>]*value="(\d+):(\d+)"/g)) {
    all(`#desk input[name=row][value^="${pk}:"]`).forEach((input) => { input.value = `${pk}:${version}`; });
  }
}

/** Lower the count of an unfiltered view that decisions empty. Return how many stories are left, in words. */
function countDown(decided) {
  const count = viewCount();
  if (!DRAINING_VIEWS.has(desk().dataset.view) || !count) return "";
  count.textContent = Math.max(0, Number(count.textContent) - decided);
  showViewCount();
  return text("left", { number: count.textContent });
}

/** Return the count of the view among the views, if it is exact and counts what the list shows. */
function viewCount() {
  const { view, query } = desk().dataset;
  const count = $(`#views [data-view="${view}"] .count`);
  const isUnfiltered = [...new URLSearchParams(query).keys()].every((name) => name === "view");
  return isUnfiltered && /^\d+$/.test(count?.textContent) ? count : null;
}

/** Repeat the count of the view in the bar and in the toast: stories come in, and follow a lead that was spiked. */
function showViewCount() {
  const number = viewCount()?.textContent, left = $("#toast .left");
  if (!number) return left?.remove();
  if (left) left.textContent = text("left", { number });
  $("#bulk [name=whole_view]").dataset.number = number;
  $("#bulk .view-number").textContent = number;
}

/** Hide the toast after a while, but not from under a pointer or the focus. */
function hideToastAfter(milliseconds) {
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    const toast = $("#toast");
    if (toast.matches(":hover, :focus-within")) hideToastAfter(1000);
    else toast.hidden = true;
  }, milliseconds);
}

/** Say that a request failed: an action in the place of what was said before, else below it, which is still true. */
export function showError({ status, responseText = "" }, element) {
  if (element.matches("#views, #pinging")) return; // nobody asked for these, and they ask again
  const toast = $("#toast"), line = document.createElement("p"), isAction = element === desk();
  const isStale = responseText.includes("data-csrf-failure"), problem = isStale ? "session_renewed" : ERRORS[status];
  line.className = "problem failed";
  line.textContent = text(problem ?? (!isAction ? "not_loaded" : status ? "server_error" : "no_connection"), { status });
  $(".failed", toast)?.remove();
  if (toast.hidden || (isAction && !toast.matches(".conflict"))) {
    toast.className = "toast refused";
    toast.replaceChildren(Object.assign(document.createElement("div"), { className: "said" }));
    toast.hidden = false;
  }
  ($(".said", toast) ?? toast).append(line);
  announce(line.textContent);
  if (!toast.matches(".conflict")) hideToastAfter(TOAST_MILLISECONDS);
}

/** Count the views once the editor pauses. The count queues behind the actions, so that no older number comes back. */
export function refreshCounts(milliseconds) {
  clearTimeout(countsTimer);
  countsTimer = setTimeout(() => requestQueue.add(async () => {
    const views = $("#views"), { views: url, query, view } = desk().dataset;
    // An action that waits may be refused, and swapping must not take away the focus: look again later.
    if (requestQueue.pendingCount || views.matches(":focus-within") || $("details[open]", views)) {
      return refreshCounts(RETRY_MILLISECONDS);
    }
    const parameters = new URLSearchParams(query);
    parameters.set("view", view);
    await htmx.ajax("GET", `${url}?${parameters}`, { source: "#views", swap: "innerHTML" });
    showViewCount();
  }), milliseconds);
}

/** Add the next page of the view to the list, then run `afterwards`; at the end of the view, say so. */
export function loadMore(afterwards = () => {}) {
  const pages = $("#list .pages"), link = pages && $("a[rel=next]", pages);
  if (!link) return announce(text("last_story"));
  if (pages.dataset.loading) return;
  pages.dataset.loading = "yes";
  return requestQueue.add(async () => {
    const hasMore = await appendPage(pages, link.href);
    delete pages.dataset.loading; // if it failed, the editor may ask again
    if (hasMore) afterwards();
  });
}

/** Put the rows of another page behind those of the list, with their link to the next. Return whether there were any. */
async function appendPage(pages, url) {
  const answer = document.createElement("template");
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" } });
    if (!response.ok || response.redirected) return location.assign(url);
    answer.innerHTML = await response.text();
  } catch { return showError({ status: 0 }, pages); }
  const added = all(".row", answer.content).filter((row) => !document.getElementById(row.id));
  $("#list .rows").append(...added);
  added.forEach((row) => htmx.process(row));
  pages.replaceWith(...all(".pages", answer.content));
  showSelection({ isAnnounced: false });
  return added.length > 0;
}

/** Load as many pages again as the list had. */
async function reloadPages(number) {
  await htmx.ajax("GET", currentUrl(), { source: "#list", swap: "innerHTML" });
  for (let page = 1; page < number; page += 1) {
    const pages = $("#list .pages");
    if (!pages || !(await appendPage(pages, $("a[rel=next]", pages).href))) return;
  }
}

/** Load the list again after all that is on its way, but not while somebody types in it. */
export function reloadList() {
  const field = document.activeElement;
  if (field.matches("#list [data-action]") && field.value !== field.defaultValue) {
    return field.addEventListener("blur", () => setTimeout(reloadList), { once: true });
  }
  refreshCounts(0);
  return requestQueue.add(async () => {
    const restore = keepListPosition(), number = Math.ceil(rows().length / PAGE_SIZE);
    await reloadPages(number);
    restore();
  });
}

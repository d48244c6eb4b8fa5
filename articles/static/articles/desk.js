/* The desk, beyond plain links and forms: keys, changes in place, the story beside the list, who else is there.
   What has to be remembered stands in the document: the row in hand (aria-current), what it was (data-was), the
   versions (input[name=row]), unsaved typing (data-dirty). htmx sends and swaps. */
(() => {
  "use strict";

  const PING = 15_000, TOAST = 10_000, COUNTS = 800, STEP = 5, CONFIRM_FROM = 51;
  const SHRINKING = new Set(["undecided", "hot", "held", "spiked", "published", "today"]); // decisions empty these
  const GOES = { i: "undecided", h: "hot", p: "published", s: "scheduled" };
  const DECISIONS = new Set(["publish", "hold", "spike", "reopen"]);
  const wide = matchMedia("(min-width: 900px)");
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  document.documentElement.classList.add("js");
  document.documentElement.dataset.density = recall("density") || "comfortable";
  document.addEventListener("DOMContentLoaded", start);

  function start() {
    const desk = $("#desk");
    all("[data-back]").forEach((link) => { link.href = sessionStorage.getItem("desk-address") || link.href; });
    if (!desk) return;
    document.addEventListener("input", noteTyping);
    document.addEventListener("htmx:beforeSwap", beforeSwap);
    document.addEventListener("htmx:afterOnLoad", (event) => {
      if (event.detail.elt.id === "desk") answered(event.detail.xhr);
      if (event.detail.elt.id === "pinging") showPresence();
    });
    document.addEventListener("htmx:responseError", (event) => fail(event.detail.xhr.status));
    ["htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, () => fail(0)));
    addEventListener("beforeunload", (event) => { if ($("[data-dirty]")) event.preventDefault(); });
    setInterval(ping, PING);
    if ($("#list")) startList();
  }

  function startList() {
    document.addEventListener("submit", submitted, true);
    document.addEventListener("click", clicked);
    document.addEventListener("change", changed);
    document.addEventListener("focusin", (event) => setCurrent(event.target.closest("#list .row")));
    document.addEventListener("keydown", pressed);
    document.addEventListener("desk:decided", () => refreshCounts(COUNTS));
    if (all("#views .count").some((count) => count.textContent === "…")) refreshCounts(0);
    document.addEventListener("desk:reload", () => setTimeout(reload));
    $("#reasons").addEventListener("close", spiked);
    $("#keys-on").checked = keysOn();
    startKeymap();
    showDensity();
    showSelection(false);
    restorePlace();
    addEventListener("pagehide", keepPlace);
  }

  // Remembered on this machine

  function recall(name) {
    try { return localStorage.getItem(`desk-${name}`); } catch { return null; }
  }

  function remember(name, value) {
    try { localStorage.setItem(`desk-${name}`, value); } catch { /* private windows forget */ }
  }

  const keysOn = () => recall("keys") !== "off";

  function showDensity() {
    $("#density").setAttribute("aria-pressed", document.documentElement.dataset.density === "compact");
  }

  function toggleDensity() {
    const root = document.documentElement;
    root.dataset.density = root.dataset.density === "compact" ? "comfortable" : "compact";
    remember("density", root.dataset.density);
    showDensity();
  }

  function keepPlace() {
    sessionStorage.setItem("desk-address", location.pathname + location.search);
    sessionStorage.setItem("desk-place", `${current()?.dataset.pk ?? ""} ${Math.round(scrollY)}`);
  }

  /** Return to the row and the scroll of before, unless the editor has come to the view anew. */
  function restorePlace() {
    const [entry] = performance.getEntriesByType("navigation");
    const isBack = entry?.type !== "navigate" || (document.referrer && new URL(document.referrer).pathname !== location.pathname);
    if (!isBack || sessionStorage.getItem("desk-address") !== location.pathname + location.search) return;
    const [pk, top] = sessionStorage.getItem("desk-place").split(" ");
    focusRow(rowOf(pk), { preventScroll: true });
    scrollTo(0, Number(top));
  }

  // Rows

  const rows = () => all("#list .row");
  const rowOf = (pk) => document.getElementById(`row-${pk}`);
  const current = () => $("#list .row[aria-current]");
  const headline = (row) => $("h2 a", row);
  const box = (row) => $("input[form=bulk]", row);
  const selected = () => rows().filter((row) => box(row).checked);
  const stateOf = (within) => $("[data-state]", within)?.dataset.state;

  function setCurrent(row) {
    if (!row || row === current()) return;
    current()?.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  }

  function focusRow(row, options) {
    if (!row) return;
    setCurrent(row);
    headline(row).focus(options);
  }

  function move(step, isExtending = false) {
    const list = rows(), row = current();
    const next = row ? list[list.indexOf(row) + step] : list[0];
    if (isExtending && row) select(row, true);
    if (!next) return step > 0 ? $("#list a[rel=next]")?.focus() : focusRow(row);
    focusRow(next);
    if (isExtending) select(next, true);
    follow();
  }

  /** The row to decide next: after this one, else from the top; this one if all is done. */
  function nextUndecided(row) {
    const list = rows(), at = list.indexOf(row);
    return [...list.slice(at + 1), ...list.slice(0, at)].find((each) => !each.matches(".done, .sent")) ?? row;
  }

  function select(row, on = !box(row).checked) {
    box(row).checked = on;
    showSelection();
  }

  function clearSelection() {
    selected().forEach((row) => { box(row).checked = false; });
    $("#bulk [name=whole_view]").checked = false;
    showSelection(false);
  }

  function showSelection(isTold = true) {
    const chosen = selected();
    const published = chosen.filter((row) => stateOf(row) === "published").length;
    const told = `${chosen.length} selected${published && published < chosen.length ? `, ${published} published` : ""}`;
    if (isTold && $("#selected").textContent !== told) say(`${told}.`);
    $("#selected").textContent = told;
    $("#bulk").classList.toggle("open", chosen.length > 0);
    $("#select-page").checked = chosen.length > 0 && chosen.length === rows().length;
    $("#select-page").indeterminate = chosen.length > 0 && chosen.length < rows().length;
  }

  // Sending: one deed after the other, so that an editor's own quick keys never clash

  let line = Promise.resolve();
  let waiting = 0; // deeds that are sent or wait for it

  function queue(task) {
    line = line.then(task).catch(() => {}); // fail() has told
    return line;
  }

  /** Send a deed. Its versions are read when its turn has come. */
  function post(address, values, done = () => {}) {
    waiting += 1;
    return queue(async () => {
      const sent = values.getAll("row").map(freshest);
      values.delete("row");
      sent.forEach((each) => values.append("row", each));
      await htmx.ajax("POST", address, { source: "#desk", swap: "none", values }).finally(() => { waiting -= 1; });
      done();
    });
  }

  const versionOf = (text) => Number(text.split(":")[1]);

  function freshest(sent) {
    const known = all(`#desk input[name=row][value^="${sent.split(":")[0]}:"]`).map((input) => input.value);
    return known.reduce((best, each) => (versionOf(each) > versionOf(best) ? each : best), sent);
  }

  /** Send a verb for a row, a member or the story in the pane. */
  function send(subject, verb, values = {}, field = null) {
    const data = new FormData();
    const given = { row: $("input[name=row]", subject).value, verb, next: location.pathname + location.search, ...values };
    Object.entries(given).forEach(([name, value]) => data.set(name, value));
    const row = subject.closest("#list .row");
    const isDecision = row && DECISIONS.has(verb);
    if (row) $("#desk").dataset.last = row.dataset.pk;
    if (isDecision) row.classList.add("sent");
    const next = isDecision ? nextUndecided(row) : null;
    post($("#desk").dataset.act, data, () => settled(row, field, next));
    if (isDecision) focusRow(next);
    if (isDecision) follow();
  }

  /** After the answer: where it was refused, the editor is brought back to it. */
  function settled(row, field, next) {
    const isRefused = $("#toast").matches(".refused:not([hidden])");
    row?.classList.remove("sent");
    if ($("#toast").matches(".clash")) return;
    const input = field && document.getElementById(field.id);
    if (input) input.setAttribute("aria-invalid", isRefused);
    if (isRefused && input) input.focus();
    else if (isRefused && next && document.activeElement === headline(next)) focusRow(row);
    if ($(".story")?.dataset.pk === row?.dataset.pk) reloadStory();
  }

  function decide(verb, values) {
    if (selected().length) return sendSelected(verb, values);
    const subject = inHand();
    if (subject) send(subject, verb, values);
  }

  function sendSelected(verb, values = {}) {
    const button = $(`#bulk button[value=${verb}]`);
    if (!button) return say("You may not do that.");
    if (values.reason) $("#bulk [name=reason]").value = values.reason;
    $("#bulk").requestSubmit(button);
  }

  /** What keys are about: the member or story of the pane if the focus is there, else the row in hand. */
  function inHand() {
    const here = document.activeElement;
    return here.closest(".members li:has(form)") ?? (here.closest("#detail") && $("#open form.deed")) ?? current();
  }

  function submitted(event) {
    const form = event.target;
    if (form.method !== "post" || !form.closest(".middle, #detail, #toast")) return;
    const number = selected().length;
    // The server shows many stories before it changes them: a page of its own.
    if (form.id === "bulk" && (number >= CONFIRM_FROM || $("[name=whole_view]", form).checked)) return;
    event.preventDefault();
    if (!event.submitter) return;
    if (form.matches("#toast:not(.clash) form")) return undo();
    const verb = event.submitter.value, row = form.closest("#list .row");
    if (row) return send(row, verb, verb === "spike" ? { reason: $("[name=reason]", row).value } : {});
    const values = new FormData(form, event.submitter);
    if (verb === "words") delete $("#open").dataset.dirty;
    post(form.action, values, () => {
      if (form.id === "bulk") clearSelection();
      reloadStory();
    });
    delete $("#desk").dataset.last;
    if (form.id === "bulk") focusRow(current() ?? rows()[0], { preventScroll: true });
  }

  /** Take the last deed back, with its story in hand; after a bulk deed, or a second time, stay where one is. */
  function undo() {
    focusRow(rowOf($("#desk").dataset.last));
    delete $("#desk").dataset.last;
    post($("#desk").dataset.undo, new FormData(), reloadStory);
  }

  // Answers

  function beforeSwap({ detail }) {
    detail.serverResponse = withoutStrangers(detail.serverResponse);
    if (detail.elt.id === "pinging") all(".presence").forEach((each) => { each.textContent = ""; });
    if (!detail.xhr.responseURL.includes("/login/")) return;
    detail.shouldSwap = false;
    location.reload();
  }

  /** Leave out the cells of stories that have no row on this page. */
  function withoutStrangers(html) {
    if (!html.includes("hx-swap-oob")) return html;
    const answer = document.createElement("template");
    answer.innerHTML = html;
    all("[hx-swap-oob]", answer.content).forEach((each) => { if (!document.getElementById(each.id)) each.remove(); });
    return answer.innerHTML;
  }

  function answered(xhr) {
    const toast = $("#toast");
    clearTimeout(hideToast.timer);
    if (toast.matches(".clash")) return toast.focus(); // it stays until it is answered
    keepVersions(xhr.responseText);
    const decided = markDone();
    const left = decided ? countDown(decided) : "";
    if (left) $(".said p", toast)?.append(` ${left}`);
    say([...all(".said p", toast).map((each) => each.textContent.trim()), $("form", toast) ? "Undo: u" : ""].join(" "));
    hideToast(TOAST);
    if (decided && rows().every((row) => row.matches(".done"))) reload();
  }

  function keepVersions(html) {
    for (const [, pk, version] of html.matchAll(/name="row"[^>]*value="(\d+):(\d+)"/g)) {
      all(`#desk input[name=row][value^="${pk}:"]`).forEach((input) => { input.value = `${pk}:${version}`; });
    }
  }

  /** Dim the rows that have left the state in which they were fetched; return how many more than before. */
  function markDone() {
    const before = all("#list .row.done").length;
    rows().forEach((row) => row.classList.toggle("done", stateOf(row) !== row.dataset.was));
    return all("#list .row.done").length - before;
  }

  function countDown(decided) {
    const { view, query } = $("#desk").dataset;
    const count = $(`#views [data-view="${view}"] .count`);
    const isWhole = SHRINKING.has(view) && [...new URLSearchParams(query).keys()].every((name) => name === "view");
    if (!isWhole || !/^\d+$/.test(count?.textContent)) return "";
    count.textContent = Math.max(0, Number(count.textContent) - decided);
    return `${count.textContent} left.`;
  }

  /** Put it away after a while, but not from under a pointer or the focus. */
  function hideToast(after) {
    clearTimeout(hideToast.timer);
    hideToast.timer = setTimeout(() => {
      const toast = $("#toast");
      if (toast.matches(":hover, :focus-within")) hideToast(1000);
      else toast.hidden = true;
    }, after);
  }

  function say(text) {
    $("#say").textContent = "";
    setTimeout(() => { $("#say").textContent = text; }, 50);
  }

  function fail(status) {
    const toast = $("#toast");
    const told = document.createElement("p");
    told.textContent = { 0: "No connection. It was not saved; try again.", 403: "You may not do that." }[status]
      ?? `The server could not do that (${status}).`;
    toast.className = "toast refused";
    toast.hidden = false;
    toast.replaceChildren(told);
    say(told.textContent);
    hideToast(TOAST);
  }

  /** Count the views once the editor pauses, in line with the deeds so that no older number comes back. */
  function refreshCounts(after) {
    clearTimeout(refreshCounts.timer);
    refreshCounts.timer = setTimeout(() => queue(async () => {
      const views = $("#views"), { views: address, query, view } = $("#desk").dataset;
      // A deed that waits brings counts of its own, which these would come too late for.
      if (waiting || views.matches(":focus-within") || $("details[open]", views)) return;
      const asked = new URLSearchParams(query);
      asked.set("view", view);
      await htmx.ajax("GET", `${address}?${asked}`, { source: "#views", swap: "innerHTML" });
    }), after);
  }

  /** Fetch the list anew after all that is on its way; never from under somebody who types. */
  function reload() {
    const field = document.activeElement;
    if (field.matches("#list [data-verb]") && field.value !== field.defaultValue) {
      return field.addEventListener("blur", () => setTimeout(reload), { once: true });
    }
    refreshCounts(0);
    return queue(async () => {
      const putBack = holdPlace();
      await htmx.ajax("GET", location.pathname + location.search, { source: "#list", swap: "innerHTML" });
      putBack();
    });
  }

  /** Return what brings back row, scroll and selection once the list is another. */
  function holdPlace() {
    const row = current(), list = rows(), top = row?.getBoundingClientRect().top;
    const order = list.slice(Math.max(0, list.indexOf(row))).map((each) => each.dataset.pk);
    const chosen = selected().map((each) => each.dataset.pk);
    const hadFocus = document.activeElement === document.body || document.activeElement.closest("#list");
    return () => {
      chosen.map(rowOf).filter(Boolean).forEach((each) => { box(each).checked = true; });
      showSelection(false);
      const found = order.map(rowOf).find(Boolean) ?? rows().at(-1);
      if (!row || !found) return;
      setCurrent(found);
      if (hadFocus) headline(found).focus({ preventScroll: true });
      scrollBy(0, found.getBoundingClientRect().top - top);
    };
  }

  // Fields of a row

  function changed(event) {
    const input = event.target;
    if (input.form?.id === "bulk" && input.name === "row") return showSelection();
    if (input.id === "select-page") {
      rows().forEach((row) => { box(row).checked = input.checked; });
      return showSelection();
    }
    if (input.id === "keys-on") return remember("keys", input.checked ? "on" : "off");
    if (!input.matches("#list [data-verb]")) return;
    // Arrow keys change a number at each press: only where they stop is sent.
    clearTimeout(changed.timer);
    if (document.activeElement === input) changed.timer = setTimeout(sendField, 700, input);
    else sendField(input);
  }

  function sendField(input) {
    if (input.value === (input.dataset.sent ?? input.defaultValue)) return;
    input.dataset.sent = input.value;
    const values = { [input.name]: input.value };
    if (input.validity.badInput) return say("Type a number.");
    send(input.closest(".row"), input.dataset.verb, values, input);
  }

  function edit(name) {
    const input = current() && $(`[data-verb=${name}]`, current());
    if (!input) return say(current() ? `You can’t change the ${name} of this story here.` : "Choose a story first: j.");
    input.focus();
    input.select();
  }

  function noteTyping({ target }) {
    if (target.matches(".story .deed :is(input, textarea)")) (target.closest("#open") ?? $("#desk")).dataset.dirty = "";
    if (target.list?.id === "topic-names") offerTopics(target);
  }

  /** Let the list of topics complete the last name of a line with commas. */
  function offerTopics(input) {
    const before = input.value.replace(/[^,]*$/, "").trimEnd();
    for (const option of input.list.options) {
      option.dataset.name ??= option.value;
      option.value = before ? `${before} ${option.dataset.name}` : option.dataset.name;
    }
  }

  /** Enter in a field of the pane or the bulk bar presses the button that follows it. */
  function pressButtonAfter(field) {
    let next = field.closest("label");
    while (next && !next.matches("button")) next = next.nextElementSibling;
    next?.click();
  }

  // The story beside the list

  function clicked(event) {
    const link = event.target.closest("a[data-open]");
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    if (link && isPlain && wide.matches) {
      event.preventDefault();
      open(link.href, () => $("#detail").focus());
    } else if (event.target.closest("#close-detail")) closeStory();
    else if (event.target.closest("[data-close]")) $("#toast").hidden = true;
    else if (event.target.closest("#help-button")) $("#help").showModal();
    else if (event.target.closest("#density")) toggleDensity();
    else if (event.target.closest("[data-theirs]")) {
      event.preventDefault();
      $("#toast").hidden = true;
      reload();
      reloadStory();
    }
  }

  const mayLeave = () => !$("#open[data-dirty]") || confirm("There is unsaved text in the open story. Leave it?");

  function open(address, then = () => {}) {
    if (!wide.matches) return location.assign(address);
    if (!mayLeave()) return;
    delete $("#open").dataset.dirty;
    $("#detail").hidden = false;
    $("#desk").classList.add("with-story");
    $("#open").dataset.address = address;
    htmx.ajax("GET", address, { source: "#open", swap: "innerHTML" }).then(() => {
      $("#detail").scrollTop = 0;
      then();
      ping();
    }, () => {});
  }

  function openCurrent(selector) {
    if (!current()) return;
    open(headline(current()).href, () => ($(selector, $("#open")) ?? $("#detail")).focus());
  }

  /** While the pane is open, it shows the row in hand. */
  function follow() {
    clearTimeout(follow.timer);
    if ($("#detail").hidden || $("#open[data-dirty]")) return;
    follow.timer = setTimeout(() => open(headline(current()).href), 250);
  }

  function reloadStory() {
    const pane = $("#open");
    if ($("#detail").hidden || pane.dataset.dirty !== undefined) return;
    const top = $("#detail").scrollTop;
    htmx.ajax("GET", pane.dataset.address, { source: "#open", swap: "innerHTML" })
      .then(() => { $("#detail").scrollTop = top; }, () => {});
  }

  function closeStory() {
    if (!mayLeave()) return;
    delete $("#open").dataset.dirty;
    $("#open").replaceChildren();
    $("#detail").hidden = true;
    $("#desk").classList.remove("with-story");
    focusRow(current());
  }

  // Who else is there

  function ping() {
    const story = $(".story"), values = { shown: all("#list .row, .story").map((each) => each.dataset.pk).join(",") };
    if (story) values.open = story.dataset.pk;
    if ($("[data-dirty]")) values.dirty = "1";
    htmx.ajax("POST", $("#desk").dataset.ping, { source: "#pinging", swap: "none", values }).catch(() => {});
  }

  function showPresence() {
    const story = $("#open .story");
    if (story) $(".presence", story).textContent = $(`#presence-${story.dataset.pk}`)?.textContent ?? "";
  }

  // Keys

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    J: () => move(1, true),
    K: () => move(-1, true),
    o: () => openCurrent(),
    x: () => current() && select(current()),
    p: () => decide(!selected().length && inHand() && stateOf(inHand()) === "published" ? "hold" : "publish"),
    w: () => decide("hold"),
    e: () => (inHand() || selected().length) && $("#reasons").showModal(),
    r: () => decide("reopen"),
    u: undo,
    q: () => edit("quality"),
    h: () => edit("heat"),
    t: () => edit("topics"),
    "+": () => step("quality", STEP),
    "-": () => step("quality", -STEP),
    "]": () => step("heat", STEP),
    "[": () => step("heat", -STEP),
    s: () => openCurrent("fieldset.schedule input"),
    m: merge,
    l: () => inHand() && send(inHand(), "make_lead"),
    d: () => inHand() && send(inHand(), "take_out"),
    v: () => current() && window.open(current().dataset.preview, "_blank", "noopener"),
    g: () => { $("#desk").dataset.prefix = "g"; setTimeout(() => delete $("#desk").dataset.prefix, 1500); },
    "/": () => $("#q").select(),
    "?": () => $("#help").showModal(),
    Escape: close,
  };

  // Other keys than these, as the editor chose: where each has moved to

  function keymap() {
    try { return JSON.parse(recall("keymap")) ?? {}; } catch { return {}; }
  }

  const keyOf = (deed, moved = keymap()) => moved[deed] ?? deed;

  /** Return the key, of those above, that an editor means by pressing `key`; shifted as pressed. */
  function meaning(key) {
    const moved = keymap(), plain = key.length === 1 ? key.toLowerCase() : key;
    const meant = Object.keys(moved).find((deed) => moved[deed] === plain) ?? (plain in moved ? "" : plain);
    return plain === key ? meant : meant.toUpperCase();
  }

  function startKeymap() {
    const form = $("#keymap"), deeds = all("#help td:first-child kbd[data-key]");
    for (const kbd of deeds) {
      const does = kbd.closest("tr").lastElementChild.textContent.split(";")[0];
      form.elements.deed.add(new Option(`${kbd.dataset.key}: ${does}`, kbd.dataset.key));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter?.name === "reset") remember("keymap", "{}");
      else moveKey(form.elements.deed.value, form.elements.key.value.toLowerCase());
      form.elements.key.value = "";
      showKeymap();
    });
    document.addEventListener("htmx:load", showShortcuts);
    showKeymap();
  }

  /** Put a deed on another key; what was on that one gets the former key of the deed. */
  function moveKey(deed, key) {
    const moved = keymap(), former = keyOf(deed, moved);
    const other = Object.keys(KEYS).find((each) => keyOf(each, moved) === key);
    if (!/^\S$/.test(key) || other === deed) return;
    moved[deed] = key;
    if (other) moved[other] = former;
    Object.keys(moved).forEach((each) => { if (moved[each] === each) delete moved[each]; });
    remember("keymap", JSON.stringify(moved));
  }

  function showKeymap() {
    const moved = keymap();
    all("#help kbd[data-key]").forEach((kbd) => { kbd.textContent = keyOf(kbd.dataset.key, moved); });
    const told = Object.entries(moved).map(([deed, key]) => `${deed} is on ${key}`).join(", ");
    $("#keymap output").textContent = told ? `Changed: ${told}.` : "All keys are as they came.";
    showShortcuts();
  }

  /** Tell screen readers the same, of what stands here already and of what htmx brings. */
  function showShortcuts() {
    const moved = keymap();
    for (const each of all("[aria-keyshortcuts]")) {
      each.dataset.deed ??= each.getAttribute("aria-keyshortcuts");
      each.setAttribute("aria-keyshortcuts", keyOf(each.dataset.deed, moved));
    }
  }

  function pressed(event) {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (target.closest("dialog")) return pickReason(event);
    if (target.matches("input:not([type=checkbox]), textarea, select")) return inField(event);
    if (key === "Escape") return close();
    if (!keysOn()) return;
    if (key === "Enter") return entered(event);
    const view = $("#desk").dataset.prefix && GOES[key];
    delete $("#desk").dataset.prefix;
    const action = view ? () => $(`#views [data-view=${view}]`).click() : KEYS[meaning(key)];
    if (!action) return;
    event.preventDefault();
    action();
  }

  function entered(event) {
    const link = event.target.closest("h2 a[data-open]");
    if (event.shiftKey && current() && (link || event.target === document.body)) {
      event.preventDefault();
      const source = $("a.outlet", current());
      if (source) window.open(source.href, "_blank", "noopener");
      else say("This story has no address at its source.");
    } else if (event.target === document.body) openCurrent();
  }

  function inField(event) {
    const field = event.target;
    if (event.key === "Escape" && field.matches("#list [data-verb]")) field.value = field.defaultValue;
    if (event.key === "Escape") return focusRow(current() ?? rows()[0]);
    if (event.key !== "Enter" || !field.matches("input")) return;
    if (field.matches("#list [data-verb]")) {
      event.preventDefault();
      focusRow(field.closest(".row")); // leaving a changed field sends it
    } else if (field.closest("#bulk, .deed")) {
      event.preventDefault();
      pressButtonAfter(field);
    }
  }

  function close() {
    if (!$("#toast").hidden && $("#toast").matches(":focus-within, .clash")) $("#toast").hidden = true;
    else if (!$("#detail").hidden) return closeStory();
    else if (selected().length) clearSelection();
    if (!document.activeElement.closest("#list")) focusRow(current());
  }

  function step(name, by) {
    const row = current();
    if (row) send(row, "step", { [`${name}_step`]: by });
  }

  function pickReason(event) {
    const button = /^[1-9]$/.test(event.key) && event.target.closest("#reasons") && all("#reasons button")[event.key - 1];
    if (button) button.click();
  }

  /** The dialog was closed: with a reason, or by Escape without one. */
  function spiked({ target }) {
    const reason = target.returnValue;
    target.returnValue = "";
    if (reason) decide("spike", { reason });
  }

  function merge() {
    const chosen = selected(), { merge: address } = $("#desk").dataset;
    if (chosen.length !== 2) return openCurrent(".find input[type=search]");
    const quality = (row) => Number($("[data-verb=quality]", row)?.value) || 0;
    const [one, other] = chosen.sort((a, b) => quality(b) - quality(a)).map((row) => row.dataset.pk);
    location.assign(`${address}?one=${one}&other=${other}`);
  }
})();

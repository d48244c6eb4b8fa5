import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { load } from "./load.mjs";

const { Keymap, Layout } = await load("keymap.js");

const SHORTCUTS = [
  { action: "next", key: "j", help: "next story" },
  { action: "publish", key: "p", help: "publish" },
  { action: "hold", key: "w", help: "hold" },
  { action: "help", key: "?", help: "show this help" },
];
const keymap = (moved) => new Keymap(SHORTCUTS, moved);
const actionOf = (map, key) => map.resolveKey(key).action;

describe("Keymap", () => {
  it("resolves the usual keys, and no others", () => {
    assert.equal(actionOf(keymap(), "p"), "publish");
    assert.equal(actionOf(keymap(), "?"), "help");
    for (const key of ["y", "Escape", "Tab", "F5"]) assert.equal(actionOf(keymap(), key), undefined);
  });

  it("says whether a letter was shifted", () => {
    assert.deepEqual(keymap().resolveKey("J"), { action: "next", isShifted: true });
    assert.deepEqual(keymap().resolveKey("j"), { action: "next", isShifted: false });
    assert.equal(keymap().resolveKey("?").isShifted, false);
  });

  it("moves an action to a free key and leaves its usual one free", () => {
    const map = keymap();
    map.move("j", "n");
    assert.equal(actionOf(map, "n"), "next");
    assert.equal(map.resolveKey("N").isShifted, true);
    assert.equal(actionOf(map, "j"), undefined);
    assert.deepEqual(map.moved, { j: "n" });
  });

  it("exchanges two actions if the key is taken", () => {
    const map = keymap();
    map.move("w", "p");
    assert.deepEqual([actionOf(map, "p"), actionOf(map, "w")], ["hold", "publish"]);
    assert.deepEqual([map.keyOf("w"), map.keyOf("p")], ["p", "w"]);
  });

  it("never puts two actions on one key, whatever is moved", () => {
    const map = keymap();
    for (const [usual, key] of [["w", "p"], ["j", "w"], ["p", "n"], ["w", "w"], ["?", "p"], ["j", "j"]]) {
      map.move(usual, key);
      const keys = SHORTCUTS.map((shortcut) => map.keyOf(shortcut.key));
      assert.equal(new Set(keys).size, SHORTCUTS.length, keys.join(" "));
    }
  });

  it("forgets a move that is moved back", () => {
    const map = keymap();
    map.move("w", "p");
    map.move("w", "w");
    assert.deepEqual(map.moved, {});
  });

  it("refuses what is no key", () => {
    const map = keymap();
    for (const key of ["", " ", "ab"]) map.move("w", key);
    assert.deepEqual(map.moved, {});
  });

  it("is reset to the usual keys", () => {
    const map = keymap({ w: "p", p: "w" });
    assert.equal(actionOf(map, "p"), "hold");
    map.reset();
    assert.equal(actionOf(map, "p"), "publish");
  });
});

describe("Keys of other layouts", () => {
  const pressed = (map, key, code, shiftKey = false) => map.resolveEvent({ key, code, shiftKey });

  it("counts Cyrillic and Greek letters by their place", () => {
    for (const [key, code, action] of [["о", "KeyJ", "next"], ["з", "KeyP", "publish"], ["ξ", "KeyJ", "next"], ["π", "KeyP", "publish"]]) {
      assert.equal(pressed(keymap(), key, code).action, action, key);
    }
    assert.deepEqual(pressed(keymap(), "О", "KeyJ", true), { latin: "J", action: "next", isShifted: true });
  });

  it("counts signs by their place only while the layout isn't Latin", () => {
    const layout = new Layout();
    assert.equal(layout.latinKey({ key: ";", code: "KeyQ" }), ";"); // Dvorak
    layout.latinKey({ key: "ξ", code: "KeyJ" });
    assert.equal(layout.latinKey({ key: ";", code: "KeyQ" }), "q"); // Greek
    assert.equal(layout.latinKey({ key: "х", code: "BracketLeft" }), "[");
    assert.equal(layout.latinKey({ key: "?", code: "Digit7", shiftKey: true }), "?");
    layout.latinKey({ key: "j", code: "KeyJ" });
    assert.equal(layout.latinKey({ key: ",", code: "KeyM" }), ","); // French
  });

  it("leaves Latin letters where their layout has them", () => {
    assert.equal(pressed(keymap(), "w", "KeyZ").action, "hold"); // French
    assert.equal(pressed(keymap(), "ü", "BracketLeft").latin, "ü");
  });

  it("prefers a key that the editor chose", () => {
    assert.equal(pressed(keymap({ w: "з" }), "з", "KeyP").action, "hold");
  });
});

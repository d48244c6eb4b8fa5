/**
 * Which key does what. `shortcuts` is the server's list of `{action, key, help}`; `moved` holds what the editor changed:
 * the usual key of an action to the key that it is on now. No DOM in here.
 */

export class Keymap {
  constructor(shortcuts, moved = {}) {
    this.shortcuts = shortcuts;
    this.moved = { ...moved };
  }

  /** Return the key on which the action with this usual key is now. */
  keyOf(usual) {
    return this.moved[usual] ?? usual;
  }

  /** Return the action of a pressed key and whether Shift was held with a letter; no action for other keys. */
  resolveKey(pressed) {
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed;
    const shortcut = this.#on(key);
    return { action: shortcut?.action, isShifted: key !== pressed };
  }

  /** Put an action on another key. The action that was there gets the former key. */
  move(usual, key) {
    const former = this.keyOf(usual), other = this.#on(key);
    if (!/^\S$/.test(key) || other?.key === usual) return;
    this.#set(usual, key);
    if (other) this.#set(other.key, former);
  }

  reset() {
    this.moved = {};
  }

  #on(key) {
    return this.shortcuts.find((shortcut) => this.keyOf(shortcut.key) === key);
  }

  #set(usual, key) {
    if (usual === key) delete this.moved[usual];
    else this.moved[usual] = key;
  }
}

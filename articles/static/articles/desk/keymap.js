/**
 * Which key does what. `shortcuts` is the server's list of `{action, key, help}`; `moved` holds what the editor changed:
 * the usual key of an action to the key that it is on now. No DOM in here.
 */

const LETTER = /^\p{L}$/u, LATIN_LETTER = /^\p{Script=Latin}$/u, LETTER_PLACE = /^Key([A-Z])$/;
// What a Latin keyboard has where others have letters.
const PLACES = { BracketLeft: "[", BracketRight: "]", Semicolon: ";", Quote: "'", Comma: ",", Period: ".", Slash: "/" };

/** Whether keys count by their place, because the last letter typed wasn't Latin. */
export class Layout {
  #isLatin = true;

  /** Return what a Latin keyboard has in the place of a pressed key; the key itself while a Latin layout is in use. */
  latinKey({ key, code = "", shiftKey = false }) {
    if (LETTER.test(key)) this.#isLatin = LATIN_LETTER.test(key);
    if (this.#isLatin || key.length > 1) return key;
    const letter = LETTER_PLACE.exec(code)?.[1]; // Greek has a semicolon in the place of Q
    if (letter) return shiftKey ? letter : letter.toLowerCase();
    return (LETTER.test(key) && PLACES[code]) || key;
  }
}

export class Keymap {
  #layout = new Layout();

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

  /** The same for a keyboard event; `latin` is the key by its place if the layout isn't Latin. */
  resolveEvent(event) {
    const latin = this.#layout.latinKey(event), typed = this.resolveKey(event.key);
    return { latin, ...(typed.action ? typed : this.resolveKey(latin)) };
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

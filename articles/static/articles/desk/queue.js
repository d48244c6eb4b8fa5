/** Requests, one after the other, so that an editor's quick keys never conflict with each other. No DOM in here. */

export class RequestQueue {
  #last = Promise.resolve();
  pendingCount = 0; // actions that wait or are on their way

  /** Run `task` after all before it. A task that fails reports that itself and does not stop those behind it. */
  add(task) {
    this.#last = this.#last.then(task).catch(() => {});
    return this.#last;
  }

  /** The same for an action: it counts as pending until it is answered, which runs `afterwards`, or fails: `onFailure`. */
  addAction(send, afterwards = () => {}, onFailure = () => {}) {
    this.pendingCount += 1;
    const isAnswered = async () => {
      try { await send(); return true; } catch { return false; } finally { this.pendingCount -= 1; }
    };
    return this.add(async () => {
      if (await isAnswered()) afterwards();
      else onFailure();
    });
  }
}

const versionOf = (row) => Number(row.split(":")[1]);

/** Return the newest of `rows` (each `<key>:<version>`) that has the key of `row`, or `row` itself. */
export function newestVersion(row, rows) {
  const [key] = row.split(":");
  return rows
    .filter((other) => other.startsWith(`${key}:`))
    .reduce((newest, other) => (versionOf(other) > versionOf(newest) ? other : newest), row);
}

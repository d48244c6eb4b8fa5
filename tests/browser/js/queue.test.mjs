import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { load } from "./load.mjs";

const { RequestQueue, newestVersion } = await load("queue.js");

/** A request that the test answers when it wants. */
function request() {
  const pending = {};
  pending.answered = new Promise((resolve, reject) => Object.assign(pending, { resolve, reject }));
  return pending;
}

const nextTurn = () => new Promise(setImmediate);

describe("RequestQueue", () => {
  it("sends one request after the other", async () => {
    const queue = new RequestQueue(), first = request(), log = [];
    queue.addAction(() => { log.push("first sent"); return first.answered; }, () => log.push("first answered"));
    const second = queue.addAction(() => log.push("second sent"));
    await nextTurn();
    assert.deepEqual(log, ["first sent"]);

    first.resolve();
    await second;
    assert.deepEqual(log, ["first sent", "first answered", "second sent"]);
  });

  it("goes on after a request that failed, without what should follow its success", async () => {
    const queue = new RequestQueue(), log = [];
    queue.addAction(() => Promise.reject(new Error("offline")), () => log.push("after the failure"));
    queue.addAction(() => { throw new Error("a mistake before sending"); });
    await queue.addAction(() => log.push("sent"), () => log.push("answered"));
    assert.deepEqual(log, ["sent", "answered"]);
  });

  it("says that an action failed, when it counts no more", async () => {
    const queue = new RequestQueue(), log = [];
    const failed = () => log.push(`failed, ${queue.pendingCount} pending`);
    await queue.addAction(() => Promise.reject(new Error("offline")), () => log.push("answered"), failed);
    await queue.addAction(() => log.push("sent"), () => log.push("answered"), failed);
    assert.deepEqual(log, ["failed, 0 pending", "sent", "answered"]);
  });

  it("counts actions until they are answered or fail, and nothing else", async () => {
    const queue = new RequestQueue(), first = request(), second = request(), counts = [];
    queue.addAction(() => first.answered, () => counts.push(queue.pendingCount));
    const failed = queue.addAction(() => second.answered);
    queue.add(() => counts.push(queue.pendingCount));
    assert.equal(queue.pendingCount, 2);

    first.resolve();
    await nextTurn();
    second.reject(new Error("offline"));
    await failed;
    await nextTurn();
    assert.deepEqual(counts, [1, 0]);
    assert.equal(queue.pendingCount, 0);
  });
});

describe("newestVersion", () => {
  it("takes the highest version of the same story, as a number", () => {
    assert.equal(newestVersion("7:9", ["7:8", "7:10", "77:99", "8:11"]), "7:10");
  });

  it("keeps the version sent if the page knows no newer one", () => {
    assert.equal(newestVersion("7:9", []), "7:9");
    assert.equal(newestVersion("7:9", ["7:3", "70:12"]), "7:9");
  });
});

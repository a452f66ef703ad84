// Whatever Yjs itself makes passes the gate (shared/src/sync/gate.rs): edits, differences, merges, whole documents and state vectors.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { test } from "node:test";
import * as prng from "lib0/prng";
import * as Y from "yjs";
import { applyRandomTests } from "yjs/testHelper";
import { EDITS, PLAIN_EDITS } from "./support/edits.mjs";
import { randomFor } from "./support/random.mjs";

const programs = process.env.KRATEYARD_PROGRAMS ?? fileURLToPath(new URL("../../target/debug", import.meta.url));
const ROUNDS = 40;

/** What the gate says of bytes, each with its letter. */
function gate(all) {
  const input = Buffer.concat(all.flatMap(([kind, bytes]) => {
    const head = Buffer.alloc(5);
    head.write(kind);
    head.writeUInt32LE(bytes.length, 1);
    return [head, bytes];
  }));
  return spawnSync(join(programs, "examples/gate"), { input, encoding: "utf8", maxBuffer: 1 << 26 });
}

test("every update and every vector that Yjs' random tests make passes the gate", (t) => {
  const gen = randomFor(t);
  // Yjs' tests say of each second round that the protocol has no second encoding yet.
  t.mock.method(console, "error", () => {});
  const all = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { users } = applyRandomTests({ prng: gen }, PLAIN_EDITS, 60);
    for (const user of users) {
      const updates = user.updates ?? [];
      all.push(...updates.map((update) => ["u", update]));
      all.push(["u", Y.encodeStateAsUpdate(user)], ["v", Y.encodeStateVector(user)]);
      if (updates.length > 0) {
        // Some of what was said, with the gaps that this leaves.
        const some = updates.filter(() => prng.bool(gen));
        const merged = Y.mergeUpdates(some.length > 0 ? some : updates);
        const known = Y.encodeStateVectorFromUpdate(prng.oneOf(gen, updates));
        all.push(["u", merged], ["v", known], ["u", Y.diffUpdate(merged, known)], ["u", Y.encodeStateAsUpdate(user, known)]);
        // A copy that waits for what it lacks says what it has.
        const waiting = new Y.Doc();
        some.forEach((update) => Y.applyUpdate(waiting, update));
        all.push(["u", Y.encodeStateAsUpdate(waiting)], ["v", Y.encodeStateVector(waiting)]);
      }
    }
  }
  // Which Yjs' tests cannot compare: what is undone, documents in documents, numbers past 2^53.
  const doc = new Y.Doc();
  doc.on("update", (update) => all.push(["u", update]));
  for (let i = 0; i < 200; i++) prng.oneOf(gen, EDITS)(doc, gen);
  doc.getMap("map").set("inner", new Y.Doc({ autoLoad: true, meta: { a: [1] } }));
  doc.getArray("array").push([new Y.Doc()]);
  doc.getMap("map").set("large", [12345678901234567n, -1n]);
  const { stdout, status } = gate(all);
  t.diagnostic(stdout.trim().split("\n").at(-1));
  assert.equal(status, 0, stdout.slice(0, 2000));
  assert.match(stdout, new RegExp(`^${all.length} passed, 0 refused, 0 bytes left over`));
});

test("what yrs reads otherwise than Yjs does is refused, and so is what is cut off", () => {
  const doc = new Y.Doc();
  doc.get("xml", Y.XmlFragment).insert(0, [new Y.XmlHook("hook")]);
  const hook = gate([["u", Y.encodeStateAsUpdate(doc)]]);
  assert.equal(hook.status, 1);
  assert.match(hook.stdout, /XML hook at byte \d+ is not read alike everywhere/);
  assert.equal(gate([["u", Y.encodeStateAsUpdate(doc).subarray(0, 9)]]).status, 1);
});

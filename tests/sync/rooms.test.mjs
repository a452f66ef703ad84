// Rooms of a Yard as any Yjs client finds them: npm's y-websocket, through the proxy, on the simulated cluster.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as prng from "lib0/prng";
import { CLUSTER, startDemo } from "../browser/support/demo.mjs";
import { until } from "../browser/support/yard.mjs";
import { Client, bearer, page, said, same } from "./support/clients.mjs";
import { EDITS } from "./support/edits.mjs";
import { below, oneIn, randomFor } from "./support/random.mjs";

const EDITED = 400;
const PEOPLE = 5;

const world = {};
before(async () => { world.demo = await startDemo({ simulator: true, pods: 20, still: true }); });
after(() => world.demo?.stop());

/** Clients that leave when the test ends. */
function clients(t) {
  const all = [];
  t.after(() => all.forEach((client) => client.stop()));
  return {
    all,
    enter: (room, headers) => {
      const client = new Client(world.demo, room, headers);
      all.push(client);
      return client;
    },
  };
}

/** Fails with what is different when copies stay so. */
async function untilSame(all) {
  const [first, ...others] = all.map((client) => client.doc);
  await until(async () => others.filter((doc) => !same(first, doc)).length, (different) => different === 0);
  others.forEach((doc) => assert.deepEqual(said(doc), said(first)));
}

test("clients that edit at random, are cut off, leave and come back end with the same document, and so does who comes last", async (t) => {
  const gen = randomFor(t);
  const { all, enter } = clients(t);
  for (let i = 0; i < PEOPLE; i++) enter("web", bearer(world.demo, "admin"));
  await Promise.all(all.map((client) => client.synced()));
  for (let i = 0; i < EDITED; i++) {
    const client = prng.oneOf(gen, all);
    prng.oneOf(gen, EDITS)(client.doc, gen);
    const event = below(gen, 60);
    if (event === 0) client.cut();
    else if (event === 1) client.disconnect();
    else if (event < 5) prng.oneOf(gen, all).connect();
    // Some edits follow at once, others after what was said meanwhile was heard.
    if (oneIn(gen, 3)) await new Promise(setImmediate);
  }
  all.forEach((client) => client.connect());
  await untilSame(all);
  const late = enter("web", bearer(world.demo, "viewer"));
  await late.synced();
  await untilSame(all);
  assert.notEqual(late.doc.getArray("array").length + late.doc.getText("text").length, 0);
});

test("a room that is longer than a piece arrives whole, also at who may only look, and synced is said when it has", async (t) => {
  const { enter } = clients(t);
  const writer = await enter("web", bearer(world.demo, "admin")).synced();
  const [map, array] = [writer.doc.getMap("map"), writer.doc.getArray("array")];
  for (let i = 0; i < 40; i++) {
    writer.doc.transact(() => {
      for (let j = 0; j < 50; j++) map.set(`long${(i * 50 + j) % 700}`, "x".repeat(200));
      array.insert(0, [`entry ${i}`]);
      if (i % 3 === 2) array.delete(1);
    });
  }
  for (const account of ["admin", "viewer"]) {
    let heard = 0;
    const late = enter("web", bearer(world.demo, account));
    late.doc.on("update", () => { heard += 1; });
    await until(async () => (await late.synced()).doc.getMap("map").size, (size) => size >= 700);
    await untilSame([writer, late]);
    assert.ok(heard > 2, `${heard} updates`);
  }
});

test("rooms are apart: what is said in one is not heard in another", async (t) => {
  const { enter } = clients(t);
  const [search, payments] = [enter("search", bearer(world.demo, "admin")), enter("payments", bearer(world.demo, "admin"))];
  await Promise.all([search.synced(), payments.synced()]);
  search.doc.getMap("map").set("where", "search");
  payments.doc.getMap("map").set("where", "payments");
  const [second, third] = [enter("search", bearer(world.demo, "admin")), enter("payments", bearer(world.demo, "admin"))];
  await until(async () => [second, third].map((client) => client.doc.getMap("map").get("where")).join(), (heard) => heard === "search,payments");
});

test("who is there is said by the proxy, not by the client", async (t) => {
  const { enter } = clients(t);
  const [admin, viewer] = [enter("web", bearer(world.demo, "admin")), enter("web", bearer(world.demo, "viewer"))];
  viewer.awareness.setLocalState({ name: "admin@example.com", userId: "0", color: "#000000", cursorPosition: { x: 1, y: 2 } });
  const heard = await until(async () => admin.awareness.getStates().get(viewer.doc.clientID), (state) => state?.cursorPosition);
  assert.equal(heard.name, "viewer@example.com");
  assert.deepEqual(heard.cursorPosition, { x: 1, y: 2 });
  assert.notEqual(heard.userId, "0");
  viewer.disconnect();
  await until(async () => admin.awareness.getStates().has(viewer.doc.clientID), (there) => !there);
});

test("who may only look hears everything and changes nothing", async (t) => {
  const { demo } = world;
  const name = "look-only";
  const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/search";
  const meta = { name, namespace: "search" };
  const subject = (account) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: `${account}@example.com` });
  await demo.kube("POST", `${rbac}/roles`, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: meta, rules: [{ apiGroups: ["krateyard.dev"], resources: ["yards"], verbs: ["get"] }] });
  await demo.kube("POST", `${rbac}/rolebindings`, {
    apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: meta, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name }, subjects: [subject("nobody")],
  });
  t.after(() => Promise.all([demo.kube("DELETE", `${rbac}/rolebindings/${name}`), demo.kube("DELETE", `${rbac}/roles/${name}`)]));
  const { enter } = clients(t);
  const warned = t.mock.method(console, "warn", () => {});
  const [admin, looker] = [enter("search", bearer(demo, "admin")), enter("search", bearer(demo, "nobody"))];
  await Promise.all([admin.synced(), looker.synced()]);
  looker.doc.getMap("map").set("forged", true);
  admin.doc.getMap("map").set("real", true);
  await until(async () => looker.doc.getMap("map").get("real"), Boolean);
  await until(async () => warned.mock.calls.some((call) => /Permission denied/.test(call.arguments[0])), Boolean);
  const witness = await enter("search", bearer(demo, "admin")).synced();
  assert.deepEqual([witness.doc.getMap("map").get("real"), witness.doc.getMap("map").has("forged"), admin.doc.getMap("map").has("forged")], [true, false, false]);
});

test("a room that one may not read is closed with 4403 for a page, for good, and answered with 403 to a program", async (t) => {
  const { enter } = clients(t);
  for (const room of ["payments", "_cluster"]) {
    const { code, reason } = await enter(room, await page(world.demo, "viewer")).closed;
    assert.equal(code, 4403);
    assert.notEqual(reason, "");
  }
  const refused = enter("payments", bearer(world.demo, "viewer"));
  const error = await new Promise((resolve) => refused.provider.on("connection-error", resolve));
  assert.match(error.message, /403/);
  assert.equal(refused.doc.store.clients.size, 0);
  assert.equal((await fetch(`${world.demo.url}/ws/sync/${CLUSTER}/web`)).status >= 400, true);
});

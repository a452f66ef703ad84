// Without a network: windows show what was seen last, with its age; no secret is kept; what was not sent is counted and asked about; a sign-out leaves nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, newcomer } from "./support/people.mjs";
import { atRest, drag, find, krate, namesIn, place, until } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** Somebody whose browser may keep the page, and complain of the network that is taken away. */
async function traveller(t) {
  const person = await newcomer(t, world, { serviceWorkers: "allow" });
  person.expect(/ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch|net::ERR/);
  await person.signIn(person.page, "admin");
  await person.page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await until(() => person.page.evaluate(async () => {
    for (const name of await caches.keys()) if (await (await caches.open(name)).match("/complete")) return true;
    return false;
  }), (complete) => complete);
  return person;
}

/** What the top bar says of sharing. */
const shared = (page) => page.locator("[data-sync]");

/** Opens what is found first. */
async function open(page, what) {
  await find(page, what);
  await page.keyboard.press("Enter");
}

/** All that IndexedDB holds: for each database its stores, with keys and values as text. */
const stored = (page) => page.evaluate(async () => {
  const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const text = (value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value));
  const all = {};
  for (const { name } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const from = database.transaction(store).objectStore(store);
      const [keys, values] = [await asked(from.getAllKeys()), await asked(from.getAll())];
      all[`${name}/${store}`] = keys.map((key, at) => [String(key), text(values[at])]);
    }
    database.close();
  }
  return all;
});

/** The records of what was seen. */
const records = async (page) => Object.entries(await stored(page)).filter(([name]) => name.startsWith("krateyard rows") && name.endsWith("/records")).flatMap(([, all]) => all);

test("what was seen last is there without a network, dimmed and dated, and live when that is back; secrets are not kept", async (t) => {
  const person = await traveller(t);
  const { page } = person;
  const pod = await world.demo.readyPod("web");
  const namespace = world.demo.namespace("web");
  await world.demo.kube("POST", `/api/v1/namespaces/${namespace}/secrets`, {
    apiVersion: "v1", kind: "Secret", metadata: { name: "kept-by-nobody", namespace }, type: "Opaque", data: { password: Buffer.from("s3cr3t-value").toString("base64") },
  });
  await open(page, "Secrets");
  await page.getByText("kept-by-nobody").waitFor();
  await page.keyboard.press("Escape");
  await open(page, "Pods");
  const pods = krate(page, "Pods");
  // Only those that are in sight are rendered.
  const { items } = await world.demo.kube("GET", "/api/v1/pods");
  const all = new Set(items.map((item) => item.metadata.name));
  const areThere = (names) => names.length > 5 && names.every((name) => all.has(name));
  await until(() => namesIn(pods), areThere);
  await page.keyboard.press("Escape");
  await find(page, pod);
  await page.keyboard.press("Alt+d");
  await krate(page, pod).locator(".desc dd").first().waitFor();
  const kept = await until(() => records(page), (all) => all.some(([key]) => key.startsWith("pods ") && key.includes(pod)) && all.some(([key, value]) => key.startsWith("pods ") && !key.includes(pod) && value.includes(pod)), 30_000);
  assert.ok(!kept.some(([key, value]) => key.startsWith("secrets") || key.startsWith("helm") || value.includes("s3cr3t") || value.includes(Buffer.from("s3cr3t-value").toString("base64"))));
  assert.ok(!kept.some(([, value]) => value.includes("kept-by-nobody")), "not even its name");

  await person.context.setOffline(true);
  await page.reload();
  await until(() => namesIn(pods), areThere);
  await pods.locator(".rows.stale").waitFor();
  await pods.getByText(/^As of .* ago\. Krateyard does not answer/).waitFor();
  await krate(page, pod).locator(".pane.stale .desc dd").first().waitFor();
  await page.getByText("This browser has kept nothing of secrets").waitFor();
  assert.equal(await page.getByText("kept-by-nobody").count(), 0);
  await person.picture(page, "offline-rows");

  await person.context.setOffline(false);
  await page.locator(".rows.stale").waitFor({ state: "detached", timeout: 40_000 });
  await until(() => namesIn(pods), areThere);
  await page.getByText("kept-by-nobody").waitFor();
  assert.equal(await page.getByText(/^As of /).count(), 0);
});

test("what was not sent is counted over a reload, asked about before a sign-out, and nothing is left after it", async (t) => {
  const person = await traveller(t);
  const { page } = person;
  const pod = await world.demo.readyPod("web");
  await open(page, pod);
  await krate(page, pod).waitFor();
  await shared(page).getByText("synced").waitFor();
  await atRest(page);
  await until(() => records(page), (all) => all.length > 0, 30_000);
  await person.context.setOffline(true);
  await shared(page).getByText("offline").waitFor({ timeout: 60_000 });
  const before = await place(krate(page, pod));
  await drag(page, krate(page, pod).locator("> header"), 90, 120, { x: 60, y: 12 });
  await until(() => place(krate(page, pod)), (now) => now !== before);
  await shared(page).getByText("offline, 1 change kept").waitFor();
  await page.reload();
  await krate(page, pod).waitFor();
  await shared(page).getByText("offline, 1 change kept").waitFor();
  await atRest(page);
  await drag(page, krate(page, pod).locator("> header"), -60, 40, { x: 60, y: 12 });
  await shared(page).getByText("offline, 2 changes kept").waitFor();

  const signOut = async () => {
    const item = page.getByRole("menuitem", { name: "Sign out" });
    if (!(await item.isVisible())) await page.locator(".account > .face.me").click();
    await item.click();
  };
  await signOut();
  const question = page.getByRole("alertdialog", { name: "2 changes of the Yard were not sent" });
  await question.waitFor();
  await person.picture(page, "offline-sign-out");
  await question.getByRole("button", { name: "Stay signed in" }).click();
  await question.waitFor({ state: "detached" });
  await krate(page, pod).waitFor();
  await signOut();
  await question.getByRole("button", { name: "Sign out and lose them" }).click();
  await page.getByLabel("Bearer token").waitFor();
  await until(() => page.evaluate(async () => (await indexedDB.databases()).length), (count) => count === 0);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("@") || key === "krateyard.last")), []);
});

// Tables stay true in a real browser: what a seed decides goes wrong between the cluster, the proxy and the page, and after each the list equals the cluster's own.
// The same at large, without a browser, is tests/flows/tests/faults.rs. `KRATEYARD_SEED=7` plays another story.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn, signedInWhereTabsHide } from "./support/people.mjs";
import { find, krate, namesIn, until } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ simulator: true, still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

const SPACE = "edge";
const STEPS = 14;
const seed = Number(process.env.KRATEYARD_SEED ?? 1);

/** Numbers that come out the same for the same seed (mulberry32). */
function dice(state) {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pods = async () => (await world.demo.kube("GET", `/api/v1/namespaces/${SPACE}/pods`)).items;
const simulate = (path, body) => world.demo.simulate(path, body);

/** Something changes in the cluster: a pod comes or goes. */
async function change(roll) {
  const all = await pods();
  if (all.length > 3 && roll(2) === 0) {
    await remove(all[roll(all.length)].metadata.name);
    return;
  }
  await add(`added-${roll(1_000_000)}`);
}

async function add(name) {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: SPACE }, spec: { containers: [{ name: "main", image: "nginx" }] } };
  await world.demo.kube("POST", `/api/v1/namespaces/${SPACE}/pods`, pod);
}

/** A pod that was on its way out may be gone by now. */
const remove = (name) => simulate("/world/pod", { namespace: SPACE, name, delete: true }).catch((error) => assert.match(error.message, /not found/));

/** What goes wrong, and what makes it good again; `isSilent`: nothing can be known meanwhile, and the list says so. */
const faultsOf = ({ context }) => ({
  "the page is offline": { begin: () => context.setOffline(true), mend: () => context.setOffline(false), isSilent: true },
  "connections are cut": { begin: () => simulate("/connections/cut"), mend: async () => {} },
  "history is compacted": { begin: () => simulate("/compact"), mend: () => simulate("/connections/cut") },
  "the API server restarts": { begin: () => simulate("/restart", {}), mend: async () => {} },
  "the API server forgets": { begin: () => simulate("/restart", { lose_history: true }), mend: async () => {} },
  "the API server is away": { begin: () => simulate("/port", { on: false }), mend: () => simulate("/port", { on: true }), isSilent: true },
});

test(`whatever goes wrong, the list equals the cluster afterwards, and said so while it could not know (seed ${seed})`, async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  person.expect(/status of 502|WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED/);
  await find(page, `ns:${SPACE} pods`);
  await page.locator(".hit.sel", { hasText: "Pods" }).filter({ hasText: SPACE }).click();
  const list = krate(page, "Pods");
  const equal = async (after) => {
    const seen = await until(
      async () => [await namesIn(list), (await pods()).map((pod) => pod.metadata.name).sort(), await list.locator(".stream.live").count()],
      ([shown, held, live]) => live === 1 && shown.join() === held.join(),
      15_000,
    );
    assert.ok(seen[0].length > 0, after);
  };
  await equal("at first");
  const [roll, faults, story] = [dice(seed), Object.entries(faultsOf(person)), []];
  for (let step = 0; step < STEPS; step += 1) {
    const [name, fault] = faults[roll(faults.length)];
    story.push(name);
    t.diagnostic(name);
    await change(roll);
    await fault.begin();
    if (fault.isSilent) {
      await list.locator(".strip.warn", { hasText: /As of/ }).waitFor();
      assert.ok((await namesIn(list)).length > 0, "the rows stay");
    } else {
      await change(roll);
    }
    await fault.mend();
    await equal(story.join(", then "));
  }
  await list.locator(".strip.warn").waitFor({ state: "detached" });
});

// Numbers of messages of the watch protocol (shared/WIRE.md): a message is an array whose first place is its number.
const [UNSUBSCRIBE, HEARTBEAT] = [2, 9];

/** What goes over a tab's watch socket and what it asks the proxy for, from now on. */
function heard(page) {
  const [waiting, asked] = [new Set(), []];
  const message = (way) => ({ payload }) => waiting.forEach((one) => { if (one.way === way && payload[1] === one.number) one.come(); });
  page.on("websocket", (socket) => {
    if (!socket.url().endsWith("/ws/watch")) return;
    socket.on("framesent", message("sent"));
    socket.on("framereceived", message("received"));
  });
  page.on("request", (request) => asked.push(request.url()));
  const next = (way, number) => new Promise((resolve) => {
    const one = { way, number, come: () => { waiting.delete(one); resolve(); } };
    waiting.add(one);
  });
  return { asked, next };
}

test("a tab that nobody sees rests, shows true rows within 5 s of being seen again, and calls no other rows live", async (t) => {
  let tab;
  const person = await signedInWhereTabsHide(t, world, "admin", (page) => { tab ??= heard(page); });
  const { page, context } = person;
  person.expect(/WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED/);
  await find(page, `ns:${SPACE} pods`);
  await page.locator(".hit.sel", { hasText: "Pods" }).filter({ hasText: SPACE }).click();
  const list = krate(page, "Pods");
  const held = async () => (await pods()).map((pod) => pod.metadata.name).sort().join();
  const equal = (within_ms) => until(
    async () => [(await namesIn(list)).join(), await held(), await list.locator(".stream.live").count()],
    ([shown, there, live]) => live === 1 && shown === there,
    within_ms,
  );
  await equal();
  // What only those who look need: the figures of the list.
  await list.locator(".rows .gauge").first().waitFor();
  const other = await context.newPage();
  /** Some pods come and one goes, which nobody makes anew: from then on the cluster rests. */
  let added = 0;
  const change = async () => {
    await Promise.all([1, 2].map((n) => add(`unseen-${added + n}`)));
    if (added > 0) await remove(`unseen-${added}`);
    const gone = `unseen-${added}`;
    added += 2;
    await until(pods, (all) => !all.some((pod) => pod.metadata.name === gone || pod.metadata.deletionTimestamp));
  };
  const hide = async () => {
    const rests = tab.next("sent", UNSUBSCRIBE);
    await other.bringToFront();
    await until(() => page.evaluate(() => document.visibilityState), (state) => state === "hidden");
    await rests;
  };
  /** Notes for each frame that is drawn from the moment at which the tab is seen what the list shows, and whether it calls that live. */
  const watchFrames = () => list.evaluate((list) => {
    window.frames_seen = [];
    const look = () => {
      const names = [...list.querySelectorAll(".rows .obj .cutname")].map((name) => name.title).sort().join();
      window.frames_seen.push([list.querySelector(".stream.live") !== null, names]);
      if (window.frames_seen.length < 2_000) requestAnimationFrame(look);
    };
    document.addEventListener("visibilitychange", () => requestAnimationFrame(look), { once: true });
  });
  const liveFrames = async (there) => {
    const frames = await page.evaluate(() => window.frames_seen);
    assert.ok(frames.length > 0);
    assert.deepEqual(frames.filter(([live, names]) => live && names !== there), [], "what was called live and was not true");
    return frames;
  };

  await hide();
  const since = tab.asked.length;
  await change();
  await simulate("/connections/cut");
  // Two, so that as long as the proxy takes from one to the next is spent out of sight.
  for (let i = 0; i < 2; i += 1) await tab.next("received", HEARTBEAT);
  assert.deepEqual(tab.asked.slice(since), [], "what a tab asks for that nobody sees");
  await change();
  await watchFrames();
  await page.bringToFront();
  await equal(5_000);
  await liveFrames(await held());

  // The same, where the network is not there when it is seen again.
  await hide();
  await context.setOffline(true);
  await change();
  await watchFrames();
  await page.bringToFront();
  await list.locator(".strip.warn", { hasText: /As of/ }).waitFor({ timeout: 5_000 });
  assert.ok((await namesIn(list)).length > 0, "the rows stay");
  await context.setOffline(false);
  await equal(5_000);
  const frames = await liveFrames(await held());
  assert.ok(frames.some(([live]) => !live), "it said so");
});

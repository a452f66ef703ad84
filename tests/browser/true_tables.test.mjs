// Tables stay true in a real browser: what a seed decides goes wrong between the cluster, the proxy and the page, and after each the list equals the cluster's own.
// The same at large, without a browser, is tests/flows/tests/faults.rs. `KRATEYARD_SEED=7` plays another story.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
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
    await simulate("/world/pod", { namespace: SPACE, name: all[roll(all.length)].metadata.name, delete: true });
    return;
  }
  const name = `added-${roll(1_000_000)}`;
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: SPACE }, spec: { containers: [{ name: "main", image: "nginx" }] } };
  await world.demo.kube("POST", `/api/v1/namespaces/${SPACE}/pods`, pod);
}

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

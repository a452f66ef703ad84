// Every kind that the cluster serves: listed, described and read as YAML, by an administrator, without an error in the browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { find, until } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** What changes by itself all the time is not in Spotlight's index, and what is virtual is no kind: metrics are numbers of pods and nodes. */
const NOT_KINDS = /^(metrics\.k8s\.io|events\.k8s\.io)$/;

/** What discovery says can be listed and watched, each kind once, with how many objects there are. */
async function served(demo) {
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const groups = (await Promise.all(["/api", "/apis"].map((path) => demo.kube("GET", path, undefined, undefined, accept)))).flatMap((list) => list.items);
  const kinds = groups.flatMap((group) => {
    const name = group.metadata.name ?? "";
    const [version] = group.versions;
    const lists = (resource) => ["list", "watch"].every((verb) => resource.verbs.includes(verb));
    return NOT_KINDS.test(name) ? [] : version.resources.filter(lists).map((resource) => ({ group: name, version: version.version, plural: resource.resource }));
  });
  return Promise.all(kinds.map(async (kind) => {
    const base = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
    const { items } = await demo.kube("GET", `${base}/${kind.plural}?limit=50`);
    return { ...kind, word: kind.group ? `${kind.plural}.${kind.group}` : kind.plural, objects: items.length };
  }));
}

/** Opens the list of a kind by its whole name, in a krate of its own that is put away afterwards. */
async function look(page, kind) {
  await find(page, kind.plural);
  const hit = page.locator(`.hit[data-resource="${kind.word}"]`).first();
  await hit.waitFor();
  await hit.click();
  const list = page.locator(".win.keys");
  await list.waitFor();
  if (kind.objects === 0) {
    await list.locator(".say, .rows tr").first().waitFor();
    return "an empty list";
  }
  await list.locator(".rows tr").first().waitFor();
  assert.equal(await list.locator(".strip.missing").count(), 0, "an administrator misses nothing");
  await list.locator(".rows tr").first().click();
  await page.keyboard.press("Alt+d");
  const object = page.locator(".win.keys", { has: page.getByRole("tab", { name: "Describe", selected: true }) });
  await object.locator("dl.kv").first().waitFor();
  await page.keyboard.press("Alt+y");
  const yaml = page.locator(".win.keys", { has: page.getByRole("tab", { name: "YAML", selected: true }) });
  await yaml.getByText("apiVersion").first().waitFor();
  await yaml.getByText("metadata").first().waitFor();
  return "listed, described and read";
}

test("an administrator lists, describes and reads every kind that the cluster serves", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  page.setDefaultTimeout(8_000);
  const kinds = await served(world.demo);
  assert.ok(kinds.length >= 50, `${kinds.length} kinds are served`);
  const failed = [];
  for (const kind of kinds) {
    try {
      const done = await look(page, kind);
      t.diagnostic(`${kind.word}: ${done}`);
    } catch (error) {
      failed.push(`${kind.word}: ${error.message.split("\n")[0]}`);
      await person.picture(page, `every-kind-${kind.plural}`);
      await page.keyboard.press("Escape");
    }
    // Put away, so that the next one has the Yard for itself.
    await page.keyboard.press("Escape");
    await until(async () => {
      const open = page.locator(".krate header").getByRole("button", { name: "Close" });
      if ((await page.locator(".krate").count()) > 0) await page.locator(".krate > header .tools button").last().click();
      return open.count();
    }, (count) => count === 0);
  }
  assert.deepEqual(failed, []);
});

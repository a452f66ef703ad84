// Objects that are large, oddly named, or made anew while they are shown.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { find, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ simulator: true, still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

const configMap = (name, data) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "web" }, data });
const make = (map) => world.demo.kube("POST", "/api/v1/namespaces/web/configmaps", map);

/** Opens a view of an object by its name. */
async function open(page, name, letter, view) {
  await find(page, name);
  await page.locator(".hit", { hasText: name }).first().waitFor();
  await page.keyboard.press(`Alt+${letter}`);
  const window = windowOf(page, name, view);
  await window.waitFor();
  return window;
}

/** How long the page's longest task took while something was done, in milliseconds. */
async function longest(page, act) {
  await page.evaluate(() => {
    window.tasks = [0];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ entryTypes: ["longtask"] });
  });
  await act();
  return page.evaluate(() => Math.max(...window.tasks));
}

test("a config map of 1 MB and one of 10,000 keys are described and read, and the page holds only what is in sight", async (t) => {
  // A real API server takes no more: 1,048,576 bytes of data (pkg/apis/core/validation, MaxSecretSize, which config maps share).
  await make(configMap("one-large-value", { "log.txt": `${"a line of some sixty letters, as there are many of them.\n".repeat(17_500)}`.slice(0, 1_000_000) }));
  await make(configMap("many-keys", Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key-${String(at).padStart(5, "0")}`, `value ${at}`]))));
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  for (const name of ["one-large-value", "many-keys"]) {
    const task = await longest(page, async () => {
      const describe = await open(page, name, "d", "Describe");
      await describe.getByText(name === "many-keys" ? /10,?000/ : /log\.txt/).first().waitFor();
      await page.keyboard.press("Escape");
      const yaml = await open(page, name, "y", "YAML");
      await yaml.getByText("apiVersion").first().waitFor();
      const elements = await yaml.evaluate((window) => window.querySelectorAll("*").length);
      assert.ok(elements < 3_000, `${name}: ${elements} elements`);
      await page.keyboard.press("Escape");
    });
    t.diagnostic(`${name}: the longest task took ${Math.round(task)} ms`);
  }
  await person.picture(page, "large-objects");
});

test("an object that is deleted says so, and one of the same name that comes after it is another one", async (t) => {
  await make(configMap("comes-and-goes", { which: "the first" }));
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const yaml = await open(page, "comes-and-goes", "y", "YAML");
  await yaml.getByText("the first").waitFor();
  await world.demo.kube("DELETE", "/api/v1/namespaces/web/configmaps/comes-and-goes");
  await yaml.getByText(/gone|deleted/i).first().waitFor();
  await person.picture(page, "deleted-while-shown");
  await make(configMap("comes-and-goes", { which: "the second" }));
  await yaml.getByText("the second").waitFor();
  assert.equal(await yaml.getByText("the first").count(), 0);
});

test("a name with every character that Kubernetes allows is found, listed, described and read", async (t) => {
  // Names of RBAC objects are path segments: everything but / and % (apimachinery, IsValidPathSegmentName).
  const name = 'odd: name & <b>"quotes" \u{1F980} é #?+=~';
  await world.demo.kube("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", {
    apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
  });
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  await find(page, "odd: name");
  const hit = page.locator(".hit", { hasText: "odd: name" }).first();
  await hit.waitFor();
  assert.ok((await hit.locator(".name").getAttribute("title")).includes(name));
  await page.keyboard.press("Alt+d");
  const describe = windowOf(page, name, "Describe");
  await describe.getByText("pods").first().waitFor();
  await page.keyboard.press("Alt+y");
  await windowOf(page, name, "YAML").getByText("rbac.authorization.k8s.io/v1").first().waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  await windowOf(page, name, "YAML").getByText("rbac.authorization.k8s.io/v1").first().waitFor();
  await person.picture(page, "odd-name");
});

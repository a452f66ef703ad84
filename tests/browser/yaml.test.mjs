// The YAML window: the whole object as it is in the cluster, live, folded, searched, copied.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { find, until, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

test("a pod's YAML is what the cluster has, folds, is searched, and follows a change without losing its place", async (t) => {
  const person = await signedIn(t, world, "admin", { permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = person;
  const pod = await world.demo.readyPod("web");
  await find(page, pod);
  await page.keyboard.press("Alt+y");
  const yaml = windowOf(page, pod, "YAML");
  const code = yaml.getByRole("document", { name: "YAML" });
  await code.getByText("apiVersion").first().waitFor();
  await code.getByText(`name: ${pod}`).or(code.getByText(pod)).first().waitFor();

  await yaml.getByRole("button", { name: "Copy all of it" }).click();
  const copied = await until(() => page.evaluate(() => navigator.clipboard.readText()), (text) => text.startsWith("apiVersion: v1\nkind: Pod\n"));
  assert.ok(copied.includes(`\n  name: ${pod}\n`) && copied.includes("\nspec:\n") && copied.includes("\nstatus:\n"), copied);

  const lines = () => code.locator("u").allTextContents();
  const before = await lines();
  await code.getByRole("button", { name: /^Fold .* field/ }).first().click();
  await code.getByRole("button", { name: /^Unfold / }).first().waitFor();
  assert.notDeepEqual(await lines(), before, "what is folded has no lines");

  await page.keyboard.press("Control+f");
  await yaml.getByLabel("Search this object").fill(pod);
  await yaml.getByText(/^1 of \d+$/).waitFor();
  await code.locator(".cur mark", { hasText: pod }).first().waitFor();
  await yaml.getByLabel("Search this object").fill("NAME");
  await yaml.getByText(/^1 of \d+$/).waitFor();
  await page.keyboard.press("Enter");
  await yaml.getByText(/^2 of \d+$/).waitFor();
  await person.picture(page, "yaml");

  // A name of its own: a scene that is set by hand sees the test again.
  const seen = `krateyard.test/seen-${Date.now()}`;
  await yaml.getByLabel("Search this object").fill(seen);
  await yaml.getByText("none").waitFor();
  const path = `/api/v1/namespaces/${world.demo.namespace("web")}/pods/${pod}`;
  await world.demo.kube("PATCH", path, { metadata: { annotations: { [seen]: "yes" } } }, "application/merge-patch+json");
  // A real cluster names it in the managed fields as well.
  await yaml.getByText(/^1 of \d+$/).waitFor();
});

test("a pod that is deleted while its YAML is open stays readable, and is said to be deleted", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const path = `/api/v1/namespaces/${world.demo.namespace("web")}/pods`;
  const container = { name: "app", image: "registry.k8s.io/pause:3.10" };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "short-lived-reading" }, spec: { containers: [container], terminationGracePeriodSeconds: 0 } };
  await world.demo.kube("POST", path, pod);
  await find(page, "short-lived-reading");
  await page.keyboard.press("Alt+y");
  const yaml = windowOf(page, "short-lived-reading", "YAML");
  await yaml.getByText("containers").first().waitFor();
  await world.demo.kube("DELETE", `${path}/short-lived-reading?gracePeriodSeconds=0`);
  await yaml.getByText("Deleted. This is how it was last.").waitFor();
  await yaml.getByText("containers").first().waitFor();
});

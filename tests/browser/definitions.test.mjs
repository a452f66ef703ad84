// What a cluster defines itself changes while it is looked at; and what may be listed and not watched.

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

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const backups = "/apis/data.example.com/v1/namespaces/payments/backups";

/** Opens the list of backups, and waits for its rows. */
async function list(page, word, title) {
  await find(page, word);
  await page.locator(".hit", { hasText: title }).first().click();
  const window = krate(page, title);
  await window.locator(".rows tr").first().waitFor();
  return window;
}

test("a list takes on the columns of a definition that changes, says when there is no definition any more, and comes back with it", async (t) => {
  const { demo } = world;
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const window = await list(page, "backups", "Backups");
  const columns = () => window.locator(".head th").allInnerTexts();
  const before = await columns();
  assert.ok(!before.includes("Kept for"), String(before));

  const definition = await demo.kube("GET", `${definitions}/backups.data.example.com`);
  for (const version of definition.spec.versions) {
    version.additionalPrinterColumns = [{ name: "Kept for", type: "string", jsonPath: ".spec.retention" }, ...version.additionalPrinterColumns ?? []];
  }
  await demo.kube("PUT", `${definitions}/backups.data.example.com`, definition);
  await until(columns, (now) => now.includes("Kept for"));
  await window.locator(".rows tr").first().waitFor();
  const names = await namesIn(window);
  assert.ok(names.length > 0);

  await demo.kube("DELETE", `${definitions}/backups.data.example.com`);
  // First in the words of the stream that ends, then in those of the answer to asking again.
  await window.getByText(/does not (define|exist)/).first().waitFor();
  await person.picture(page, "definition-gone");

  const { metadata: { name }, spec, status } = definition;
  const made = await demo.kube("POST", definitions, { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name }, spec });
  // Nothing happens by itself here, so nobody else says that it is established.
  await demo.kube("PUT", `${definitions}/${name}/status`, { ...made, status });
  await until(() => demo.kube("POST", backups, {
    apiVersion: "data.example.com/v1", kind: "Backup", metadata: { name: "made-after", namespace: "payments" }, spec: { retention: "7d" },
  }).then(() => true, () => false), Boolean);
  await window.getByText("made-after").waitFor();
  await until(columns, (now) => now.includes("Kept for"));
  assert.deepEqual(await namesIn(window), ["made-after"]);
});

test("who may list and not watch reads that the list is asked for again and again, and it follows the cluster", async (t) => {
  const { demo } = world;
  const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/web";
  const head = (kind) => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata: { name: "lister", namespace: "web" } });
  await demo.kube("POST", `${rbac}/roles`, { ...head("Role"), rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }] });
  await demo.kube("POST", `${rbac}/rolebindings`, {
    ...head("RoleBinding"), roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "lister" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "lister@example.com" }],
  });
  demo.tokens.lister = "lister";
  await demo.simulate("/tokens/add", { token: "lister", user: "lister@example.com", groups: [] });
  const person = await signedIn(t, world, "lister");
  const { page } = person;
  const window = await list(page, "configmaps", "Config maps");
  await window.getByText("polling each 5 s").waitFor();
  await demo.kube("POST", "/api/v1/namespaces/web/configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "made-later", namespace: "web" }, data: {} });
  await window.getByText("made-later").waitFor();
  await person.picture(page, "polling");
});

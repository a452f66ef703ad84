// Describe: each kind says what a person wants first; a secret is revealed one key at a time, and only to whom may.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { find, until, windowOf } from "./support/yard.mjs";

// What the simulated world has; a real cluster has a scene of its own.
const simulated = { skip: process.env.KRATEYARD_SCENE ? "its objects are the simulator's" : false };

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop(), world.plain?.stop()]));

/** Opens Describe of an object by what is typed, its kind and its name. */
async function describe(page, text, kind, name) {
  await find(page, text);
  await page.locator(".hit", { has: page.getByText(kind, { exact: true }), hasText: name }).first().click();
  if (kind === "Pod") await page.locator(".win.keys").getByRole("tab", { name: "Describe" }).click();
  const window = windowOf(page, name, "Describe").last();
  await window.locator(".desc").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  return window;
}

const close = (page, window) => window.getByRole("button", { name: /^Close/ }).first().click();

/** One object of each kind that the world has, and what must be read in it. */
const KINDS = [
  ["payments-api ns:payments", "Deployment", "payments-api", ["3 of 4 ready", "RollingUpdate", "registry.example.com/payments/api", "Available", "live list"]],
  ["payments-db ns:payments", "StatefulSet", "payments-db", ["2 of 2 ready", "postgres:16.4", "payments-db-0"]],
  ["payments-api ns:payments", "Service", "payments-api", ["ClusterIP", "80/TCP", "app=payments-api"]],
  ["nightly-report ns:batch", "CronJob", "nightly-report", ["30 2 * * *", "Forbid", "nightly-report-"]],
  ["import-prices ns:batch", "Job", "import-prices", ["0 of 1 succeeded", "Job has reached the specified backoff limit"]],
  ["node-a-05", "Node", "node-a-05", ["containerd://1.7.24", "MemoryPressure", "live list"]],
  ["index-rebuild", "PersistentVolumeClaim", "index-rebuild", ["Pending", "100Gi", "fast"]],
  ["archive-2024", "PersistentVolume", "archive-2024", ["Released", "200Gi", "disk.csi.example.com"]],
  ["storefront ns:web", "ConfigMap", "storefront", ["2 keys", "features.json", "newCheckout", "production"]],
  ["config-reader", "Role", "config-reader", ["configmaps", "get"]],
  ["payments-editors", "RoleBinding", "payments-editors", ["ClusterRole", "editor@example.com"]],
  ["krateyard ns:krateyard", "ServiceAccount", "krateyard", ["system:serviceaccount:krateyard:krateyard"]],
  ["storefront ns:web", "HorizontalPodAutoscaler", "storefront", ["2 to 8", "54 % of 70 %", "ScalingActive"]],
  ["payments-api ns:payments", "PodDisruptionBudget", "payments-api", ["None allowed", "3 of 4, 3 must stay"]],
  ["team ns:web", "ResourceQuota", "team", ["22Gi of 64Gi", "13 of 60"]],
  ["defaults ns:web", "LimitRange", "defaults", ["Container memory", "512Mi"]],
  ["backups", "CustomResourceDefinition", "backups.data.example.com", ["data.example.com", "served", "Established"]],
  ["catalog-nightly", "Backup", "catalog-nightly", ["Failed", "catalog"]],
];

test("each kind says what a person wants first", simulated, async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  for (const [text, kind, name, facts] of KINDS) {
    const window = await describe(page, text, kind, name);
    for (const fact of facts) {
      await window.locator(".desc").getByText(fact).first().waitFor().catch(() => assert.fail(`${kind} ${name} does not say ${fact}`));
    }
    if (kind === "Deployment") await person.picture(page, "describe-deployment");
    await close(page, window);
  }
});

test("a pod and a node say what they use, and a pod that cannot be measured says why", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const pod = await world.demo.readyPod("web");
  const window = await describe(page, pod, "Pod", pod);
  await window.getByText("Resources, live").waitFor();
  await window.locator(".use", { hasText: "Memory" }).getByText(/^[\d.]+Mi of [\d.]+[MG]i$/).waitFor();
  await close(page, window);
  const node = await describe(page, "node-a-05", "Node", "node-a-05");
  await node.locator(".use", { hasText: "CPU" }).getByText(/ of 16$/).waitFor();
  await close(page, node);
  const { items } = await world.demo.kube("GET", "/api/v1/namespaces/payments/pods");
  const crashing = items.find((pod) => pod.status.containerStatuses.some((container) => container.state.waiting?.reason === "CrashLoopBackOff")).metadata.name;
  await (await describe(page, crashing, "Pod", crashing)).getByText("Not measured yet").waitFor();
});

test("an administrator reveals one key of a secret, and hides it again", simulated, async (t) => {
  const person = await signedIn(t, world, "admin", { permissions: ["clipboard-read", "clipboard-write"] });
  const { page } = person;
  const window = await describe(page, "payments-db ns:payments", "Secret", "payments-db");
  const value = window.getByText("example-only", { exact: true });
  await window.getByText("12 bytes").waitFor();
  assert.equal(await value.count(), 0);
  await window.getByRole("button", { name: "Reveal password" }).click();
  await value.waitFor();
  assert.equal(await window.getByText("payments", { exact: true }).count(), 0, "the other key stays masked");
  await person.picture(page, "describe-secret");
  await window.getByRole("button", { name: "Copy password" }).click();
  await until(() => page.evaluate(() => navigator.clipboard.readText()), (text) => text === "example-only");
  await window.getByRole("button", { name: "Hide password" }).click();
  await value.waitFor({ state: "detached" });
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!kept.includes("example-only") && !kept.includes("ZXhhbXBsZS1vbmx5"), "nothing is kept in the browser");
});

test("a viewer, who may not get secrets, reads which right is missing", simulated, async (t) => {
  const person = await signedIn(t, world, "viewer");
  person.expect(/status of 403/, /reveal$/);
  const { page } = person;
  // Nothing in a viewer's Spotlight leads there: the proxy itself is asked, as the page would.
  const answer = await page.evaluate(async (cluster) => {
    const body = JSON.stringify({ key: "key" });
    const response = await fetch(`/api/clusters/${cluster}/secrets/web/session-key/reveal`, { method: "POST", headers: { "content-type": "application/json" }, body });
    return { status: response.status, refusal: (await response.json()).refusal };
  }, "prod-eu-1");
  assert.deepEqual(answer, { status: 403, refusal: { reason: "forbidden", verb: "get", resource: "secrets", namespace: "web" } });
});

test("where no metrics-server is installed, Describe says just that", { skip: simulated.skip }, async (t) => {
  // It outlives the person, whose page asks it until it is closed.
  const demo = world.plain = await startDemo({ simulator: true, still: true, metrics: false });
  const person = await signedIn(t, { browser: world.browser, demo }, "admin");
  const pod = await demo.readyPod("web");
  const window = await describe(person.page, pod, "Pod", pod);
  await window.getByText("no metrics-server is installed").waitFor();
});

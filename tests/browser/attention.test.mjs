// What needs attention, and the cluster in numbers: found by the proxy, shown under each person's rights, live.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, newcomer } from "./support/people.mjs";
import { find, krate, namesIn, until } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ simulator: true, still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

const pods = (namespace) => `/api/v1/namespaces/${namespace}/pods`;

test("a pod that cannot start is listed with why as soon as it fails, opens from there, and leaves the list when it goes", async (t) => {
  const person = await newcomer(t, world);
  const { page } = person;
  await person.signIn(page, "admin");
  await page.locator(".chips .chip.bad").click();
  const list = krate(page, "Needs attention").locator(".win");
  await list.locator(".rows .obj").first().waitFor();
  const before = await namesIn(list);
  const metadata = { name: "cannot-start", namespace: "web" };
  // No scheduler takes it: else the simulated node would start it after a moment.
  const spec = { schedulingGates: [{ name: "example.com/never" }], containers: [{ name: "c", image: "registry.example/none:1" }] };
  await world.demo.kube("POST", pods("web"), { apiVersion: "v1", kind: "Pod", metadata, spec });
  const waiting = { reason: "ImagePullBackOff", message: "Back-off pulling image registry.example/none:1" };
  const status = { phase: "Pending", containerStatuses: [{ name: "c", image: "registry.example/none:1", ready: false, restartCount: 0, state: { waiting } }] };
  await world.demo.kube("PATCH", `${pods("web")}/cannot-start/status`, { status }, "application/merge-patch+json");
  const row = list.locator(".rows tr", { has: page.locator("[title='cannot-start']") });
  await row.getByText("ImagePullBackOff").waitFor();
  await row.getByText("Back-off pulling image").waitFor();
  await person.picture(page, "attention");
  await row.dblclick();
  await krate(page, "cannot-start").waitFor();
  await world.demo.kube("DELETE", `${pods("web")}/cannot-start?gracePeriodSeconds=0`);
  await until(() => namesIn(list), (names) => !names.includes("cannot-start") && names.length === before.length);
});

test("the overview counts what a person may see, leads to the lists, and names what is missing", async (t) => {
  const person = await newcomer(t, world);
  const { page } = person;
  await person.signIn(page, "viewer");
  await find(page, "overview of the cluster");
  await page.keyboard.press("Enter");
  const overview = krate(page, "Overview").locator(".win");
  const line = (name) => overview.getByRole("row", { name });
  const all = (await world.demo.kube("GET", pods("web"))).items.length;
  await until(() => line(/^Pods/).locator("td").last().textContent(), (count) => Number(count) === all);
  await overview.getByText("1 namespace", { exact: true }).waitFor();
  await overview.getByText("Not shown: You may not list").waitFor();
  assert.equal(await overview.getByText("payments").count(), 0, "no name of a namespace that is not theirs");
  await person.picture(page, "overview");
  await line(/^Deployments/).getByRole("button").click();
  await krate(page, "Deployments").locator(".rows .obj").first().waitFor();
});

// Lists and trees: columns, selection, files, parts of a kind, and what stands below what.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { atRest, find, krate, namesIn, until } from "./support/yard.mjs";

// What the simulated world has; a real cluster has a scene of its own.
const simulated = { skip: process.env.KRATEYARD_SCENE ? "its objects are the simulator's" : false };

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** Opens the list of a kind by its word, and waits for its rows. */
async function list(page, word, title) {
  await find(page, word);
  await page.locator(".hit", { hasText: title }).first().click();
  const window = krate(page, title);
  await window.locator(".rows tr").first().waitFor();
  await atRest(page);
  return window;
}

const columns = (window) => window.locator(".head th").allInnerTexts();
const button = (window, name) => window.getByRole("button", { name, exact: true });

/** What a list's file says, after this was done. */
async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

const pods = async (path = "") => (await world.demo.kube("GET", `/api/v1${path}/pods`)).items;
const names = (objects) => objects.map((object) => object.metadata.name).sort();

test("columns are chosen by keyboard, labels have columns, and both are remembered", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const window = await list(page, "pods", "Pods");
  await button(window, "Columns").click();
  const menu = window.getByRole("dialog", { name: "Columns" });
  await menu.getByRole("checkbox", { name: "Restarts" }).waitFor();
  while (!(await menu.getByRole("checkbox", { name: "Node" }).evaluate((box) => box === document.activeElement))) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await menu.getByLabel("Key of a label").fill("app");
  await page.keyboard.press("Enter");
  await until(() => columns(window), (titles) => titles.includes("Node") && titles.includes("app"));
  await menu.getByLabel("Key of a label").fill("no key");
  await page.keyboard.press("Enter");
  await menu.getByRole("alert").waitFor();
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await page.reload();
  await until(() => columns(krate(page, "Pods")), (titles) => titles.includes("Node") && titles.includes("app"));
  await button(krate(page, "Pods"), "Columns").click();
  await page.mouse.click(5, 400);
  await menu.waitFor({ state: "detached" });
});

test("lines are selected as in a list of files, and saved as what is on screen or as whole objects", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const window = await list(page, "pods", "Pods");
  await window.getByLabel("Filter").fill("ns:payments");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  const strip = window.getByRole("toolbar", { name: "Selection" });
  await strip.getByText("3 selected").waitFor();
  assert.equal(await window.locator('tr[aria-selected="true"]').count(), 3);
  const yaml = await saved(page, () => button(strip, "Save YAML").click());
  assert.match(yaml.name, /\.yaml$/);
  assert.equal(yaml.text.split("---\n").length, 3);
  assert.ok(!yaml.text.includes("managedFields") && (yaml.text.match(/^kind: Pod$/gm) ?? []).length === 3, yaml.text.slice(0, 400));

  await page.keyboard.press("Escape");
  await strip.getByText("selected").waitFor({ state: "detached" });
  await window.locator(".rows").focus();
  await page.keyboard.press("Control+a");
  const expected = names(await pods("/namespaces/payments"));
  await strip.getByText(`${expected.length} selected`).waitFor();
  await window.locator(".rows tr").nth(1).click({ modifiers: ["Control"] });
  await strip.getByText(`${expected.length - 1} selected`).waitFor();
  await window.locator(".rows tr").nth(1).click();
  await button(window, "Export").click();
  const { text } = await saved(page, () => window.getByRole("button", { name: /^CSV/ }).click());
  const lines = text.trimEnd().split("\r\n").map((line) => line.split(","));
  assert.deepEqual(lines[0], ["Name", "Namespace", "Ready", "Status", "Restarts", "CPU", "Age"]);
  assert.deepEqual(lines.slice(1).map((line) => line[0]).sort(), expected);
  assert.ok(lines.slice(1).every((line) => line[1] === "payments"));
});

test("a file of secrets holds their keys and no value", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const window = await list(page, "secrets", "Secrets");
  await button(window, "Export").click();
  const { text } = await saved(page, () => window.getByRole("button", { name: /^YAML/ }).click());
  assert.ok(text.includes("password:") && text.includes("***"), text.slice(0, 400));
  assert.ok(!text.includes("ZXhhbXBsZS1vbmx5"), "a value");
});

test("the pods of a node and of a deployment are lists of their own", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const nodes = await list(page, "nodes", "Nodes");
  await nodes.getByLabel("Filter").fill("node-a-01");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Alt+p");
  const onNode = krate(page, "Pods on node-a-01");
  const expected = names((await pods()).filter((pod) => pod.spec.nodeName === "node-a-01"));
  await until(async () => (await onNode.locator(".rows").getAttribute("aria-rowcount")), (count) => count === String(expected.length));
  await page.keyboard.press("Escape");

  const deployments = await list(page, "deployments", "Deployments");
  await deployments.getByLabel("Filter").fill("payments-api");
  await deployments.locator(".rows tr").first().click({ button: "right" });
  await deployments.getByRole("dialog", { name: "Actions" }).getByText("Pods").click();
  const ofApi = krate(page, "Pods of payments-api");
  await ofApi.locator(".rows tr").first().waitFor();
  await until(() => namesIn(ofApi), (shown) => shown.length > 0 && shown.every((name) => name.startsWith("payments-api-")));
  assert.deepEqual(await namesIn(ofApi), names((await pods("/namespaces/payments")).filter((pod) => pod.metadata.labels.app === "payments-api")));
});

test("a list is about several namespaces, and about labels that were kept", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const window = await list(page, "pods", "Pods");
  await window.getByTitle("Namespaces").click();
  const menu = window.getByRole("dialog", { name: "Namespaces" });
  await menu.getByRole("checkbox", { name: "payments", exact: true }).check();
  await menu.getByRole("checkbox", { name: "web", exact: true }).check();
  assert.equal(await window.locator(".win").evaluate((element) => element.scrollTop), 0, "the menu stays within its window");
  await menu.getByRole("button", { name: "Show payments, web" }).click();
  const expected = (await pods("/namespaces/payments")).length + (await pods("/namespaces/web")).length;
  await until(() => window.locator(".rows").getAttribute("aria-rowcount"), (count) => count === String(expected));
  await krate(page, "Pods").locator("header .tag", { hasText: "payments, web" }).waitFor();

  await window.getByLabel("Filter").fill("app=payments-api");
  await button(window, "Keep").click();
  const kept = krate(page, "Pods with app=payments-api");
  await kept.locator(".chip.only", { hasText: "app=payments-api" }).waitFor();
  const selected = names((await pods("/namespaces/payments")).filter((pod) => pod.metadata.labels.app === "payments-api"));
  await until(() => namesIn(kept), (shown) => JSON.stringify(shown) === JSON.stringify(selected));
  await page.keyboard.press("Escape");
  await page.reload();
  await until(() => namesIn(kept), (shown) => JSON.stringify(shown) === JSON.stringify(selected));
  await kept.getByRole("button", { name: "Show all of it" }).click();
  await until(() => krate(page, "Pods").locator(".rows").getAttribute("aria-rowcount"), (count) => count === String(expected));
});

test("a tree has pods below their deployment and what they use below them, and a match keeps what stands above", simulated, async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const window = await list(page, "deployments", "Deployments");
  await button(window, "Tree").click();
  const tree = window.getByRole("treegrid");
  await tree.locator('tr[aria-level="2"]').first().waitFor();
  await window.getByLabel("Filter").fill("payments-db");
  await until(async () => (await tree.locator("tr").evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-level")))).slice(0, 3).join(""), (levels) => levels === "123");
  assert.equal(await tree.locator('tr[aria-level="1"]').count(), 1, "the others do not use it");

  await window.getByLabel("Filter").fill("payments-api");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await tree.locator("tr", { hasText: "ConfigMap" }).first().waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await until(() => tree.locator("tr").count(), (count) => count === 1);
});

test("who may not list secrets reads that in the tree", simulated, async (t) => {
  const { page } = await signedIn(t, world, "viewer");
  await find(page, "deployments");
  await page.locator(".hit", { hasText: "Deployments" }).first().click();
  const window = krate(page, "Deployments");
  await window.locator(".rows tr").first().waitFor();
  await button(window, "Tree").click();
  await window.getByLabel("Filter").fill("storefront");
  const pod = window.locator('tr[aria-level="2"]').first();
  await pod.getByRole("button", { name: "Open (right)" }).click();
  await window.getByText("Secret session-key: you may not list secrets").first().waitFor();
});

test("pods and nodes say what they use now, pods may be ordered by it, and the sheet of diagnostics names each stream", simulated, async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const window = await list(page, "pods", "Pods");
  await button(window.locator(".win"), "Maximise (z)").click();
  await window.locator(".gauge").first().waitFor();
  const memory = window.locator(".head th", { hasText: "Memory" });
  await memory.getByRole("button").click();
  await memory.getByRole("button").click();
  const used = async () => (await window.locator(".rows tr").evaluateAll((rows) => rows.map((row) => row.querySelectorAll(".gauge")[1]?.innerText))).slice(0, 5);
  const bytes = (text) => Number.parseFloat(text) * 1024 ** "KMG".indexOf(text.at(-2));
  await until(used, (texts) => texts.every((text, at) => text && (at === 0 || bytes(text) <= bytes(texts[at - 1]))));
  await person.picture(page, "pods-by-use");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");

  await page.getByTitle("Diagnostics of all streams").click();
  const sheet = page.getByRole("dialog", { name: "Diagnostics" });
  await sheet.getByText("pods.metrics.k8s.io").first().waitFor();
  await sheet.getByText("polling each 15 s").first().waitFor();
  await person.picture(page, "diagnostics");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
});

// Logs where they are hard: several containers and pods in one timeline, 100,000 lines, a lost connection, gaps, a hidden page, files.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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

/** Opens the logs of what Spotlight finds first and answers their window. */
async function open(page, name) {
  await find(page, name);
  await page.keyboard.press("Alt+l");
  return windowOf(page, name, "Logs");
}

/** A log server of the test's own between page and proxy, which keeps to the credit that the page grants. */
async function logServer(page) {
  const server = { opened: [], begun: [], credit: 0 };
  let changed = () => {};
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => { changed = resolve; });
  };
  await page.routeWebSocket(/\/ws\/logs/, (socket) => {
    Object.assign(server, { socket, credit: 1 << 20 });
    server.opened.push(new URL(socket.url()).searchParams);
    socket.onMessage((text) => {
      const { begin, credit } = JSON.parse(text);
      if (begin) server.begun.push(begin.cursors);
      server.credit += credit ?? 0;
      changed();
    });
  });
  /** Answers once the page has said where it begins, on its socket of this number. */
  server.begins = (times = 1) => until(() => server.begun.length >= times);
  server.send = async (lines) => {
    await until(() => server.credit > 0);
    for (const [, time, text] of lines) server.credit -= time.length + text.length + 1;
    server.socket.send(JSON.stringify({ l: lines }));
  };
  server.control = (control, rest = {}) => server.socket.send(JSON.stringify({ control, ...rest }));
  server.source = (index, pod, container = "app") => {
    server.control("source", { index, pod, container });
    server.control("state", { index, state: { is: "live" } });
  };
  return server;
}

const line = (n, source = 0) => [source, new Date(1_795_269_931_000 + n * 10).toISOString(), `INFO line ${n} of the log\u001b[0m`];
const lines = (from, to) => Array.from({ length: to - from }, (_, at) => line(from + at));
const numbers = (logs) => logs.locator(".row").evaluateAll((rows) => rows.map((row) => Number(/line (\d+)/.exec(row.textContent)[1])));

test("a log of 120,000 lines keeps 100,000, says so, renders a screenful, and is filtered and searched", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const server = await logServer(page);
  const logs = await open(page, await world.demo.readyPod("web"));
  await logs.getByText("Asking for the log of").waitFor();
  await server.begins();
  server.source(0, "web");
  for (let n = 0; n < 120_000; n += 1000) await server.send(lines(n, n + 1000));
  server.control("caughtUp");
  await logs.getByText("line 119999 of the log").waitFor();
  await logs.locator(".stream.live").waitFor();
  assert.ok(await logs.locator(".row").count() < 60, "only rows on screen are in the page");

  await logs.locator(".log").evaluate((log) => { log.scrollTop = 0; });
  await logs.getByText("20,000 older lines dropped").waitFor();
  await logs.getByText("line 20000 of the log").waitFor();
  await server.send(lines(120_000, 120_007));
  await logs.getByRole("button", { name: "7 new lines" }).click();
  await logs.getByText("line 120006 of the log").waitFor();

  await logs.getByLabel("Filter lines").fill("/line 11\\d{3}7 /");
  await logs.getByText("line 119997 of the log").waitFor();
  await logs.getByText("line 119998 of the log").waitFor({ state: "detached" });
  await logs.locator(".log").click();
  await page.keyboard.press("Control+f");
  await logs.getByLabel("Search lines").fill("line 1111");
  await logs.getByText("10", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await logs.getByText("10 of 10").waitFor();
  await logs.locator("mark.cur", { hasText: "line 1111" }).waitFor();
});

test("after a cut a log says what it has and goes on there: nothing is lost, nothing is doubled, and the cut is a row", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const server = await logServer(page);
  const logs = await open(page, await world.demo.readyPod("web"));
  await server.begins();
  assert.deepEqual(server.begun[0], [], "nothing is here yet");
  server.source(0, "web");
  await server.send(lines(0, 20));
  server.control("caughtUp");
  await logs.getByText("line 19 of the log").waitFor();
  await server.socket.close({ code: 1011 });
  await logs.getByText("connection lost").first().waitFor();
  await server.begins(2);
  const [cursor] = server.begun[1];
  assert.deepEqual([cursor.pod, cursor.container, cursor.newest], ["web", "app", [1_795_269_931, 190_000_000]]);
  assert.equal(cursor.seconds[0].count, 20);
  server.source(0, "web");
  await server.send(lines(20, 25));
  server.control("caughtUp");
  await logs.getByText("line 24 of the log").waitFor();
  await logs.getByText("no line missing").waitFor();
  assert.deepEqual(await numbers(logs), Array.from({ length: 25 }, (_, n) => n));
});

test("who reads further up, or hides the page, takes no more than there is room for, and gets the rest afterwards", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const server = await logServer(page);
  const logs = await open(page, await world.demo.readyPod("web"));
  await server.begins();
  server.source(0, "web");
  await server.send(lines(0, 1000));
  server.control("caughtUp");
  await logs.getByText("line 999 of the log").waitFor();
  await logs.locator(".log").evaluate((log) => { log.scrollTop = 0; });
  await logs.getByText("line 0 of the log").waitFor();
  // Lines as long as this fill half of the ring before they are many.
  const long = (n) => [0, new Date(1_795_269_941_000 + n).toISOString(), `INFO long ${n} ${"x".repeat(200_000)}`];
  let sent = 0;
  while (server.credit > 0 && sent < 1000) {
    await server.send([long(sent++)]);
    // What was granted for it is under way until the page has answered a question after it.
    if (server.credit <= 0) await page.evaluate(() => 0);
  }
  await logs.getByText("more wait in the cluster").waitFor();
  assert.ok(sent > 100 && sent < 400, `${sent} lines of 200 kB were taken`);
  await logs.getByText("line 0 of the log").waitFor();
  await logs.getByRole("button", { name: "new lines" }).click();
  await server.send([long(sent)]);
  await logs.getByText(`long ${sent} `).waitFor();
});

test("pods of a workload are one timeline: tags, a pod that joins, one that ends, one that is denied, gaps, a picker, and what is left out", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const server = await logServer(page);
  const { items } = await world.demo.kube("GET", `/apis/apps/v1/namespaces/${world.demo.namespace("web")}/deployments`);
  const name = items[0].metadata.name;
  const logs = await open(page, name);
  await server.begins();
  assert.equal(server.opened[0].get("workload"), `apps/v1/Deployment/${name}`);
  const pods = [`${name}-7d9f8c-x2k8q`, `${name}-7d9f8c-m9t4w`, `${name}-7d9f8c-q4c7s`];
  server.source(0, pods[0]);
  server.source(1, pods[1]);
  await server.send([line(0, 0), line(1, 1), line(2, 0)]);
  server.control("caughtUp");
  await logs.locator(".row .whose", { hasText: "m9t4w" }).waitFor();
  const tags = () => logs.locator(".row").evaluateAll((rows) => rows.map((row) => row.querySelector(".whose").textContent));
  assert.deepEqual(await tags(), ["x2k8q", "m9t4w", "x2k8q"]);
  const colours = await logs.locator(".row .whose").evaluateAll((found) => found.map((tag) => getComputedStyle(tag).color));
  assert.ok(colours[0] === colours[2] && colours[0] !== colours[1], `${colours}`);

  server.source(2, pods[2]);
  await logs.locator(".gap", { hasText: "q4c7s" }).getByText("joined").waitFor();
  await server.send([line(3, 2)]);
  server.control("state", { index: 1, state: { is: "gone" } });
  await logs.locator(".gap", { hasText: "m9t4w" }).getByText("gone").waitFor();
  server.control("gap", { index: 0, count: 1234, reason: { why: "dropped" } });
  await logs.locator(".gap.warn", { hasText: "x2k8q" }).getByText("1,234 lines missing").waitFor();
  server.control("state", { index: 2, state: { is: "denied", refusal: { reason: "limit", which: "follows of one workload", retryAfterSecs: 9 } } });
  await logs.locator(".strip").getByText("1 of 2 pods live, q4c7s: too many follows of one workload: try again in 9 s").waitFor();
  await logs.locator(".stream").getByText("1 of 2 live").waitFor();
  await person.picture(page, "logs-of-a-workload");

  await logs.getByLabel("Pod").selectOption(pods[0]);
  await until(() => numbers(logs), (now) => now.length === 2);
  assert.deepEqual(await numbers(logs), [0, 2]);
  await server.send([line(4, 2), line(5, 0)]);
  await logs.getByText("line 5 of the log").waitFor();
  assert.deepEqual(await numbers(logs), [0, 2, 5]);
  await logs.getByLabel("Pod").selectOption("All pods");
  await logs.getByText("line 4 of the log").waitFor();
});

test("chosen lines, or all that are shown, are copied; a file has everything that the cluster kept, and not only what the window did", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const server = await logServer(page);
  const logs = await open(page, await world.demo.readyPod("web"));
  await server.begins();
  server.source(0, "web");
  await server.send(lines(90, 100));
  server.control("caughtUp");
  await logs.getByText("line 99 of the log").waitFor();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await logs.locator(".row", { hasText: "line 92 " }).locator("time").click();
  await logs.locator(".row", { hasText: "line 94 " }).click({ modifiers: ["Shift"] });
  await until(() => logs.locator(".row.chosen").count(), (count) => count === 3);
  await page.keyboard.press("Control+c");
  await until(clipboard, (text) => /line 92 .*\n.*line 93 .*\n.*line 94 of the log\n$/.test(text) && text.split("\n").length === 4);
  await page.keyboard.press("Escape");
  await logs.locator(".row.chosen").first().waitFor({ state: "detached" });

  await logs.getByRole("button", { name: "Copy and download" }).click();
  const shown = page.waitForEvent("download");
  await logs.getByRole("button", { name: "Download what is shown" }).click();
  assert.equal((await readFile(await (await shown).path(), "utf8")).trimEnd().split("\n").length, 10);

  await logs.getByRole("button", { name: "Copy and download" }).click();
  const whole = page.waitForEvent("download");
  await logs.getByRole("button", { name: "Download everything" }).click();
  await server.begins(2);
  assert.deepEqual([server.opened[1].get("tail"), server.opened[1].get("pod")], [null, server.opened[0].get("pod")]);
  server.source(0, "web");
  for (let n = 0; n < 5000; n += 1000) await server.send(lines(n, n + 1000));
  await logs.getByText("Writing a file of everything").waitFor();
  server.control("caughtUp");
  const text = await readFile(await (await whole).path(), "utf8");
  const found = text.trimEnd().split("\n").map((line) => Number(/line (\d+) of the log$/.exec(line)[1]));
  assert.deepEqual(found, Array.from({ length: 5000 }, (_, n) => n));
  await logs.getByText("Writing a file of everything").waitFor({ state: "detached" });
});

/** Lines of a container as the cluster has them, with their times. */
async function kept(namespace, pod, container, more = "") {
  const url = `${world.demo.cluster.url}/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}${more}`;
  const answer = await fetch(url, { headers: { authorization: "Bearer demo-admin" } });
  assert.equal(answer.status, 200);
  return (await answer.text()).trimEnd().split("\n");
}

const numbered = (lines) => lines.map((line) => Number(/\bn=(\d+)/.exec(line)?.[1]));

test("all containers of a pod are one timeline, each line tagged, init containers among them", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const { items } = await world.demo.kube("GET", "/api/v1/pods");
  const pod = items.find(({ spec, status }) => spec.containers.length > 1 && status.phase === "Running");
  const logs = await open(page, pod.metadata.name);
  await logs.locator(".row").first().waitFor();
  assert.equal(await logs.locator(".row .whose").count(), 0, "one container needs no tag");
  const names = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name }) => name);
  assert.deepEqual((await logs.getByLabel("Container").locator("option").allTextContents()).sort(), ["All containers", ...names].sort());
  await logs.getByLabel("Container").selectOption("All containers");
  for (const { name } of pod.spec.containers) await logs.locator(".row .whose", { hasText: name }).first().waitFor();
  await logs.locator(".stream").getByText(/live/).waitFor();
  await person.picture(page, "logs-of-all-containers");
});

test("the pods of a deployment are one timeline: those that come join by themselves, those that go are marked", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const { items } = await world.demo.kube("GET", "/apis/apps/v1/namespaces/web/deployments");
  const { metadata, spec } = items.find(({ spec, status }) => spec.replicas > 1 && status.readyReplicas === spec.replicas);
  const logs = await open(page, metadata.name);
  await logs.locator(".row .whose").first().waitFor();
  const options = () => logs.getByLabel("Pod").locator("option").allTextContents();
  await until(options, (pods) => pods.length === spec.replicas + 1);
  const before = await options();
  await world.demo.simulate("/world/scale", { namespace: "web", name: metadata.name, replicas: spec.replicas + 1 });
  const after = await until(options, (pods) => pods.length > before.length, 60_000);
  const joined = after.find((pod) => !before.includes(pod));
  await logs.locator(".gap", { hasText: joined.slice(-5) }).getByText("joined").waitFor();
  await logs.locator(".row .whose", { hasText: joined.slice(-5) }).first().waitFor({ timeout: 60_000 });
  await world.demo.simulate("/world/pod", { namespace: "web", name: joined, delete: true });
  await logs.locator(".gap", { hasText: joined.slice(-5) }).getByText(/gone|ended/).first().waitFor({ timeout: 60_000 });
  await person.picture(page, "logs-of-a-deployment");
});

test("over cuts of the page's connection and of the cluster's no line is lost and none is doubled", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const legs = [];
  await page.routeWebSocket(/\/ws\/logs/, (leg) => { legs.push({ leg, server: leg.connectToServer() }); });
  const pod = await world.demo.readyPod("data");
  const { spec } = await world.demo.kube("GET", `/api/v1/namespaces/data/pods/${pod}`);
  const container = spec.containers[0].name;
  await world.demo.simulate("/world/pod", { namespace: "data", name: pod, log_rate: 40 });
  const logs = await open(page, pod);
  const end = () => logs.locator(".row").last().textContent().then((text) => Number(/\bn=(\d+)/.exec(text)?.[1]));
  await until(end, (n) => n > 0);
  for (let cut = 0; cut < 6; cut += 1) {
    const before = await end();
    if (cut % 2 === 0) {
      const { leg, server } = legs.at(-1);
      await server.close();
      await leg.close({ code: 1011 });
    } else {
      await world.demo.simulate("/connections/cut");
    }
    await until(end, (n) => n > before + 20, 60_000);
  }
  await logs.getByRole("button", { name: "Copy and download" }).click();
  const file = page.waitForEvent("download");
  await logs.getByRole("button", { name: "Download what is shown" }).click();
  const text = await readFile(await (await file).path(), "utf8");
  const found = numbered(text.split("\n").filter((line) => /\bn=\d+/.test(line)));
  const truth = numbered(await kept("data", pod, container, "&sinceSeconds=600"));
  const from = truth.indexOf(found[0]);
  assert.ok(from >= 0 && found.length > 1000, `${found.length} lines`);
  assert.deepEqual(found, truth.slice(from, from + found.length));
  assert.ok(legs.length >= 4, "the page came back each time");
});

test("a file of everything has each line that the cluster kept, in its order", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const pod = await world.demo.readyPod("search");
  const { spec } = await world.demo.kube("GET", `/api/v1/namespaces/search/pods/${pod}`);
  await world.demo.simulate("/world/pod", { namespace: "search", name: pod, log_lines: 30_000, log_rate: 0 });
  const logs = await open(page, pod);
  await logs.locator(".stream.live").waitFor();
  await logs.locator(".row").first().waitFor();
  await logs.getByRole("button", { name: "Copy and download" }).click();
  const file = page.waitForEvent("download", { timeout: 60_000 });
  await logs.getByRole("button", { name: "Download everything" }).click();
  const text = await readFile(await (await file).path(), "utf8");
  const truth = numbered(await kept("search", pod, spec.containers[0].name));
  assert.equal(truth.length, 30_000);
  assert.deepEqual(numbered(text.trimEnd().split("\n")), truth);
});

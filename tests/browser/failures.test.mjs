// What a person sees when something fails: the words, what stays on the Yard, and how it goes on. The programs that fail are real ones.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, newcomer, signedIn } from "./support/people.mjs";
import { drag, find, krate, namesIn, place, shows, until, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  // One at a time: what has begun is known to `after` when the next one fails.
  world.browser = await launch();
  world.demo = await startDemo({ simulator: true, still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));
afterEach(async () => {
  await world.demo.simulate("/faults", {}, "DELETE");
  if (world.demo.proxy.ended) await world.demo.startProxy();
});

/** A namespace with few pods: all rows of its list are rendered. */
const SPACE = "edge";
const RBAC = "rbac.authorization.k8s.io";

/** The names of a namespace's pods, as the cluster itself tells them. */
const truth = async () => (await world.demo.kube("GET", `/api/v1/namespaces/${SPACE}/pods`)).items.map((pod) => pod.metadata.name).sort();

/** The name of a pod that runs, and how to find it in the cluster. */
async function runningPod(namespace, begins = "") {
  const { items } = await world.demo.kube("GET", `/api/v1/namespaces/${namespace}/pods`);
  const pod = items.find(({ metadata, status }) => metadata.name.startsWith(begins) && status.phase === "Running" && status.containerStatuses.every((one) => one.ready));
  return { name: pod.metadata.name, path: `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}` };
}

/** Opens the list of a namespace's pods, and waits until all are there. */
async function openPods(page) {
  await find(page, `ns:${SPACE} pods`);
  await page.locator(".hit.sel", { hasText: "Pods" }).filter({ hasText: SPACE }).click();
  const list = krate(page, "Pods");
  await equalsTruth(list);
  return list;
}

/** Waits until a list shows what the cluster holds, and says that it is live. */
async function equalsTruth(list) {
  await list.locator(".stream.live").waitFor();
  await until(async () => [await namesIn(list), await truth()], ([shown, held]) => shown.join() === held.join());
}

/** Waits until a list shows a pod no more that went while nobody could hear of it, and that it is as the cluster is. */
async function hearsOf(list, gone) {
  await until(() => namesIn(list), (names) => !names.includes(gone));
  await equalsTruth(list);
  await list.locator(".strip.warn").waitFor({ state: "detached" });
}

/** A list that can not be confirmed says so in words, with the age of what it shows, and keeps it. */
async function keepsItsRows(list, names, state, cause) {
  await list.locator("header .stream", { hasText: state }).waitFor();
  const strip = list.locator(".strip", { hasText: /As of .+, \d+ s ago\./ });
  await strip.filter({ hasText: cause }).waitFor();
  assert.deepEqual(await namesIn(list), names, "the rows stay");
}

/** A pod goes while nobody hears of it; its keeper makes another one. */
const deletePod = (name) => world.demo.simulate("/world/pod", { namespace: SPACE, name, delete: true });

/** Leaving a server away makes the browser complain; that is what these tests are about. */
function expectOutage(person) {
  person.expect(/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|status of (401|502)/);
}

test("the proxy restarts: lists keep their rows and say so, then the page asks to sign in, and all is where it was", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  expectOutage(person);
  const list = await openPods(page);
  const names = await namesIn(list);
  const stood = await place(list);

  await world.demo.stopProxy();
  await keepsItsRows(list, names, /reconnecting, attempt \d+/, /connection|restart/i);
  await person.picture(page, "failure-proxy-away");
  await deletePod(names[0]);
  await world.demo.startProxy();

  // Sessions live in the proxy's memory: it says that this one has ended, and the page does in words.
  await page.getByRole("alert").filter({ hasText: "The session has ended: sign in again." }).waitFor();
  await person.signIn(page, "admin");
  await hearsOf(list, names[0]);
  assert.equal(await place(list), stood, "the krate is where it was");
});

test("the way to the proxy is lost and found: the list keeps its rows, goes live again by itself, and shows what happened meanwhile", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  expectOutage(person);
  const list = await openPods(page);
  const names = await namesIn(list);

  await person.context.setOffline(true);
  await keepsItsRows(list, names, /stale|reconnecting/, /offline/i);
  await deletePod(names[0]);
  await person.context.setOffline(false);

  await hearsOf(list, names[0]);
});

test("the cluster's port closes and opens: rows stay and are said to be stale, then they are live and equal to the cluster", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const list = await openPods(page);
  const names = await namesIn(list);

  t.after(() => world.demo.simulate("/port", { on: true }));
  await world.demo.simulate("/port", { on: false });
  await keepsItsRows(list, names, /stale \d+ s/, /Connection refused/);
  await person.picture(page, "failure-cluster-away");
  await deletePod(names[0]);
  await world.demo.simulate("/port", { on: true });

  await hearsOf(list, names[0]);
});

test("the cluster restarts and has forgotten its history: lists become equal to it all the same", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const list = await openPods(page);
  const [gone] = await namesIn(list);
  await deletePod(gone);
  await world.demo.simulate("/restart", { lose_history: true });
  await hearsOf(list, gone);
  const [next] = await namesIn(list);
  await deletePod(next);
  await hearsOf(list, next);
});

test("a pod is deleted while its windows are open: they say so, and keep what they show", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const { name } = await runningPod(SPACE);
  await find(page, name);
  await page.keyboard.press("Enter");
  const logs = windowOf(page, name, "Logs");
  await logs.locator(".log .row").first().waitFor();
  await page.keyboard.press("Escape");
  await find(page, name);
  await page.keyboard.press("Alt+d");
  const describe = windowOf(page, name, "Describe");
  await describe.getByRole("heading", { name: "Containers" }).waitFor();

  await deletePod(name);

  await describe.getByText("Deleted. This is how it was last.").waitFor();
  await describe.getByRole("heading", { name: "Containers" }).waitFor();
  await logs.getByText("The pod is gone. Its lines stay until you close the window.").waitFor();
  assert.notEqual(await logs.locator(".log .row").count(), 0, "the lines stay");
  for (const window of [logs, describe]) await window.locator("header .stream", { hasText: "gone" }).waitFor();
  await person.picture(page, "failure-pod-gone");
});

test("a pod whose image holds no shell: the window says so, and what was tried", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const { name } = await runningPod("edge", "gateway-");
  await find(page, name);
  await page.keyboard.press("Alt+s");
  const shell = windowOf(page, name, "Shell");
  await shell.getByRole("heading", { name: "No shell in the image" }).waitFor();
  await shell.getByText("holds none of bash, ash, sh").waitFor();
  await person.picture(page, "failure-no-shell");
});

test("the right to a shell is taken away: the window that stayed says which right is missing", async (t) => {
  const person = await newcomer(t, world);
  const { page } = person;
  const rights = { apiVersion: `${RBAC}/v1`, metadata: { name: "viewers-exec", namespace: "web" } };
  await world.demo.simulate("/world/apply", { ...rights, kind: "Role", rules: [{ apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] }] });
  await world.demo.simulate("/world/apply", {
    ...rights, kind: "RoleBinding",
    roleRef: { apiGroup: RBAC, kind: "Role", name: "viewers-exec" }, subjects: [{ apiGroup: RBAC, kind: "User", name: "viewer@example.com" }],
  });
  await person.signIn(page, "viewer");
  const { name } = await runningPod("web");
  await find(page, name);
  await page.keyboard.press("Alt+s");
  const shell = windowOf(page, name, "Shell");
  await shows(shell, "#");

  await world.demo.kube("DELETE", `/apis/${RBAC}/v1/namespaces/web/rolebindings/viewers-exec`);
  await page.reload();
  await shell.getByRole("button", { name: "Start shell" }).click();
  await shell.getByRole("heading", { name: "No access" }).waitFor();
  await shell.getByText("You may not create pods/exec in web.").waitFor();
  assert.match(await shell.locator(".need").innerText(), /^create\s+pods\/exec\s+web$/);
  await shell.getByRole("tab", { name: "Shell" }).and(page.locator(".no")).waitFor();
  await person.picture(page, "failure-exec-forbidden");
});

test("a log of 100,000 lines: a search, its beginning and its end are there, and the page holds few rows", async (t) => {
  const LINES = 100_000;
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const { name, path } = await runningPod("data");
  await world.demo.simulate("/world/pod", { namespace: "data", name, log_lines: LINES, log_rate: 0 });
  const answer = await fetch(`${world.demo.cluster.url}${path}/log`, { headers: { authorization: "Bearer demo-admin" } });
  // Without time and level, which have columns of their own.
  const lines = (await answer.text()).trimEnd().split("\n").map((line) => line.slice(line.search(/\bn=\d+ /)));
  assert.equal(lines.length, LINES);
  const sought = lines[LINES / 2];
  assert.equal(lines.filter((line) => line.includes(sought)).length, 1, "there is one such line");

  await find(page, name);
  await page.keyboard.press("Enter");
  const logs = windowOf(page, name, "Logs");
  const rows = logs.locator(".log .row");
  const holdsFew = async () => assert.ok((await rows.count()) < 200, `${await rows.count()} rows in the page`);
  await rows.filter({ hasText: lines.at(-1) }).waitFor();
  await logs.getByLabel("From when on").selectOption("all");

  await page.keyboard.press("Control+f");
  await logs.getByLabel("Search lines").fill(sought);
  await logs.getByRole("search").getByRole("status").filter({ hasText: "1" }).waitFor({ timeout: 60_000 });
  await logs.getByLabel("Search lines").press("Enter");
  await rows.filter({ hasText: sought }).waitFor();
  await holdsFew();
  await person.picture(page, "failure-long-log");
  await logs.locator(".log").evaluate((log) => log.scrollTo(0, 0));
  await rows.filter({ hasText: lines[0] }).waitFor();
  await holdsFew();
  await logs.locator(".log").evaluate((log) => log.scrollTo(0, log.scrollHeight));
  await rows.filter({ hasText: lines.at(-1) }).waitFor();
  await holdsFew();
});

test("two tabs of one person: what is opened and moved in one is so in the other", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const other = await person.tab();
  await other.getByRole("navigation", { name: "Krateyard" }).waitFor();

  // A tab that is not in front gets a frame a second.
  await page.bringToFront();
  const list = await openPods(page);
  await equalsTruth(krate(other, "Pods"));
  assert.equal(await place(krate(other, "Pods")), await place(list));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  const before = await place(list);
  await drag(page, list.locator("header").first(), 60, 80, { x: 130, y: 12 });
  const moved = await until(() => place(list), (now) => now !== before);
  await until(() => place(krate(other, "Pods")), (now) => now === moved);
  await other.bringToFront();
  await krate(other, "Pods").getByRole("button", { name: "Close" }).first().click();
  await list.waitFor({ state: "detached" });
});

test("a slow cluster: the window says that it asks, then rows come", async (t) => {
  // A new proxy: it holds no list yet.
  await world.demo.stopProxy();
  for (const reading of ["list", "watch"]) {
    await world.demo.simulate("/faults", { matching: { class: reading, path: "/api/v1/services" }, effect: { delay: 4000 } });
  }
  await world.demo.startProxy();
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  await find(page, "services");
  await page.locator(".hit", { hasText: "Services" }).first().click();
  const list = krate(page, "Services");
  await list.getByText("Asking for services. Rows appear as they come.").waitFor();
  await list.locator("header .stream", { hasText: "connecting" }).waitFor();
  await list.locator(".rows tr").first().waitFor();
  await list.locator(".stream.live").waitFor();
});

test("signing out closes everything: no window, no socket, no session, and the sign-in page shows", async (t) => {
  const person = await newcomer(t, world);
  const { page } = person;
  const sockets = new Set();
  page.on("websocket", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await person.signIn(page, "admin");
  const { name } = await runningPod(SPACE);
  await find(page, name);
  await page.keyboard.press("Alt+s");
  await shows(windowOf(page, name, "Shell"), "#");
  await page.keyboard.press("Control+Shift+Escape");
  assert.equal(sockets.size, 3, "one for the rows, one for the Yard, one for the shell");
  const cookies = (await person.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");

  await page.locator(".account > .me").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("Bearer token").waitFor();
  assert.equal(await page.locator(".krate, .win").count(), 0);
  await until(() => sockets.size, (open) => open === 0);
  assert.equal((await fetch(`${world.demo.url}/api/session`, { headers: { cookie: cookies } })).status, 401, "the session is over, not only forgotten");
  const kept = () => page.evaluate(async () => [...(await indexedDB.databases()).map(({ name }) => name), ...Object.keys(localStorage)].filter((name) => /admin@|krateyard\.last/.test(name)));
  await until(kept, (names) => names.length === 0);
  await page.reload();
  await page.getByLabel("Bearer token").waitFor();
});

test("a token is revoked: within half a minute the page says that the session has ended", async (t) => {
  // The proxy reviews the token of an open socket every 30 s.
  const PROMISED_MS = 30_000;
  const person = await signedIn(t, world, "expiring");
  const { page } = person;
  await world.demo.simulate("/tokens/revoke", { token: "demo-expiring" });
  await page.getByRole("alert").filter({ hasText: "The session has ended: sign in again." }).waitFor({ timeout: PROMISED_MS + 10_000 });
  assert.equal(await page.locator(".krate, .win").count(), 0);
  await page.getByLabel("Bearer token").fill("demo-expiring");
  await page.getByRole("button", { name: "Sign in with token" }).click();
  await page.getByText("The cluster does not accept this token.").waitFor();
});

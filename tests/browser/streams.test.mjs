// Logs and shells where they are hard: a log of 100,000 lines, a lost connection, a flood of output, an image without a shell, a scaled canvas.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDemo } from "./support/demo.mjs";
import { launch, signedIn } from "./support/people.mjs";
import { find, windowOf } from "./support/yard.mjs";

const world = {};
before(async () => {
  world.browser = await launch();
  world.demo = await startDemo({ still: true });
});
after(() => Promise.all([world.browser?.close(), world.demo?.stop()]));

/** Opens a view of a pod by its letter and answers its window. */
async function open(page, pod, letter, view) {
  await find(page, pod);
  await page.keyboard.press(`Alt+${letter}`);
  return windowOf(page, pod, view);
}

/** A log server of the test's own between page and proxy, which keeps to the credit that the page grants. */
async function logServer(page) {
  const server = { opened: [], credit: 0 };
  let granted = () => {};
  let opened = () => {};
  await page.routeWebSocket(/\/ws\/logs/, (socket) => {
    Object.assign(server, { socket, credit: 1 << 20 });
    server.opened.push(new URL(socket.url()).searchParams);
    opened();
    socket.onMessage((text) => { server.credit += JSON.parse(text).credit; granted(); });
  });
  server.send = async (lines) => {
    while (server.credit <= 0) await new Promise((resolve) => { granted = resolve; });
    for (const [, time, text] of lines) server.credit -= time.length + text.length + 1;
    server.socket.send(JSON.stringify({ l: lines }));
  };
  server.reopened = async () => {
    while (server.opened.length < 2) await new Promise((resolve) => { opened = resolve; });
  };
  server.control = (control, rest = {}) => server.socket.send(JSON.stringify({ control, ...rest }));
  return server;
}

const line = (n) => [0, new Date(1_795_269_931_000 + n * 10).toISOString(), `INFO line ${n} of the log\u001b[0m`];
const lines = (from, to) => Array.from({ length: to - from }, (_, at) => line(from + at));

test("a log of 120,000 lines keeps 100,000, says so, renders a screenful, and is filtered and searched", async (t) => {
  const person = await signedIn(t, world, "admin");
  const { page } = person;
  const server = await logServer(page);
  const logs = await open(page, await world.demo.readyPod("web"), "l", "Logs");
  await logs.getByText("Asking for the log of").waitFor();
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

test("after a cut a log goes on where it was: nothing is lost, nothing is doubled, and the gap is a line", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const server = await logServer(page);
  const logs = await open(page, await world.demo.readyPod("web"), "l", "Logs");
  await logs.getByText("Asking for the log of").waitFor();
  await server.send(lines(0, 20));
  server.control("caughtUp");
  await logs.getByText("line 19 of the log").waitFor();
  await server.socket.close({ code: 1011 });
  await logs.getByText("connection lost").waitFor();
  await server.reopened();
  assert.match(server.opened[1].get("sinceTime"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  await server.send(lines(0, 25));
  server.control("caughtUp");
  await logs.getByText("line 24 of the log").waitFor();
  await logs.getByText("no line missing").waitFor();
  const shown = await logs.locator(".row").evaluateAll((rows) => rows.map((row) => Number(/line (\d+)/.exec(row.textContent)[1])));
  assert.deepEqual(shown, Array.from({ length: 25 }, (_, n) => n));
});

test("a flood of output leaves the page alive, Ctrl+C ends it, and marking text is exact on a scaled canvas", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const shell = await open(page, await world.demo.readyPod("web"), "s", "Shell");
  const screen = shell.locator(".xterm-rows");
  await screen.getByText("#").first().waitFor();
  await page.keyboard.type("yes\n");
  await screen.locator("div", { hasText: /^y\s*$/ }).nth(8).waitFor();
  await page.keyboard.press("Control+c");
  await screen.getByText("^C").waitFor();
  await page.keyboard.type("echo alpha beta gamma\n");
  const row = screen.locator("> div", { hasText: /^alpha beta gamma\s*$/ });
  await row.waitFor();
  const scale = await shell.evaluate((window) => window.getBoundingClientRect().width / window.offsetWidth);
  assert.notEqual(scale, 1, "the canvas is scaled");
  const box = await row.boundingBox();
  // A cell of Plex Mono at 12 px is 7.2 px wide; the terminal has a whole number of them.
  const width = (await shell.locator(".xterm-screen").boundingBox()).width;
  const cell = width / Math.round(width / scale / 7.2);
  await page.mouse.dblclick(box.x + cell * 14.5, box.y + box.height / 2);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.keyboard.press("Control+Shift+c");
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) === "gamma");
});

test("an image without a shell says so, and the keyboard is free again", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const { items } = await world.demo.kube("GET", `/api/v1/namespaces/${world.demo.namespace("edge")}/pods`);
  const gateway = items.find((pod) => pod.metadata.name.startsWith("gateway") && pod.status.phase === "Running").metadata.name;
  const shell = await open(page, gateway, "s", "Shell");
  await shell.getByText("No shell in the image").waitFor();
  await shell.getByText("none of bash, ash, sh").waitFor();
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Find anything" }).waitFor();
});

test("a shell that ended keeps its screen, says its code, and may begin anew", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const shell = await open(page, await world.demo.readyPod("web"), "s", "Shell");
  await shell.locator(".xterm-rows").getByText("#").first().waitFor();
  await page.keyboard.type("echo kept-$?; exit 3\n");
  await shell.getByText(/Ended with exit code 3 after \d+ s\.$/).waitFor();
  await shell.locator(".xterm-rows", { hasText: "kept-0" }).waitFor();
  await shell.getByRole("button", { name: "New session" }).click();
  await shell.locator(".stream.live").waitFor();
});

test("a shell whose connection is cut goes on where it was: same shell, same screen", async (t) => {
  const { page } = await signedIn(t, world, "admin");
  const lines = [];
  await page.routeWebSocket(/\/ws\/shell/, (line) => {
    lines.push({ line, server: line.connectToServer() });
  });
  const shell = await open(page, await world.demo.readyPod("web"), "s", "Shell");
  const screen = shell.locator(".xterm-rows");
  await screen.getByText("#").first().waitFor();
  await page.keyboard.type("cd /tmp; echo before-$?\n");
  await screen.locator("div", { hasText: /^before-0/ }).waitFor();
  await page.keyboard.type("sleep 2; echo meanwhile-$?\n");
  await lines[0].server.close();
  await lines[0].line.close({ code: 1011 });
  await shell.getByText(/reconnecting/i).first().waitFor();
  await screen.locator("div", { hasText: /^meanwhile-0/ }).waitFor();
  await shell.locator(".stream.live").waitFor();
  await page.keyboard.type("pwd\n");
  await screen.locator("div", { hasText: /^\/tmp\s*$/ }).waitFor();
  assert.equal(await screen.locator("div", { hasText: /^before-0/ }).count(), 1, "nothing is drawn twice");
  assert.equal(lines.length, 2);
});

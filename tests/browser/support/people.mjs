// People in Chromium: each has a browser context of their own, so nothing of one reaches another.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { chromium } from "playwright-core";

const executablePath = process.env.KRATEYARD_CHROMIUM ?? "/usr/bin/chromium";
const pictures = fileURLToPath(new URL("../../../target/browser", import.meta.url));

/** What a browser needs to run as root, without a screen and without asking anything of the outside. */
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** The page asks who is signed in before anybody is; the browser calls the answer an error. */
const EXPECTED = [{ url: /\/api\/session$/, text: /status of 401/ }];

/** One browser for a test file: call it in `before`, and `close` in `after`. */
export async function launch() {
  mkdirSync(pictures, { recursive: true });
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Somebody at a browser. */
export class Person {
  constructor(context, demo) {
    this.context = context;
    this.demo = demo;
    this.problems = [];
    this.expected = [...EXPECTED];
  }

  /** One more tab. */
  async tab() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => this.problems.push({ url: page.url(), text: `uncaught: ${error.message}` }));
    page.on("console", (message) => {
      if (message.type() === "error") this.problems.push({ url: message.location().url, text: message.text() });
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(this.demo.url) && !/^(data|blob):/.test(request.url())) this.problems.push({ url: request.url(), text: "asked another origin" });
    });
    await page.goto(this.demo.url);
    return page;
  }

  /** From here on the browser may complain about this: a test that takes a server away expects it. */
  expect(text, url = /./) { this.expected.push({ text, url }); }

  /** Signs in with the token of an account, on a page that shows the sign-in form, and waits for the Yard. */
  async signIn(page, account) {
    await page.getByLabel("Bearer token").fill(this.demo.tokens[account]);
    await page.getByRole("button", { name: "Sign in with token" }).click();
    await page.getByRole("navigation", { name: "Krateyard" }).waitFor();
  }

  /** Keeps what a page looks like, in target/browser. */
  picture(page, name) { return page.screenshot({ path: join(pictures, `${name}.png`) }); }

  async close() {
    await this.context.close();
    const known = (problem) => this.expected.some((expected) => expected.text.test(problem.text) && expected.url.test(problem.url));
    assert.deepEqual(this.problems.filter((problem) => !known(problem)), [], "the browser reported errors");
  }
}

/**
 * Somebody new at a browser of their own, gone when the test ends. Whoever is the first of a test finds a Yard on which nobody was before. The test fails when their browser reported an error, or asked another origin for anything.
 * @param {import("node:test").TestContext} t the test
 * @param {{browser: import("playwright-core").Browser, demo: object}} world
 * @param {object} options of Playwright's `newContext`, such as `colorScheme` or `viewport`
 */
export async function newcomer(t, { browser, demo }, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", serviceWorkers: "block", ...options });
  await demo.welcome?.();
  const person = new Person(context, demo);
  t.after(() => person.close().finally(() => demo.farewell?.()));
  person.page = await person.tab();
  return person;
}

/** Somebody who has signed in. */
export async function signedIn(t, world, account, options) {
  const person = await newcomer(t, world, options);
  await person.signIn(person.page, account);
  return person;
}

/**
 * Somebody who has signed in, in a browser where one tab hides another. Playwright tells each page of its own that it has the focus (Emulation.setFocusEmulationEnabled),
 * and such a page is never hidden. So Chromium is started by itself here, in the headless mode that has windows, and Playwright joins it without that (`noDefaults`): a tab
 * behind another one is what it is at a person's, `document.visibilityState` says hidden, timers are slow, and no frame is drawn.
 * @param {(page: import("playwright-core").Page) => void} meet is told of each tab before it loads anything
 */
export async function signedInWhereTabsHide(t, { demo }, account, meet) {
  const profile = await mkdtemp(join(tmpdir(), "krateyard-"));
  const flags = [...FLAGS, "--headless=new", "--lang=en-GB", "--window-size=1440,900", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
  const started = spawn(executablePath, flags, { stdio: ["ignore", "ignore", "pipe"] });
  let person;
  t.after(async () => {
    try {
      await person?.close();
    } finally {
      started.kill();
      if (started.exitCode === null) await once(started, "exit");
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
  let said = "";
  started.stderr.on("data", (data) => { said += data; });
  while (!/DevTools listening on ws/.test(said)) await once(started.stderr, "data");
  const browser = await chromium.connectOverCDP(/ws:\/\/\S+/.exec(said)[0], { noDefaults: true });
  const [context] = browser.contexts();
  context.on("page", meet);
  person = new Person(context, demo);
  person.page = await person.tab();
  await person.signIn(person.page, account);
  return person;
}

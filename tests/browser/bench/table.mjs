// A table of 1,000 rows against plain JavaScript, for `cargo xtask bench table.vs_vanilla`. Prints one line of JSON.
//
// Three things are done to both, in the same page: rows are made (a filter that let nothing through lets all through), replaced (the order is turned round), and one is
// selected. The plain table has the same rows, filters and sorts the same way, and puts the same cells of as many rows as are in sight into the page by cloneNode and
// textContent. The time of each is that until all is done and the page is laid out anew. The ratio is the geometric mean of three.

import { startDemo } from "../support/demo.mjs";
import { Person, launch } from "../support/people.mjs";

const PODS = 1_000;
const RUNS = 15;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs in the page. `act` starts something; the answer is how long it takes in all. */
function timing() {
  window.timed = (act) => new Promise((resolve) => {
    const start = performance.now();
    act();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      document.body.getBoundingClientRect();
      resolve(performance.now() - start);
    };
    port2.postMessage(null);
  });
  window.ours = () => {
    const list = document.querySelector("[role=grid]").closest(".win");
    const field = list.querySelector("input");
    const type = (text) => timed(() => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const head = list.querySelector("th button");
    return {
      empty: () => type("nothing-has-this"),
      create: () => type(""),
      replace: () => timed(() => head.click()),
      select: (at) => timed(() => list.querySelectorAll("[role=grid] tbody tr")[at].click()),
      inSight: () => list.querySelectorAll("[role=grid] tbody tr").length,
    };
  };
  window.vanilla = (rows, inSight) => {
    const model = document.querySelector("[role=grid]");
    const pane = model.cloneNode(true);
    model.parentElement.append(pane);
    const body = pane.querySelector("tbody");
    const template = body.querySelector("tr").cloneNode(true);
    template.classList.remove("sel", "cursor");
    const spacer = pane.querySelector(".spacer");
    let [shown, up] = [[], true];
    const draw = () => {
      spacer.style.height = `${shown.length * 26}px`;
      body.replaceChildren(...shown.slice(0, inSight).map((row) => {
        const line = template.cloneNode(true);
        line.dataset.uid = row.name;
        row.cells.forEach((text, at) => { line.children[at].firstChild.textContent = text; });
        return line;
      }));
    };
    const filter = (text) => timed(() => {
      shown = rows.filter((row) => row.name.includes(text)).sort((a, b) => (up ? 1 : -1) * (a.name < b.name ? -1 : 1));
      draw();
    });
    return {
      empty: () => filter("nothing-has-this"),
      create: () => filter(""),
      replace: () => timed(() => { up = !up; shown.reverse(); draw(); }),
      select: (at) => timed(() => {
        body.querySelector(".sel")?.classList.remove("sel");
        body.children[at].classList.add("sel");
      }),
    };
  };
  window.measure = async (table, runs) => {
    const times = { create: [], replace: [], select: [] };
    for (let run = 0; run < runs; run += 1) {
      await table.empty();
      times.create.push(await table.create());
      times.replace.push(await table.replace());
      times.select.push(await table.select(run % 20));
    }
    return times;
  };
}

const demo = await startDemo({ simulator: true, pods: PODS, still: true });
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  const person = new Person(context, demo);
  const page = await person.tab();
  await page.addInitScript(timing);
  await page.reload();
  await person.signIn(page, "admin");
  await page.keyboard.type("pods");
  await page.keyboard.press("Enter");
  await page.locator("[role=grid] tbody tr").first().waitFor();
  // The filter has the keyboard; z would be typed into it.
  await page.getByRole("button", { name: "Maximise" }).click();
  await page.waitForFunction((least) => Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount")) >= least, PODS);
  const rows = (await demo.kube("GET", "/api/v1/pods")).items.map((pod) => ({
    name: pod.metadata.name,
    cells: [pod.metadata.name, pod.metadata.namespace, "Running", "1/1", "0", "3h", pod.spec.nodeName ?? "", pod.status.podIP ?? "", ""],
  }));
  const columns = await page.locator("[role=grid] tbody tr").first().locator("td").count();
  rows.forEach((row) => { row.cells.length = columns; row.cells = [...row.cells].map((text) => text ?? ""); });
  const times = await page.evaluate(async ([data, runs]) => {
    const table = ours();
    const mine = await measure(table, runs);
    const plain = await measure(vanilla(data, table.inSight()), runs);
    return { mine, plain, inSight: table.inSight() };
  }, [rows, RUNS]);
  const medians = (of) => Object.fromEntries(Object.entries(of).map(([what, list]) => [what, median(list)]));
  const [mine, plain] = [medians(times.mine), medians(times.plain)];
  const mean = (of) => Math.cbrt(of.create * of.replace * of.select);
  console.log(JSON.stringify({ ours_ms: mean(mine), vanilla_ms: mean(plain), mine, plain, in_sight: times.inSight, rows: rows.length, runs: RUNS }));
} finally {
  await browser.close();
  await demo.stop();
}

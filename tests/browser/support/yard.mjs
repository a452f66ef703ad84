// What a person does on the Yard, and where they look.

/** Types into Spotlight and waits until it has found something. */
export async function find(page, text) {
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Find anything" }).waitFor();
  await page.keyboard.type(text);
  await page.locator(".hit").first().waitFor();
}

export const krate = (page, title) => page.locator(".krate", { has: page.getByRole("heading", { name: title }) });

/** The window of a krate that shows a view now. */
export const windowOf = (page, title, view) => krate(page, title).locator(".win", { has: page.getByRole("tab", { name: view, selected: true }) });

/** Where something stands, and how large it is, in the world's own pixels. */
export const place = (locator) => locator.evaluate((element) => [element.style.left, element.style.top, element.style.width, element.style.height].join(" "));

/** Waits until a terminal shows this. */
export const shows = (terminal, text) => terminal.locator(".xterm-rows", { hasText: text }).waitFor();

/** Drags something by its middle, or by a place within it. */
export async function drag(page, locator, dx, dy, at = {}) {
  // Playwright hovers over what stands still: a krate that was just dropped still glides.
  await locator.hover(at.x === undefined ? {} : { position: at });
  const box = await locator.boundingBox();
  const [x, y] = [box.x + (at.x ?? box.width / 2), box.y + (at.y ?? box.height / 2)];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx / 2, y + dy / 2, { steps: 4 });
  await page.mouse.move(x + dx, y + dy, { steps: 4 });
  await page.mouse.up();
}

/** The names of a list's rows, sorted: those that are rendered, which are all of a list that is short. */
export const namesIn = (list) => list.locator(".rows .obj .cutname").evaluateAll((names) => names.map((name) => name.title).sort());

/** Asks until the answer is the one that is wanted; fails with the last one. */
export async function until(ask, wanted, within_ms = 20_000) {
  const deadline = Date.now() + within_ms;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`after ${within_ms} ms it is still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the camera rests: it stands where it stood for as long as a flight takes to begin. */
export async function atRest(page) {
  let [last, same] = ["", 0];
  await until(async () => {
    const now = await page.locator(".world").evaluate((world) => world.style.transform);
    same = now === last ? same + 1 : 0;
    last = now;
    return same;
  }, (same) => same >= 5);
}

/** Waits until something stands elsewhere, dropped. */
export const movedFrom = (page, locator, before) =>
  until(async () => [(await page.locator(".krate.lifted").count()) === 0, await place(locator)], ([dropped, now]) => dropped && now !== before);

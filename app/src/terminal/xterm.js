// What Rust cannot say: xterm is imported when the first shell opens, not with the page, and its mouse positions are freed from the canvas' zoom.

/** A terminal with its add-ons; the font is there before xterm measures it. */
export async function create(options) {
  const [{ Terminal }, { FitAddon }, { SearchAddon }, { WebLinksAddon }] = await Promise.all([
    import("xterm"), import("xterm-addon-fit"), import("@xterm/addon-search"), import("@xterm/addon-web-links"),
    document.fonts.load(`${options.fontSize}px ${options.fontFamily}`).catch(() => undefined),
  ]);
  const terminal = new Terminal(options);
  const [fit, search] = [new FitAddon(), new SearchAddon()];
  for (const addon of [fit, search, new WebLinksAddon()]) terminal.loadAddon(addon);
  return { terminal, fit, search };
}

/**
 * xterm 6.0 takes the pointer's place from getBoundingClientRect, which a CSS scale changes, and divides it by the size of a cell, which it does not change.
 * Call after `open`.
 */
export function unscale(terminal) {
  const mouse = terminal._core._mouseService;
  for (const name of ["getCoords", "getMouseReportCoords"]) {
    const original = mouse[name].bind(mouse);
    mouse[name] = (event, element, ...rest) => original(unscaled(event, element), element, ...rest);
  }
}

function unscaled(event, element) {
  const box = element.getBoundingClientRect();
  const scale = box.width / element.offsetWidth;
  if (!(scale > 0) || Math.abs(scale - 1) < 0.001) return event;
  return { clientX: box.left + (event.clientX - box.left) / scale, clientY: box.top + (event.clientY - box.top) / scale };
}

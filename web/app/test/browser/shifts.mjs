// What moves on its own while somebody looks at it: the browser's own count (Layout Instability), also of what follows a key
// or a click, which the usual sum leaves out.
export async function watchShifts(page) {
  await page.addInitScript(() => {
    globalThis.shifts = [];
    const nameOf = (node) => (node instanceof Element ? `${node.localName}.${[...node.classList].join(".")}` : String(node?.nodeName));
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) {
        globalThis.shifts.push({ value, what: sources.map(({ node, previousRect: from, currentRect: to }) =>
          `${nameOf(node)} ${from.x},${from.y} ${from.width}x${from.height} to ${to.x},${to.y} ${to.width}x${to.height}`) });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/** The sum since it was asked last, and what moved. */
export async function shiftsOf(page) {
  await page.waitForTimeout(300); // they are told a frame later
  const found = await page.evaluate(() => globalThis.shifts.splice(0));
  return { sum: found.reduce((sum, { value }) => sum + value, 0), what: found.map(({ value, what }) => `${value.toFixed(4)} ${what.join("; ")}`).join("\n") };
}

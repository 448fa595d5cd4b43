// The steps of a browser test: each in a fresh profile, counted, and failed by what its page complains of.
import { join } from "node:path";

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/**
 * Steps in browser. usual is what a profile has where a step does not say otherwise; folder keeps pictures of what failed; watch(page, complaints) adds what a page
 * may not do; forgiven says which errors on the console are none, of a step that may fail to load what it asks for or may not. ONLY names the steps that run.
 */
export function steps(browser, { usual, folder, watch, forgiven }) {
  let passed = 0, failed = 0;

  /** Runs one step, of another browser where one is named. mayFail: what does not load is meant. */
  async function step(name, { of = browser, mayFail, ...options }, work) {
    if (process.env.ONLY && !name.includes(process.env.ONLY)) return;
    const context = await of.newContext({ locale: "zh-CN", ...usual, ...options });
    const page = await context.newPage();
    const complaints = [];
    page.on("pageerror", (e) => complaints.push(`script: ${e.message}`));
    page.on("console", (m) => { if (m.type() === "error" && !forgiven(m.text(), mayFail)) complaints.push(`console: ${m.text()}`); });
    watch?.(page, complaints);
    try {
      await work(page, context);
      assert(complaints.length === 0, complaints.join("\n  "));
      passed++;
      console.log(`ok    ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n  ${error.message}`);
      if (folder) await page.screenshot({ path: join(folder, `failed-${passed + failed}.png`) }).catch(() => {});
    }
    // A page that leaves again and again lets nobody close it.
    const closed = await Promise.race([context.close().then(() => true), new Promise((late) => setTimeout(late, 20_000, false))]);
    if (!closed) console.log(`      ${name}: its page would not close`);
  }

  /** Says how it went, to who started it too. */
  async function end() {
    await browser.close();
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed === 0 ? 0 : 1);
  }

  return { step, end };
}

// Debian's Chromium, for the browser tests; CHROMIUM names another one.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** Starts it, with a graphics card in software; more are arguments of the command line. */
export function launch(...more) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    console.error(`Chromium is not at ${executablePath}: apt-get install chromium, or set CHROMIUM`);
    process.exit(2);
  }
  return chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
      "--disable-background-networking", "--disable-component-update", ...more],
  });
}

// A second wangge on a town's data, with settings that the first does not have.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const program = join(dirname(fileURLToPath(import.meta.url)), "../../wangge");

/** Runs work beside a second wangge on the data of a folder, with these settings; returns all that it wrote. */
export async function beside(data, settings, work) {
  const wangge = spawn(program, ["serve", "--data", data, "--addr", "127.0.0.1:0"],
    { env: { ...process.env, LOG_LEVEL: "debug", RATE_LIMIT: "0", ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const base = await new Promise((resolve, reject) => {
    for (const stream of [wangge.stdout, wangge.stderr]) stream.on("data", (text) => {
      said += text;
      const listening = said.match(/^listening on (\S+)$/m);
      if (listening) resolve(listening[1]);
    });
    wangge.on("exit", () => reject(new Error(`it did not start: ${said}`)));
  });
  try {
    await work(base);
  } finally {
    const gone = new Promise((resolve) => wangge.on("exit", resolve));
    wangge.kill("SIGTERM");
    await gone;
  }
  return said;
}

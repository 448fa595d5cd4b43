// Runs the graphql-http audit suite against the address given: `node run.mjs http://127.0.0.1:8080/graphql`.
// Prints one line for each audit that is not ok and a summary; exits 1 where one is an error or an unknown warning.
import { auditServer } from "graphql-http";

// Notices and warnings that are meant to be so, by audit id, each with its reason. None at present.
const known = {};

const url = process.argv[2];
if (!url) {
  console.error("usage: node run.mjs URL");
  process.exit(2);
}
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
let failed = false;
for (const result of await auditServer({ url })) {
  counts[result.status]++;
  if (result.status === "ok") continue;
  const reason = known[result.id];
  console.log(`${result.status} ${result.id} ${result.name}: ${reason ?? result.reason}`);
  failed ||= reason === undefined;
}
console.log(`${counts.ok} ok, ${counts.notice} notices, ${counts.warn} warnings, ${counts.error} errors`);
process.exit(failed ? 1 : 0);

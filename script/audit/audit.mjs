// Runs the public audit suite of graphql-http against a server: node audit.mjs http://127.0.0.1:8080/graphql
// Every requirement (MUST) and every recommendation (SHOULD) that is not met is printed. An error fails the run, and so
// does a warning that is not named below with its reason.
import { auditServer } from "graphql-http";

const accepted = new Map([
  // id of the audit: why it stands
]);

const url = process.argv[2];
if (!/^https?:\/\//.test(url ?? "")) {
  console.error("usage: node audit.mjs http://HOST:PORT/graphql");
  process.exit(2);
}
const results = await auditServer({ url, fetchFn: fetch });
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
let bad = 0;
for (const r of results) {
  counts[r.status]++;
  if (r.status === "ok") continue;
  const reason = accepted.get(r.id);
  if (r.status === "error" || (r.status === "warn" && !reason)) bad++;
  console.log(`${r.status.padEnd(6)} ${r.id} ${r.name}: ${reason ?? r.reason}`);
}
console.log(`graphql-http audit: ${counts.ok} passed, ${counts.error} errors, ${counts.warn} warnings, ${counts.notice} notices`);
process.exit(bad === 0 ? 0 : 1);

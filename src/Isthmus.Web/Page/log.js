// The log: what was edited, whether it is as it was written, and whether it comes out again.
import { byId, h, number, table } from "./dom.js";
import { attempt, get, post } from "./api.js";

let open = null;

export function start(openCase) {
  open = openCase;
}

export const show = attempt(async () => {
  const log = await get("/api/log");
  const verdict = h("p", { class: "verdict", id: "log-verdict" }, holds(log));
  byId("view-log").replaceChildren(
    h("h2", null, "Log of edits"), verdict,
    h("div", { class: "row" },
      h("button", { type: "button", id: "replay", class: "main", onclick: attempt(async () => { verdict.textContent = "computing every answer again…"; verdict.replaceChildren(replayed(await post("/api/log/replay", {}))); }) }, "Verify and replay"),
      h("a", { href: "/api/log/export", download: "edits.jsonl" }, "Export (.jsonl, can be verified)"),
      h("a", { href: "/api/log/export?format=csv", download: "edits.csv" }, "Export (.csv)")),
    log.head ? h("p", { class: "muted" }, "last hash, to be noted down elsewhere: ", h("code", { id: "head" }, log.head)) : "",
    table(["entry", "when, UTC", "who", "case", "edit", "before", "after", "comment"], log.log.map(e => [e.number, e.when.replace("T", " ").slice(0, 19), e.who,
      e.row === null ? "all" : e.data === null ? h("a", { href: `#case=${e.row}`, onclick: () => open(e.row) }, String(e.row)) : String(e.row),
      e.edit || "(all taken back)", said(e.before), said(e.after), [e.comment ?? "", e.suggested_by ? h("span", { class: "chip" }, `asked by ${e.suggested_by}`) : ""].filter(Boolean).length ? h("span", null, e.comment ?? "", " ", e.suggested_by ? h("span", { class: "chip" }, `asked by ${e.suggested_by}`) : "") : ""]), [0]));
});

const said = answer => answer.class ?? (answer.numbers ? (answer.numbers.length === 1 ? number(answer.numbers[0]) : `${answer.numbers.length} numbers`) : answer.numbers_sha256 ? "an image or many numbers" : "–");

const holds = log => log.entries === 0 && log.holds ? "No edits are logged."
  : log.holds ? `${log.entries} ${log.entries === 1 ? "entry" : "entries"}, each as it was written.`
  : h("span", { class: "wrong" }, "The log is not as it was written. ", log.faults.map(f => `${f.line ? `Line ${f.line}: ` : ""}${f.what}. `));

function replayed(answer) {
  const r = answer.replay;
  return h("span", null, holds(answer), " ", r.holds ? `${r.replayed} computed again on the run's weights: every answer the same to the last bit.`
    : h("span", { class: "wrong" }, `${r.different} did not come out as logged. `, r.differences.map(d => `Entry ${d.entry}: ${d.what}. `)));
}

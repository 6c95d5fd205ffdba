// Left: the cases, filtered.
import { byId, exact, h, number } from "./dom.js";
import { attempt, get } from "./api.js";

const pieces = 50;
let open = null, shown = 0, total = 0, current = null;

export function start(about, openCase) {
  open = openCase;
  if (about.groups) {
    byId("group-label").hidden = false;
    byId("group-label").firstChild.textContent = about.groups.name;
    byId("group").append(...about.groups.names.map(n => h("option", { value: n }, n)));
  }
  if (about.task !== "classification") {
    byId("filter").options[1].textContent = "largest errors first";
    byId("filter").options[2].remove();
  }
  byId("filters").addEventListener("submit", e => { e.preventDefault(); list(); });
  byId("filters").addEventListener("change", () => list());
  byId("more").addEventListener("click", () => list(shown));
  return list();
}

export const list = attempt(async (from = 0) => {
  const answer = await get("/api/cases", { filter: byId("filter").value, group: byId("group").value, subgroup: byId("subgroup").value, from, count: pieces });
  if (from === 0) byId("cases").replaceChildren();
  byId("cases").append(...answer.cases.map(item));
  [shown, total] = [from + answer.cases.length, answer.count];
  byId("count").textContent = total === 1 ? "1 case" : `${total} cases`;
  byId("more").hidden = shown >= total;
  return answer.cases[0]?.case.row;
});

function item({ case: c, edited }) {
  const verdict = c.right === null ? null : c.right ? h("span", { class: "right", title: "right" }, "✓") : h("span", { class: "wrong", title: "wrong" }, "✗");
  const says = c.prediction === null ? "" : typeof c.prediction === "string" ? c.prediction : Array.isArray(c.prediction) ? `${c.prediction.length} numbers` : number(c.prediction);
  const button = h("button", { type: "button", "data-row": c.row, "aria-current": c.row === current ? "true" : null, onclick: () => open(c.row) },
    h("span", null, c.name), h("span", { class: "muted" }, says, c.right === false ? ` (is ${c.label})` : c.prediction === null && c.label !== null ? c.label : "", edited ? " · edited" : ""),
    h("span", { class: "muted" }, c.confidence !== null ? exact(c.confidence, 3) : c.error !== null ? exact(c.error, 3) : "", " ", verdict, verdict && h("span", { class: "visually-hidden" }, c.right ? "right" : "wrong")));
  return h("li", null, button);
}

export function mark(row) {
  current = row;
  for (const button of byId("cases").querySelectorAll("button")) {
    if (Number(button.dataset.row) === row) {
      button.setAttribute("aria-current", "true");
      const list = byId("cases"); // moves the list, not the page
      if (button.offsetTop < list.scrollTop || button.offsetTop + button.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = button.offsetTop - list.clientHeight / 2;
    }
    else button.removeAttribute("aria-current");
  }
}

// The case after or before the open one, in the list's order.
export function step(by) {
  const buttons = [...byId("cases").querySelectorAll("button")];
  const at = buttons.findIndex(b => Number(b.dataset.row) === current);
  const next = buttons[Math.max(0, Math.min(buttons.length - 1, at + by))];
  if (next) open(Number(next.dataset.row));
}

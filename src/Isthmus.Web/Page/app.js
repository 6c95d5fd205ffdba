import { byId, number } from "./dom.js";
import { attempt, get } from "./api.js";
import * as cases from "./cases.js";
import * as oneCase from "./case.js";
import * as global from "./global.js";
import * as log from "./log.js";

const tabs = ["cases", "global", "log"];

function view(name) {
  for (const t of tabs) {
    const tab = byId(`tab-${t}`);
    tab.setAttribute("aria-selected", String(t === name));
    tab.tabIndex = t === name ? 0 : -1;
    byId(`view-${t}`).hidden = t !== name;
  }
  if (name === "global") global.show();
  if (name === "log") log.show();
}

function select(name) {
  view(name);
  history.replaceState(null, "", name === "cases" ? row() === null ? "#" : `#case=${row()}` : `#${name}`);
}

let opened = null;
const row = () => opened;

async function open(number) {
  opened = number;
  history.replaceState(null, "", `#case=${number}`);
  view("cases");
  await oneCase.show(number);
}

function listen() {
  for (const [i, name] of tabs.entries()) {
    const tab = byId(`tab-${name}`);
    tab.addEventListener("click", () => select(name));
    tab.addEventListener("keydown", e => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!by) return;
      const next = tabs[(i + by + tabs.length) % tabs.length];
      select(next);
      byId(`tab-${next}`).focus();
    });
  }
  addEventListener("hashchange", go);
}

const go = attempt(async () => {
  const wanted = location.hash.match(/^#case=(\d+)$/);
  if (wanted) await open(Number(wanted[1]));
  else if (tabs.includes(location.hash.slice(1))) view(location.hash.slice(1));
});

const begin = attempt(async () => {
  const about = await get("/api/run");
  document.title = `${about.name} – Isthmus`;
  byId("title").textContent = about.name;
  const quality = about.test?.accuracy != null ? `accuracy ${number(about.test.accuracy)}` : about.test?.rmse != null ? `RMSE ${number(about.test.rmse)}` : about.test?.mse != null ? `mean squared error ${number(about.test.mse)}` : "";
  const parts = [about.task, about.bottleneck, quality, `${about.rows} rows (${about.part}) of ${about.data.split(/[\\/]/).at(-1)}`, `model ${about.model_sha256.slice(0, 12)}`, ...about.notes];
  byId("about").textContent = parts.filter(Boolean).join(" · ");
  oneCase.start(about);
  log.start(open);
  listen();
  const first = await cases.start(about, open);
  if (/^#(case=\d+|global|log)$/.test(location.hash)) await go();
  else if (first !== undefined) await open(first);
});

begin();

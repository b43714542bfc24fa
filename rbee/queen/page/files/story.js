// What is narrated of the swarm and its jobs, live.

import { make } from "./dom.js";
import { ask, events } from "./queen.js";
import { clock, plain } from "./words.js";

const MOST = 200;
const lines = document.querySelector("#lines");

/**
 * Shows lines until the queen says that she goes, or is gone; true: she said so. `news` is called
 * at each of them.
 */
export async function tellStory(signal, news) {
  const stream = await ask("/events?jobs=true", { signal });
  // What was before is there to be read, and not to be read out.
  lines.setAttribute("aria-live", "off");
  lines.replaceChildren();
  const settled = setTimeout(() => lines.setAttribute("aria-live", "polite"), 1000);
  try {
    for await (const { name, data } of events(stream)) {
      if (name === "done") {
        return true;
      }
      if (name === "narration") {
        add(data);
        news();
      }
    }
    return false;
  } finally {
    clearTimeout(settled);
  }
}

function add(data) {
  let said;
  try {
    said = JSON.parse(data);
  } catch {
    return; // a hive passes on whatever its worker has said
  }
  const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  const at = Number(said.at_ms) || Date.now();
  lines.append(make("li", {},
    make("time", { datetime: new Date(at).toISOString() }, clock(at)), " ",
    make("b", {}, plain(said.actor)), " ",
    make("span", {}, plain(said.human))));
  while (lines.children.length > MOST) {
    lines.firstElementChild.remove();
  }
  if (isAtEnd) {
    lines.scrollTop = lines.scrollHeight;
  }
}

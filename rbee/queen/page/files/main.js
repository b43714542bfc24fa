// The page: signs in, looks at the swarm again and again, and says where that ends.

import { beginChat, offerModels } from "./chat.js";
import { Away, isKnown, read, secretOfLink, SignedOut, signIn, signOut, whenOthersSignIn } from "./queen.js";
import { tellStory } from "./story.js";
import { showDownloads, showMachines, showModels, showQueue, showWorkers } from "./swarm.js";
import { plain } from "./words.js";

// How long until the page looks again (milliseconds): while something is done, while nothing is, in
// a tab that nobody sees, and while nobody answers.
const BUSY = 1000, IDLE = 3000, HIDDEN = 15000, AWAY = 2000;
// What takes more of the machines is asked for less often.
const MACHINES = 4000, MODELS = 15000;
// How often a link is tried while nobody answers.
const TRIES = 5;

const state = document.querySelector("#state");
const asleep = document.querySelector("#asleep");
const known = { hives: [], live: new Map(), models: [], unreachable: [], names: [] };
let machinesAt = -Infinity, modelsAt = -Infinity, running = 0, over = "";
let timer = 0, story = null, looking = false, again = false;

const ASLEEP = "The queen is asleep, or cannot be reached. Type rbee-keeper up, or rbee-keeper open; "
  + "this page comes back by itself where it is still signed in.";

async function look() {
  clearTimeout(timer);
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  let next = IDLE;
  try {
    next = await lookOnce();
    show("live", "awake");
    listen();
  } catch (error) {
    next = away(error);
  } finally {
    looking = false;
  }
  if (next !== null) {
    timer = setTimeout(look, again ? 0 : document.hidden ? HIDDEN : next);
  }
  again = false;
}

async function lookOnce() {
  const now = performance.now();
  const [{ workers }, { jobs }, { operations }] = await Promise.all(
    [read("/workers"), read("/jobs"), read("/operations")]);
  const active = jobs.filter((job) => job.state === "running").length + operations.length;
  const ended = jobs.filter((job) => job.state !== "running").map((job) => job.job_id).join();
  // One that began and ended since the last look has changed no number.
  const hasEnded = active < running || ended !== over;
  running = active;
  over = ended;
  if (now - machinesAt > MACHINES) {
    machinesAt = now;
    const [{ hives }, devices] = await Promise.all([read("/hives"), read("/devices")]);
    known.hives = hives;
    known.live = new Map(devices.hives.map((each) => [each.hive_id, each.devices]));
  }
  if (hasEnded || now - modelsAt > MODELS) {
    modelsAt = now;
    const [models, names] = await Promise.all([read("/models"), read("/names")]);
    known.models = models.models;
    known.unreachable = models.unreachable;
    known.names = [names.default_model, ...names.names.map((each) => each.name)].filter(Boolean);
  }
  showMachines(known.hives, known.live, workers);
  showWorkers(workers);
  showQueue(jobs, workers);
  showDownloads(jobs, operations);
  showModels(known.models, known.unreachable, workers);
  offerModels([...known.names, ...[...workers, ...known.models].map((each) => each.model_ref)]);
  return active ? BUSY : IDLE;
}

/** Says why nothing is shown; how long until the next look, null: until somebody signs in. */
function away(error) {
  machinesAt = modelsAt = -Infinity;
  if (error instanceof SignedOut) {
    forget();
    show("out", "not signed in");
    return null;
  }
  show("asleep", error instanceof Away ? "asleep" : "in trouble");
  asleep.textContent = error instanceof Away ? ASLEEP : plain(error.message);
  return AWAY;
}

/** Nothing of the swarm stays on a page that nobody is signed in on. */
function forget() {
  story?.abort();
  for (const shown of document.querySelectorAll("#swarm .body, #lines, #turns, #known")) {
    shown.replaceChildren();
  }
  Object.assign(known, { hives: [], live: new Map(), models: [], unreachable: [], names: [] });
}

async function listen() {
  if (story) {
    return;
  }
  story = new AbortController();
  try {
    await tellStory(story.signal, soon);
  } catch {
    // Whatever it is: who looks next says so.
  } finally {
    story = null;
    soon();
  }
}

/** Looks in a moment, however much is said until then. */
let isSoon = false;
function soon() {
  if (!isSoon && state.dataset.state === "live") {
    isSoon = true;
    setTimeout(() => {
      isSoon = false;
      look();
    }, 300);
  }
}

function show(what, text) {
  if (state.dataset.state !== what || state.textContent !== text) {
    state.dataset.state = what;
    state.textContent = text;
  }
  const isOut = what === "out";
  document.querySelector("#out").hidden = !isOut;
  document.querySelector("#swarm").hidden = isOut;
  document.querySelector("#swarm").inert = what === "asleep";
  document.querySelector("#nav").hidden = isOut;
  document.querySelector("#leave").hidden = isOut;
  asleep.hidden = what !== "asleep";
}

async function enter() {
  const secret = secretOfLink();
  const why = document.querySelector("#why");
  why.hidden = true;
  for (let tries = secret ? TRIES : 0; tries > 0; tries -= 1) {
    try {
      if (await signIn(secret)) {
        // A document remembers how it was opened; the next one knows nothing of the link.
        location.replace(location.pathname);
        return;
      }
      break;
    } catch (error) {
      why.textContent = plain(error instanceof Away ? ASLEEP : error.message);
      why.hidden = false;
      if (!(error instanceof Away)) {
        break;
      }
      await new Promise((then) => setTimeout(then, AWAY));
    }
  }
  if (isKnown()) {
    look();
  }
}

beginChat((error) => {
  if (error instanceof SignedOut) {
    away(error);
  }
});
whenOthersSignIn(() => look());
addEventListener("hashchange", () => {
  if (new URLSearchParams(location.hash.slice(1)).has("link")) {
    enter();
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && state.dataset.state !== "out") {
    look();
  }
});
document.querySelector("#leave").addEventListener("click", async () => {
  clearTimeout(timer);
  try {
    await signOut();
  } catch {
    // The token is forgotten in any case.
  }
  away(new SignedOut());
});
enter();

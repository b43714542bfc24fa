// Machines, workers, jobs, downloads and models as tables. Each function makes what it shows anew.

import { badge, bar, body, make, nothing, showIn, table } from "./dom.js";
import { age, duration, share, size } from "./words.js";

const GIB = 2 ** 30;
const JOBS_SHOWN = 10;
const STATES = {
  ready: "good", busy: "busy", running: "busy", loading: "busy", online: "good", waking: "busy",
  done: "", cancelled: "", failed: "bad", offline: "off", stopping: "off",
};

/** Machines with their devices. `live` is what hives tell now, by their ids. */
export function showMachines(hives, live, workers) {
  if (!hives.length) {
    showIn("machines", nothing("No machine yet. rbee-keeper add-hive localhost adds this one."));
    return;
  }
  const columns = ["Device", "Memory", "Load", "Holds"];
  showIn("machines", table("Machines and their devices", columns, hives.map((hive) => {
    const now = live.get(hive.hive_id);
    const devices = now ?? hive.devices;
    const heading = [
      make("span", { class: "name" }, hive.hive_id),
      badge(hive.status === "online" ? "awake" : hive.status === "offline" ? "asleep" : hive.status,
        STATES[hive.status]),
      hive.host === hive.hive_id ? null : make("span", { class: "hint" }, hive.host),
    ];
    const held = heldOn(hive.hive_id, workers);
    const rows = devices === null ? [] : [
      deviceRow("cpu", devices.cpu.name, `${devices.cpu.cores} cores`, devices.cpu.ram_gb,
        devices.cpu.ram_free_gb, devices.cpu.load, now, held),
      ...devices.gpus.map((gpu) => deviceRow(gpu.id, gpu.name, gpu.simulated ? "simulated" : gpu.backend,
        gpu.vram_gb, gpu.vram_free_gb, gpu.load, now, held)),
    ];
    const degraded = new Map(hive.degraded.map((each) => [each.device, each]));
    for (const row of rows) {
      const known = degraded.get(row.device);
      if (known) {
        row.cells[0].push(badge("degraded", "bad"), make("span", { class: "hint" },
          `${known.model_ref}: ${known.why}`));
      }
    }
    return body(columns, rows.map((row) => row.cells), heading);
  })));
}

function deviceRow(device, name, kind, totalGb, freeGb, load, isLive, held) {
  const total = totalGb * GIB;
  const here = held.get(device) ?? [];
  const ours = here.reduce((sum, each) => sum + each.bytes, 0);
  // What is simulated is never taken.
  const taken = Math.max(0, total - (freeGb ?? 0) * GIB, kind === "simulated" ? ours : 0);
  const used = isLive ? taken : null;
  const memory = [make("span", { class: "nowrap" }, used === null
    ? `${totalGb.toFixed(1)} GB` : `${(used / GIB).toFixed(1)} of ${totalGb.toFixed(1)} GB`)];
  if (used !== null && total > 0) {
    memory.push(fill(total, Math.min(ours, total), Math.max(0, Math.min(used, total) - ours)));
  }
  return {
    device,
    cells: [
      [make("span", { class: "name" }, device), make("span", { class: "hint" }, `${name}, ${kind}`)],
      memory,
      typeof load === "number" && isLive ? [share(load), bar(load, 1, `load of ${device}`)] : "",
      here.length ? here.map((each) => make("span", { class: "line" },
        `${each.model} (${size(each.bytes)})`)) : "",
    ],
  };
}

/** What workers were promised of the memory of a machine's devices, by device. */
function heldOn(hiveId, workers) {
  const held = new Map();
  const add = (device, model, bytes) => {
    held.set(device, [...(held.get(device) ?? []), { model, bytes }]);
  };
  for (const worker of workers) {
    if (worker.parts?.length) {
      for (const part of worker.parts.filter((each) => each.hive_id === hiveId)) {
        add(part.device, worker.model_ref, part.bytes);
      }
    } else if (worker.hive_id === hiveId && worker.vram_bytes) {
      add(worker.device, worker.model_ref, worker.vram_bytes);
    }
  }
  return held;
}

/** A bar of memory: what workers hold, what others do, what is free. */
function fill(total, ours, others) {
  const part = (bytes, kind) => {
    const made = make("span", { class: kind });
    made.style.inlineSize = `${(100 * bytes) / total}%`;
    return made;
  };
  return make("span", { class: "fill", "aria-hidden": "true" }, part(ours, "ours"), part(others, "others"));
}

/** The workers, with what their slots do. */
export function showWorkers(workers) {
  if (!workers.length) {
    showIn("workers", nothing("No worker runs: the next prompt starts one."));
    return;
  }
  const columns = ["Model", "Where", "State", "Slots free", "Context", "Tokens/s", "Memory", "Unloads"];
  showIn("workers", table("Workers", columns, body(columns, workers.map((worker) => [
    [make("span", { class: "name" }, worker.names?.length && !worker.names.includes(worker.model_ref)
      ? worker.names[0] : worker.model_ref), make("span", { class: "hint" }, worker.worker_id)],
    `${worker.hive_id}, ${worker.device}`,
    [badge(worker.state, STATES[worker.state])],
    `${worker.slots_free} of ${worker.slots}`,
    worker.context ? String(worker.context) : "",
    worker.tokens_per_second ? worker.tokens_per_second.toFixed(1) : "",
    worker.vram_bytes ? size(worker.vram_bytes) : "",
    worker.kept ? "never" : worker.unloads_at_ms
      ? `in ${duration((worker.unloads_at_ms - Date.now()) / 1000)}` : "",
  ]))));
}

/** The jobs that run or wait, and the newest of the others. */
export function showQueue(jobs, workers) {
  const running = jobs.filter((job) => job.state === "running");
  const over = jobs.filter((job) => job.state !== "running");
  const shown = [...running, ...over.slice(0, Math.max(0, JOBS_SHOWN - running.length))];
  if (!shown.length) {
    showIn("queue", nothing("Nobody has asked for anything yet."));
    return;
  }
  const columns = ["Model", "State", "Where", "Tokens", "Tokens/s", "Age"];
  showIn("queue", table("Jobs that run or wait, and the newest of the others", columns,
    body(columns, shown.map((job) => [
      [make("span", { class: "name" }, job.model_ref), make("span", { class: "hint" }, job.job_id)],
      stateOf(job, workers),
      job.hive_id ? `${job.hive_id}${job.device ? `, ${job.device}` : ""}` : "",
      job.tokens_out ? String(job.tokens_out) : "",
      job.tokens_per_second ? job.tokens_per_second.toFixed(1) : "",
      age(job.created_at_ms),
    ]))));
}

const DOING = { download: "downloads", load: "loads", prompt: "reads the prompt" };

function stateOf(job, workers) {
  if (job.place !== null) {
    return [badge(`waits, place ${job.place}`, "busy")];
  }
  const how = job.progress;
  if (job.state === "running" && how?.total) {
    const doing = DOING[how.what] ?? how.what;
    return [badge(doing, "busy"), bar(how.done, how.total, `${doing}: ${share(how.done / how.total)}`),
      make("span", { class: "hint" }, share(how.done / how.total))];
  }
  const loads = (worker) => worker.state === "loading"
    && (worker.names ?? [worker.model_ref]).includes(job.model_ref);
  if (job.state === "running" && !job.tokens_out && workers.some(loads)) {
    return [badge("model loads", "busy")];
  }
  return [badge(job.state, STATES[job.state])];
}

/** What is fetched, by jobs and operations; several that wait for the same stand there once. */
export function showDownloads(jobs, operations) {
  const found = new Map();
  const add = (model, hiveId, how) => {
    if (how?.what === "download") {
      found.set(`${model} ${how.total}`, { model, hiveId, how });
    }
  };
  for (const job of jobs.filter((each) => each.state === "running")) {
    add(job.model_ref, job.hive_id, job.progress);
  }
  for (const operation of operations) {
    add(operation.what, operation.hive_id, operation.progress);
  }
  if (!found.size) {
    showIn("downloads", nothing("Nothing is being fetched."));
    return;
  }
  const columns = ["Model", "Machine", "Progress", "Rate", "Left"];
  showIn("downloads", table("Downloads", columns, body(columns, [...found.values()].map(
    ({ model, hiveId, how }) => [
      [make("span", { class: "name" }, model)],
      hiveId ?? "",
      [make("span", { class: "nowrap" }, how.total
        ? `${size(how.done)} of ${size(how.total)}` : size(how.done)), bar(how.done, how.total, `download of ${model}`)],
      how.rate ? `${size(how.rate)}/s` : "",
      how.rate && how.total ? duration((how.total - how.done) / how.rate) : "",
    ]))));
}

/** The models on the machines that are awake, and those that do not tell. */
export function showModels(models, unreachable, workers) {
  const made = unreachable.map((each) => make("p", { class: "hint" },
    `${each.hive_id} does not answer: ${each.why}`));
  if (!models.length) {
    showIn("models", nothing("No model yet. A chat, or rbee-keeper pull, fetches one."), made);
    return;
  }
  const loaded = new Set(workers.flatMap((worker) => (worker.names ?? [worker.model_ref]).map(
    (name) => `${worker.hive_id} ${name}`)));
  const columns = ["Model", "Machine", "Size", "Quantisation", "State"];
  showIn("models", table("Models and where they are", columns, body(columns, models.map((model) => [
    [make("span", { class: "name" }, model.model_ref)],
    model.hive_id,
    size(model.size_bytes),
    model.quant ?? "",
    [loaded.has(`${model.hive_id} ${model.model_ref}`) ? badge("loaded", "good") : badge(model.status)],
  ]))), made);
}

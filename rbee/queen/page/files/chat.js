// A small chat: each message is answered by a model that knows what was said before.

import { make } from "./dom.js";
import { ask, events } from "./queen.js";
import { plain } from "./words.js";

const turns = document.querySelector("#turns");
const form = document.querySelector("#ask");
const model = document.querySelector("#model");
const message = document.querySelector("#message");
const send = document.querySelector("#send");
const stop = document.querySelector("#stop");
const beginning = turns.firstElementChild;

let said = [];
let answering = null;

/** Offers models by name; the first is asked where none is typed. */
export function offerModels(names) {
  const known = document.querySelector("#known");
  const fresh = [...new Set(names)].map((name) => make("option", { value: name }));
  if (fresh.length !== known.children.length || fresh.some((each, at) => !each.isEqualNode(known.children[at]))) {
    known.replaceChildren(...fresh);
  }
  model.placeholder = plain(names[0] ?? "minillama");
}

/** Has the form do what it says. `failed` hears what no answer came for. */
export function beginChat(failed) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(failed);
  });
  message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  stop.addEventListener("click", () => answering?.abort());
  document.querySelector("#anew").addEventListener("click", () => {
    answering?.abort();
    said = [];
    turns.replaceChildren(beginning);
    message.focus();
  });
}

async function answer(failed) {
  const text = message.value.trim();
  if (!text || answering) {
    return;
  }
  const history = said;
  const asked = { role: "user", content: text };
  message.value = "";
  add("you", text);
  const shown = add("answer", "");
  answering = new AbortController();
  setBusy(true);
  let told = "";
  try {
    const stream = await ask("/v1/chat/completions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      signal: answering.signal,
      body: JSON.stringify({
        model: model.value.trim() || model.placeholder,
        messages: [...history, asked],
        stream: true,
      }),
    });
    for await (const { data } of events(stream)) {
      told += piece(data, shown);
    }
    if (!told) {
      shown.note.textContent = "The answer is empty.";
    }
  } catch (error) {
    if (error.name === "AbortError") {
      shown.note.textContent = "Stopped.";
    } else {
      shown.note.textContent = plain(error.message);
      shown.turn.classList.add("failed");
      failed(error);
    }
  } finally {
    // What was said since belongs to another chat.
    if (said === history && told) {
      said = [...history, asked, { role: "assistant", content: told }];
    }
    answering = null;
    setBusy(false);
  }
}

function piece(data, shown) {
  if (data === "[DONE]") {
    return "";
  }
  const told = JSON.parse(data);
  if (told.error) {
    throw new Error(told.error.message);
  }
  const delta = told.choices?.[0]?.delta ?? {};
  const isAtEnd = turns.scrollHeight - turns.scrollTop - turns.clientHeight < 40;
  if (delta.reasoning_content) {
    shown.thought.hidden = false;
    shown.thought.lastElementChild.append(delta.reasoning_content);
  }
  if (delta.content) {
    // Models begin with a space, or a line.
    shown.text.append(shown.text.textContent ? delta.content : delta.content.trimStart());
  }
  if (isAtEnd) {
    turns.scrollTop = turns.scrollHeight;
  }
  return delta.content ?? "";
}

function add(who, text) {
  beginning.remove();
  const thought = make("details", { class: "thought" }, make("summary", {}, "Thought"), make("p"));
  thought.hidden = true;
  const shown = {
    thought,
    text: make("p", { class: "text" }),
    note: make("p", { class: "note", role: "status" }),
  };
  shown.text.textContent = text;
  shown.turn = make("article", { class: `turn ${who}`, "aria-label": who === "you" ? "You" : "Answer" },
    make("h3", {}, who === "you" ? "You" : plain(model.value.trim() || model.placeholder)),
    shown.thought, shown.text, shown.note);
  turns.append(shown.turn);
  turns.scrollTop = turns.scrollHeight;
  return shown;
}

function setBusy(isBusy) {
  // A screen reader reads an answer once it is whole.
  turns.setAttribute("aria-busy", String(isBusy));
  send.disabled = isBusy;
  stop.disabled = !isBusy;
}

// A program with the clients of openai, anthropic and ollama for JavaScript. It is asked, and
// answers, as `asking.serve` says; the scenarios one after the other, each with clients of its own.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { HOME_OF_CLIENTS } = process.env;
const from = createRequire(`${HOME_OF_CLIENTS}/`);
const { OpenAI } = from("openai");
const { Anthropic } = from("@anthropic-ai/sdk");
const { Ollama } = from("ollama");

const OVER = "over";
const NOTHING = "nothing";
const ENDLESS = "HF:author/endless-llama";
const CALLER = "author/caller-llama";
const HELLO = [{ role: "user", content: "hello" }];
const CITY = { type: "object", properties: { city: { enum: ["Rome", "Paris"] } }, required: ["city"] };
const WEATHER = { name: "weather", description: "The weather of a city.", parameters: CITY };
const TOOLS = [{ type: "function", function: WEATHER }];

/** The clients as somebody makes them who has typed what `rbee-keeper up --print-env` prints. */
function clients({ OPENAI_BASE_URL, OPENAI_API_KEY, ANTHROPIC_BASE_URL, OLLAMA_HOST }) {
  const apiKey = OPENAI_API_KEY;
  return {
    openai: new OpenAI({ baseURL: OPENAI_BASE_URL, apiKey, maxRetries: 0 }),
    nobody: new OpenAI({ baseURL: OPENAI_BASE_URL, apiKey: "nobody's", maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: ANTHROPIC_BASE_URL, apiKey, maxRetries: 0 }),
    ollama: new Ollama({ host: OLLAMA_HOST, headers: { Authorization: `Bearer ${apiKey}` } }),
  };
}

const chat = (more) => ({ model: "minillama", messages: HELLO, temperature: 0, ...more });
const short = (more) => ({ max_tokens: 100, ...chat(more) });
const plain = (more) => ({ model: "minillama", messages: HELLO, options: { temperature: 0 }, ...more });

/** All that is said in a stream, of which `text` tells what a piece says. */
async function said(stream, text) {
  const pieces = [];
  for await (const piece of await stream) pieces.push(text(piece) ?? "");
  if (pieces.length <= 5) throw new Error(`only ${pieces.length} pieces`);
  return pieces.join("").trim();
}

/** Reads five pieces and leaves. */
async function left(stream, leave) {
  let pieces = 0;
  const reading = await stream;
  for await (const _ of reading) {
    pieces += 1;
    if (pieces === 5) {
      leave(reading);
      break;
    }
  }
  return `${pieces} pieces`;
}

const weather = { ...WEATHER, parse: JSON.parse, function: ({ city }) => `fine in ${city}` };

const ASKED = {
  "an answer": async ({ openai }) =>
    (await openai.chat.completions.create(chat())).choices[0].message.content.trim(),
  "an answer in pieces": ({ openai }) =>
    said(openai.chat.completions.create(chat({ stream: true })), (p) => p.choices[0]?.delta.content),
  "an answer of responses": async ({ openai }) =>
    (await openai.responses.create({ model: "minillama", input: "hello", temperature: 0 }))
      .output_text.trim(),
  "the same in pieces": ({ openai }) =>
    said(
      openai.responses.create({ model: "minillama", input: "hello", temperature: 0, stream: true }),
      (event) => (event.type === "response.output_text.delta" ? event.delta : ""),
    ),
  "what a model says of its call": async ({ openai }) =>
    openai.chat.completions
      .runTools(chat({ model: CALLER, tools: [{ type: "function", function: weather }] }))
      .finalContent(),
  "the same, in pieces": async ({ openai }) =>
    openai.chat.completions
      .runTools(chat({ model: CALLER, stream: true, tools: [{ type: "function", function: weather }] }))
      .finalContent(),
  "an answer, with another key": ({ nobody }) => nobody.chat.completions.create(chat()),
  "an answer of a model of somebody else": ({ openai }) =>
    openai.chat.completions.create(chat({ model: "gpt-4o" })),
  "an endless answer, which it leaves": ({ openai }) =>
    left(openai.chat.completions.create(chat({ model: ENDLESS, stream: true })), (reading) =>
      reading.controller.abort(),
    ),

  "an answer of messages": async ({ anthropic }) =>
    (await anthropic.messages.create(short())).content[0].text.trim(),
  "an answer of messages in pieces": ({ anthropic }) =>
    said(anthropic.messages.create(short({ stream: true })), (event) => event.delta?.text),
  "a call of messages, in pieces": async ({ anthropic }) => {
    const tools = [{ name: "weather", input_schema: CITY }];
    const asked = anthropic.messages.stream(short({ model: CALLER, tools }));
    const [call] = (await asked.finalMessage()).content.filter((each) => each.type === "tool_use");
    return `${call.name} of ${call.input.city}`;
  },
  "the count of its tokens": async ({ anthropic }) =>
    `${(await anthropic.messages.countTokens({ model: "minillama", messages: HELLO })).input_tokens} read`,

  "an answer of ollama's": async ({ ollama }) =>
    (await ollama.chat(plain())).message.content.trim(),
  "an answer of ollama's in pieces": ({ ollama }) =>
    said(ollama.chat(plain({ stream: true })), (piece) => piece.message.content),
  "a call of ollama's": async ({ ollama }) => {
    const { message } = await ollama.chat(plain({ model: CALLER, tools: TOOLS }));
    const [call] = message.tool_calls;
    return `${call.function.name} of ${call.function.arguments.city}`;
  },
  "an endless answer of ollama's, which it leaves": ({ ollama }) =>
    left(ollama.chat(plain({ model: ENDLESS, stream: true })), (reading) => reading.abort()),
};

let made;
for await (const line of createInterface({ input: process.stdin })) {
  if (made === undefined) {
    made = clients(JSON.parse(line));
    continue;
  }
  const [number, name] = line.split("\t");
  let got = "";
  if (name === OVER) {
    made = undefined;
  } else {
    try {
      got = await ASKED[name](made);
    } catch (error) {
      console.error(name, error);
      got = NOTHING;
    }
  }
  process.stdout.write(`${got}\t${number}\n`);
}

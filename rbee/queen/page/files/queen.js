// What the page asks of its queen, as somebody who is signed in.

const KEPT_AS = "rbee-page";
const TOKEN_HEADER = "X-Rbee-Page";
// How long something to look at may take (milliseconds): longer than any machine is waited for.
const PATIENCE = 30000;

/** Nobody is signed in here, or not any more. */
export class SignedOut extends Error {}
/** Nobody answers. */
export class Away extends Error {}
/** She has refused something; the message says what to do next. */
export class Refused extends Error {}

// The cookie is sent to every server of the same host. The token is kept for this origin alone.
let token = stored();

function stored() {
  try {
    return localStorage.getItem(KEPT_AS) || "";
  } catch {
    return "";
  }
}

/** Keeps the token of a session for this origin. */
export function keep(given) {
  token = given;
  try {
    if (given) {
      localStorage.setItem(KEPT_AS, given);
    } else {
      localStorage.removeItem(KEPT_AS);
    }
  } catch {
    // Kept until this page is closed.
  }
}

/** Whether somebody has signed in here before. */
export function isKnown() {
  return token !== "";
}

/** Calls `then` when another tab of this browser has signed in, or out. */
export function whenOthersSignIn(then) {
  addEventListener("storage", (event) => {
    if (event.key === KEPT_AS) {
      token = stored();
      then();
    }
  });
}

/** Takes the secret of a link out of the address, before anything else; "" where there is none. */
export function secretOfLink() {
  const secret = new URLSearchParams(location.hash.slice(1)).get("link") || "";
  if (secret) {
    history.replaceState(null, "", location.pathname);
  }
  return secret;
}

/**
 * Changes the secret of a link for a session; whether the next document knows of it, too. Throws
 * SignedOut where it is worth nothing.
 */
export async function signIn(secret) {
  const answer = await ask("/page/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ secret }),
  });
  keep((await answer.json()).token);
  return stored() === token;
}

/** Ends the session. */
export async function signOut() {
  try {
    await ask("/page/session", { method: "DELETE" });
  } finally {
    keep("");
  }
}

/** The JSON that she answers with. Throws Away where it does not come in time. */
export async function read(path) {
  const answer = await ask(path, { signal: AbortSignal.timeout(PATIENCE) });
  try {
    return await answer.json();
  } catch (error) {
    throw new Away(error.message);
  }
}

/** Her answer, where that is none of an error. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      ...options,
      headers: { ...options.headers, [TOKEN_HEADER]: token },
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
    });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Away(error.message);
  }
  if (answer.ok) {
    return answer;
  }
  const { code, message } = await why(answer);
  throw answer.status === 401 || code === "foreign_page" ? new SignedOut(message) : new Refused(message);
}

async function why(answer) {
  try {
    const { error } = await answer.json();
    const next = error.suggestion || "";
    return { code: error.code, message: next ? `${error.message}: ${next}` : error.message };
  } catch {
    return { code: "", message: `the queen answers ${answer.status}` };
  }
}

/** The events of a stream, as { name, data }. Throws Away where it breaks off. */
export async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      rest += value;
      const frames = rest.split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const event = { name: "message", data: "" };
        for (const line of frame.split("\n")) {
          const colon = line.indexOf(":");
          const field = line.slice(0, colon);
          const text = line.slice(colon + 1).replace(/^ /, "");
          if (field === "event") {
            event.name = text;
          } else if (field === "data") {
            event.data += text;
          }
        }
        if (event.data) {
          yield event;
        }
      }
    }
  } catch (error) {
    throw error.name === "AbortError" ? error : new Away(error.message);
  } finally {
    reader.cancel().catch(() => {});
  }
}

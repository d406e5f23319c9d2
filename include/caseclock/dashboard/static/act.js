// What a person does about an alert: sends the form as JSON, says what came of it, and brings the page up to date around it.
// The answer is put into one status region and gets the focus, so that it is heard; the page is not loaded anew, which would take it away.
"use strict";

const WORDS = {
  401: "Not done: you are not signed in any more. Open this page again, sign in, and do it once more.",
  403: "Not done: you may not act on alerts, or the request did not come from this page.",
  404: "Not done: this alert is not there any more, or it is not among those that you may see.",
  503: "Not done: the pages are busy. Wait a few seconds and press again.",
  500: "It is not known whether it was done: something went wrong on the server. Press again; what was done already is not done twice.",
};
const LOST = "No answer came, so it is not known whether it was done. Check the network and press again; what was done already is not done twice.";
const PATIENCE = 40000; // milliseconds; the store lets a writer wait for 30 seconds
const said = document.getElementById("said");

function say(words, bad, link) {
  said.textContent = words;
  said.classList.toggle("red", bad);
  said.dataset.outcome = bad ? "refused" : "done";
  if (link) {
    const way = document.createElement("a");
    way.href = location.pathname + location.search;
    way.textContent = link;
    said.append(" ", way);
  }
  said.focus();
}

function body(form) {
  const given = Object.fromEntries(new FormData(form));
  return JSON.stringify({ once: given.once, until: given.until || null, reason: given.reason || "" });
}

async function send(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: body(form),
    credentials: "same-origin",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  let told = {};
  try { told = await answer.json(); } catch { told = {}; }
  return { status: answer.status, ok: answer.ok && typeof told.said === "string", told };
}

function whyNot(status, told) {
  if (typeof told.error === "string" && (status === 400 || status === 403)) return told.error;
  return WORDS[status] || (status >= 500 ? WORDS[500] : "Not done: the server did not take it (" + status + ").");
}

// Facts, forms and lists as they are now, from the server; words and focus stay where they are.
async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error("no page");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.querySelector('[data-live="' + part.dataset.live + '"]');
    if (now) part.replaceChildren(...document.adoptNode(now).childNodes);
  }
  document.title = fresh.title;
  open();
}

async function act(event) {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  const buttons = [...document.querySelectorAll("form[data-act] button")];
  if (buttons.some((button) => button.disabled)) return;
  buttons.forEach((button) => { button.disabled = true; });
  said.textContent = "Being done …";
  try {
    const { status, ok, told } = await send(form);
    if (!ok) {
      say(whyNot(status, told), true);
      return;
    }
    say(told.said, false);
    try { await refresh(); } catch { say(told.said, false, "Show the page as it is now"); }
  } catch {
    say(LOST, true);
  } finally {
    document.querySelectorAll("form[data-act] button").forEach((button) => { button.disabled = false; });
  }
}

function open() {
  document.querySelectorAll("[data-acts]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-no-acts]").forEach((part) => { part.hidden = true; });
}

document.addEventListener("submit", act);
open();

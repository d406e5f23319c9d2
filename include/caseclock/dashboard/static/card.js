/* The Backlog on Airflow's home page: what card.json says, in words. Airflow loads this module and draws `AirflowPlugin` with its own React.
   It takes Airflow's colours: text is the page's, and a tone is a bar beside its words, seen on light and dark ground. */
const { createElement: h, useEffect, useState } = globalThis.React;
const FACTS = new URL("../card.json", import.meta.url);
const AGAIN = 5 * 60 * 1000; // milliseconds: a home page may stay open all day
const BARS = { red: "#d03b3b", amber: "#b7791f", green: "#2f855a" }; // 3:1 on Airflow's white and on its black
const LINE = "1px solid color-mix(in srgb, currentColor 25%, transparent)";
const OTHERWISE = {
  401: "You are signed out. Sign in to Airflow again to see the Backlog.",
  403: "The Backlog is not shown to your role: it needs the right to read the Dag monitor_extract.",
  404: "No extract has come yet.",
};

async function asked() {
  try {
    const answer = await fetch(FACTS, { headers: { accept: "application/json" }, credentials: "same-origin" });
    if (answer.ok) return { card: await answer.json() };
    return { words: OTHERWISE[answer.status] ?? "The Backlog cannot be read at the moment.", again: !(answer.status in OTHERWISE) };
  } catch {
    return { words: "The Backlog cannot be reached at the moment.", again: true };
  }
}

const bar = (tone) => ({ borderInlineStart: `4px solid ${BARS[tone] ?? "currentColor"}`, paddingInlineStart: "0.6rem" });

function Figure({ label, value, tone }) {
  return h("li", { style: { ...bar(tone), listStyle: "none" } },
    h("span", { style: { display: "block", fontSize: "1.5rem", fontWeight: 700, lineHeight: 1.2 } }, String(value)),
    h("span", { style: { display: "block", fontSize: "0.9rem" } }, label));
}

function Alerts({ red, amber }) {
  const words = red + amber === 0 ? "No open alert." : `Open alerts: ${red} red, ${amber} amber.`;
  return h("p", { style: { ...bar(red ? "red" : amber ? "amber" : "green"), margin: "0.75rem 0 0" } }, words);
}

function Facts({ card }) {
  return h("div", null,
    h("p", { style: { fontWeight: 700, margin: "0 0 0.5rem" } }, card.finding),
    card.figures.length > 0 && h("ul", {
      "aria-label": "Figures of the Backlog",
      style: { display: "grid", gap: "0.75rem", gridTemplateColumns: "repeat(auto-fit, minmax(10rem, 1fr))", margin: 0, padding: 0 },
    }, card.figures.map((figure) => h(Figure, { key: figure.label, ...figure }))),
    h(Alerts, card.alerts),
    h("p", { style: { fontSize: "0.9rem", margin: "0.75rem 0 0", ...(card.tone ? bar(card.tone) : {}) } }, card.trust));
}

function Card() {
  const [state, setState] = useState(null);
  useEffect(() => {
    let here = true;
    const look = () => asked().then((found) => { if (here) setState(found); });
    look();
    const timer = setInterval(look, AGAIN);
    return () => { here = false; clearInterval(timer); };
  }, []);
  const link = { color: "inherit", textDecoration: "underline", display: "inline-block", minHeight: "24px", padding: "2px 0" };
  const retry = () => { setState(null); asked().then(setState); };
  return h("section", {
    "aria-labelledby": "caseclock-card",
    "aria-busy": state === null,
    style: { border: LINE, borderRadius: "6px", color: "inherit", margin: "0.5rem 0", padding: "0.9rem 1rem" },
  },
  h("h2", { id: "caseclock-card", style: { fontSize: "1.1rem", fontWeight: 700, margin: "0 0 0.5rem" } }, "Backlog"),
  state === null && h("p", { role: "status" }, "Asking for the Backlog …"),
  state?.card && h(Facts, { card: state.card }),
  state?.words && h("p", { role: "status" }, state.words),
  state?.again && h("button", { type: "button", onClick: retry, style: link }, "Try again"),
  state?.card && h("p", { style: { margin: "0.5rem 0 0" } },
    h("a", { href: new URL("plugin/backlog", document.baseURI).href, style: link }, "Open the Backlog")));
}

globalThis.AirflowPlugin = Card;

// Shows the reference. The samples get the address that the browser has open, unless the deployment has set PUBLIC_URL.

const { viewer, document: source } = document.body.dataset;
const absolute = (address) => new URL(address, document.baseURI).href;
const here = absolute(".").replace(/\/$/, "");

const [{ init }, text] = await Promise.all([
  import(absolute(viewer)),
  fetch(absolute(source)).then((response) => response.text()),
]);
const root = document.getElementById("reference");
new MutationObserver(() => {
  if (root.querySelector("h1, h2")) {
    document.getElementById("waiting")?.remove();
  }
  // With the keyboard, too: code that is wider than the page scrolls, and the search opens.
  root.querySelectorAll("pre:not([tabindex])").forEach((code) => (code.tabIndex = 0));
  root.querySelectorAll("[data-testid=search-trigger]:not([tabindex])").forEach((search) => {
    search.tabIndex = 0;
    search.setAttribute("role", "button");
    search.addEventListener("keydown", (event) => event.key === "Enter" && search.click());
  });
}).observe(root, { childList: true, subtree: true });
const shown = JSON.parse(text.replaceAll("https://accounts.example.com", here));
// The viewer takes a link to an operation on another page of ours for one of its own.
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest("a");
    if (link && link.pathname !== location.pathname) {
      event.stopPropagation();
    }
  },
  { capture: true },
);

// The viewer shows samples only in languages that it knows, or that are listed.
const languages = ["curl", "Python", "TypeScript", "Payload"].map((name) => ({ lang: name.toLowerCase(), label: name }));
init(shown, { codeSamples: { languages }, disableTelemetry: true, hideLoading: true }, root);

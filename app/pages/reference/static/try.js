// The page for trying operations: Swagger UI, and a form that signs in.
// The tokens are in variables of this script, so they are gone when the page is left or loaded again.

const form = document.getElementById("sign-in");
const credentials = document.getElementById("credentials");
const act = document.getElementById("act");
const message = document.getElementById("message");
const base = new URL("..", document.baseURI).pathname.replace(/\/$/, "");

// Swagger UI has a class for the dark theme.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

const response = await fetch(new URL(document.body.dataset.document, document.baseURI));
const spec = { ...(await response.json()), servers: [{ url: base || "/" }] };
const viewer = SwaggerUIBundle({
  spec,
  dom_id: "#viewer",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  displayOperationId: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});

// Swagger UI has no names for these, which programs that read a page aloud need.
const names = { "textarea.body-param__text": "Request body", "select.examples-select-element": "Example" };
new MutationObserver(() => {
  for (const [selector, name] of Object.entries(names)) {
    document.querySelectorAll(`${selector}:not([aria-label])`).forEach((field) => field.setAttribute("aria-label", name));
  }
  // Code that is wider than the page scrolls, by the keyboard too.
  document.querySelectorAll("pre:not([tabindex])").forEach((code) => (code.tabIndex = 0));
}).observe(document.getElementById("viewer"), { childList: true, subtree: true });

let tokens = null;
let waiting;

async function post(path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", cache: "no-store" };
  const received = await fetch(`${base}${path}`, options);
  return received.status === 204 ? {} : received.json();
}

// Keep the tokens of a session, or none, and show which.
function keep(received, text) {
  clearTimeout(waiting);
  tokens = received;
  if (tokens) {
    viewer.preauthorizeApiKey("bearer", tokens.access_token);
    waiting = setTimeout(() => refresh().catch(unreached), Math.max(tokens.expires_in - 60, 10) * 1000);
  } else {
    viewer.getSystem().authActions.logout(["bearer"]);
  }
  credentials.hidden = Boolean(tokens);
  credentials.querySelectorAll("input").forEach((input) => (input.disabled = Boolean(tokens)));
  act.textContent = tokens ? "Sign out" : "Sign in";
  message.textContent = text;
}

async function refresh() {
  const { data, errors } = await post("/v1/auth/refresh", { refresh_token: tokens.refresh_token });
  keep(data, data ? message.textContent : errors[0].message);
}

async function signIn() {
  const { data, errors } = await post("/v1/auth/login", Object.fromEntries(new FormData(form)));
  if (data) {
    form.reset();
    keep(data, `Signed in as ${data.user.email}, role ${data.user.role}.`);
  } else {
    message.textContent = errors[0].message;
  }
}

async function signOut() {
  const { access_token: token } = tokens;
  keep(null, "Signed out.");
  await post("/v1/auth/logout", {}, token);
}

function unreached() {
  message.textContent = "The server was not reached.";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  (tokens ? signOut : signIn)().catch(unreached);
});

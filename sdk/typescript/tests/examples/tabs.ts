/** The React example in Chromium: two tabs that share a session, through refreshes, a sign-out and a sign-in. */

import assert from "node:assert/strict";

import { chromium, type Page, type Route } from "playwright-core";

import { baseUrl, person, PHRASE } from "../support.js";

const site = process.env["PAGE_URL"] ?? "";
const ROUNDS = 3;

const { email } = await person("tabs");

const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "", args: ["--no-sandbox"] });
const context = await browser.newContext();
context.setDefaultTimeout(20_000);
const faults: string[] = [];
context.on("request", (request) => {
  const { origin, protocol } = new URL(request.url());
  if (protocol !== "ws:" && ![site, baseUrl].includes(origin)) faults.push(`a request to ${origin}`);
});

async function open(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(site);
  return page;
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(PHRASE);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function shows(page: Page, heading: string): Promise<void> {
  await page.getByRole("heading", { name: heading, exact: true }).waitFor();
  assert.equal(await page.getByRole("alert").textContent(), "");
}

/** Have the server reject the access token that the tabs share, as one that has expired. */
function spoil(page: Page): Promise<void> {
  return page.evaluate(() => {
    const tokens = JSON.parse(localStorage.getItem("charter-tokens") ?? "") as { accessToken: string };
    localStorage.setItem("charter-tokens", JSON.stringify({ ...tokens, accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA` }));
  });
}

try {
  const one = await open();
  await shows(one, "Sign in");
  await signIn(one);
  await shows(one, email);
  const other = await open();
  await shows(other, email);

  // Both tabs send the same refresh token before either has a response.
  for (let round = 0; round < ROUNDS; round += 1) {
    const waiting: Route[] = [];
    let both = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (both = resolve));
    await context.route("**/v1/auth/refresh", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      waiting.push(route);
      if (waiting.length === 2) both();
      await arrived;
      return route.continue();
    });
    // The storage event makes the other tab read again.
    await spoil(one);
    const read = one.waitForResponse((response) => response.url().endsWith("/v1/users/me") && response.status() === 200);
    const otherRead = other.waitForResponse((response) => response.url().endsWith("/v1/users/me") && response.status() === 200);
    await one.getByRole("button", { name: "Read again" }).click();
    await Promise.all([read, otherRead]);
    assert.equal(new Set(waiting.map((route) => route.request().postData())).size, 1);
    await context.unroute("**/v1/auth/refresh");
    await shows(one, email);
    await shows(other, email);
  }
  console.log(`two tabs refreshed together ${ROUNDS} times, and both stayed signed in`);

  await other.reload();
  await shows(other, email);
  await one.getByLabel("Name").fill("Ada in a tab");
  await one.getByRole("button", { name: "Save" }).click();
  await shows(one, "Ada in a tab");
  await other.getByRole("button", { name: "Read again" }).click();
  await shows(other, "Ada in a tab");

  await one.getByRole("button", { name: "Sign out" }).click();
  await shows(one, "Sign in");
  await shows(other, "Sign in");
  await other.getByLabel("Email").fill(email);
  await other.getByLabel("Password").fill("not the password at all");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByText("INVALID_CREDENTIALS").waitFor();
  await signIn(other);
  await shows(other, "Ada in a tab");
  await shows(one, "Ada in a tab");
  console.log("a sign-out and a sign-in in one tab were noticed in the other");
  assert.deepEqual(faults, []);
} finally {
  await browser.close();
}

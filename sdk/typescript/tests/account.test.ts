/** The built package against a running Charter, whose address and first admin are in the environment. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Charter,
  CharterError,
  EmailTaken,
  Forbidden,
  InvalidCredentials,
  InvalidRefreshToken,
  MemoryStore,
  NotFound,
  type Profile,
  SessionEnded,
  Unauthenticated,
  ValidationFailed,
} from "charter-client";

const baseUrl = process.env["CHARTER_URL"] ?? "";
const password = process.env["CHARTER_ADMIN_PASSWORD"] ?? "";
const admin = { email: "admin@example.com", password };

/** A fetch that keeps the request lines. */
function listening(): { fetch: typeof fetch; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    fetch: (input, init) => {
      lines.push(`${init?.method ?? "GET"} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    },
  };
}

async function signedIn(given: { fetch?: typeof fetch; store?: MemoryStore } = {}): Promise<Charter> {
  const client = new Charter({ baseUrl, ...given });
  await client.auth.login(admin);
  return client;
}

test("the life of an account", async () => {
  const ada = await signedIn();
  const mine = new Charter({ baseUrl });
  const email = "life@example.com";
  const created = await ada.users.withResponse.createUser({ email, password: "another lantern 8 quarry", role: "user", email_verified: true });
  assert.equal(created.status, 201);
  assert.equal(created.replayed, false);
  assert.equal(created.location, `/v1/users/${created.data.id}`);
  await assert.rejects(ada.users.createUser({ email, password: "another lantern 8 quarry" }), EmailTaken);

  await mine.auth.login({ email, password: "another lantern 8 quarry" });
  assert.equal((await mine.me.updateMe({ display_name: "Lin", bio: "Moths." })).profile.bio, "Moths.");
  assert.equal((await mine.me.updateMe({ bio: null })).profile.display_name, "Lin");
  await mine.me.changePassword({ current_password: "another lantern 8 quarry", new_password: "third lantern 8 quarry" });
  await assert.rejects(mine.users.listUsers(), Forbidden);
  assert.equal((await ada.users.suspendUser(created.data.id, { reason: "A test." })).status, "suspended");
  await assert.rejects(mine.me.getMe(), SessionEnded);
  assert.equal(await mine.getTokens(), null);
  await ada.users.restoreUser(created.data.id);
  await mine.auth.login({ email, password: "third lantern 8 quarry" });
  await mine.auth.logout();
  await assert.rejects(mine.me.getMe(), Unauthenticated);
  await ada.users.deleteUser(created.data.id);
  await assert.rejects(ada.users.getUser(created.data.id), NotFound);
});

test("refusals are errors with their facts", async () => {
  const ada = await signedIn();
  await assert.rejects(ada.users.createUser({ email: "nobody", password: "short" }), (error) => {
    assert.ok(error instanceof ValidationFailed && error instanceof CharterError && error instanceof Error);
    assert.deepEqual(error.errors.map((problem) => problem.field).sort(), ["email", "password"]);
    assert.equal(error.requestId, error.response.headers.get("X-Request-Id"));
    assert.equal(error.name, "ValidationFailed");
    assert.match(error.message, /and 1 more/);
    return true;
  });
  const nobody = new Charter({ baseUrl });
  await assert.rejects(nobody.auth.login({ ...admin, password: "not the right password" }), InvalidCredentials);
  await assert.rejects(nobody.auth.refresh({ refresh_token: "x" }), InvalidRefreshToken);
});

test("a 304 is a value, and the facts are beside a result", async () => {
  const ada = await signedIn();
  const me = await ada.me.getMe();
  const read = await ada.users.withResponse.getUser(me.id);
  assert.equal(read.requestId, read.raw.headers.get("X-Request-Id"));
  assert.equal(read.rateLimit?.bucket, "read");
  const again = await ada.users.withResponse.getUser(me.id, { ifNoneMatch: read.etag });
  assert.equal(again.notModified, true);
  assert.equal(again.status, 304);
});

test("pages are fetched as they are needed", async () => {
  const heard = listening();
  const ada = await signedIn(heard);
  for (const name of ["a", "b", "c"]) {
    await ada.users.createUser({ email: `page-${name}@example.com`, password: "another lantern 8 quarry", role: "user" });
  }
  const before = heard.lines.length;
  const emails = [];
  for await (const user of ada.users.iterUsers({ q: "page-", limit: 2, sort: "email" })) emails.push(user.email);
  assert.deepEqual(emails, ["page-a@example.com", "page-b@example.com", "page-c@example.com"]);
  assert.equal(heard.lines.length, before + 2);
  const ids = new Set();
  for await (const event of ada.audit.iterAuditEvents({ action: "create_user", limit: 2, since: new Date(0) })) ids.add(event.id);
  assert.ok(ids.size >= 3);
});

test("an update is made again when another change came in between", async () => {
  const ada = await signedIn();
  const { id } = await ada.me.getMe();
  await ada.profiles.update(id, () => ({ bio: null }));
  const seen: (string | null)[] = [];
  const changed: Profile = await ada.profiles.update(id, async (profile) => {
    seen.push(profile.bio);
    if (seen.length < 3) await ada.profiles.update(id, () => ({ bio: `${seen.length} in between` }));
    return { bio: "mine" };
  });
  assert.equal(changed.bio, "mine");
  assert.deepEqual(seen, [null, "1 in between", "2 in between"]);
});

/** Give the store an access token that the server rejects, as one that has expired. */
async function spoil(store: MemoryStore): Promise<void> {
  const tokens = store.load();
  assert.ok(tokens?.refreshToken);
  store.save({ ...tokens, accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA` });
}

test("200 calls at the expiry make one refresh", async () => {
  const heard = listening();
  const store = new MemoryStore();
  const ada = await signedIn({ ...heard, store });
  await spoil(store);
  const all = await Promise.all(Array.from({ length: 200 }, () => ada.me.getMe()));
  assert.equal(new Set(all.map((user) => user.id)).size, 1);
  assert.equal(heard.lines.filter((line) => line === "POST /v1/auth/refresh").length, 1);
});

test("two clients with one store do not sign each other out", async () => {
  const store = new MemoryStore();
  const one = await signedIn({ store });
  const other = new Charter({ baseUrl, store });
  await spoil(store);
  await Promise.all([one.me.getMe(), other.me.getMe()]);
  assert.equal((await one.me.getMe()).id, (await other.me.getMe()).id);
});

test("a refresh that ends after a sign-out is dropped", async () => {
  let release = (): void => undefined;
  let refreshed = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const began = new Promise<void>((resolve) => (refreshed = resolve));
  const store = new MemoryStore();
  const ada = await signedIn({
    store,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (String(input).endsWith("/v1/auth/refresh")) {
        refreshed();
        await held;
      }
      return response;
    },
  });
  await spoil(store);
  const late = assert.rejects(ada.me.getMe(), { code: "INVALID_TOKEN" });
  await began;
  await ada.signInWith(null);
  release();
  await late;
  assert.equal(await ada.getTokens(), null);
});

test("the call that began a refresh can be cancelled", async () => {
  const store = new MemoryStore();
  const cancel = new AbortController();
  const ada = await signedIn({
    store,
    fetch: (input, init) => {
      if (String(input).endsWith("/v1/auth/refresh")) cancel.abort();
      return fetch(input, init);
    },
  });
  await spoil(store);
  const first = ada.me.getMe({ signal: cancel.signal });
  await Promise.all([assert.rejects(first, { name: "AbortError" }), ada.users.listUsers()]);
});

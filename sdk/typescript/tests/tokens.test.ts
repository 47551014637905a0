/** Tokens: refreshed once for all that wait, dropped after a sign-out, and shared between programs. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Charter, InvalidRefreshToken, InvalidToken, MemoryStore, RateLimited, SessionEnded, type StoredTokens, WebStorageStore } from "charter-client";

import { admin, baseUrl, gate, holding, JSON_TYPE, listening, person, errorBody, signedIn, spoil, withServer } from "./support.js";

const REFRESH = "POST /v1/auth/refresh";

function count(lines: readonly string[], line: string): number {
  return lines.filter((one) => one === line).length;
}

test("200 calls at the expiry make one refresh", async () => {
  const heard = listening();
  const store = new MemoryStore();
  const ada = await signedIn({ fetch: heard.fetch, store });
  const spoilt = spoil(store);
  const all = await Promise.all(Array.from({ length: 200 }, () => ada.me.getMe()));
  assert.equal(new Set(all.map((user) => user.id)).size, 1);
  assert.equal(count(heard.lines, REFRESH), 1);
  assert.equal(count(heard.lines, "GET /v1/users/me"), 400);
  assert.notEqual(store.load()?.refreshToken, spoilt.refreshToken);
});

test("two clients with one store do not sign each other out", async () => {
  const store = new MemoryStore();
  const one = await signedIn({ store });
  const other = new Charter({ baseUrl, store });
  for (let turn = 0; turn < 3; turn += 1) {
    spoil(store);
    const [mine, theirs] = await Promise.all([one.me.getMe(), other.me.getMe()]);
    assert.equal(mine.id, theirs.id);
  }
  assert.equal((await one.me.getMe()).id, (await other.me.getMe()).id);
});

test("two programs that each read the stored tokens once stay signed in", async () => {
  const store = new MemoryStore();
  await signedIn({ store });
  const spoilt = spoil(store);
  const programs = [new MemoryStore(spoilt), new MemoryStore(spoilt)].map((own) => new Charter({ baseUrl, store: own }));
  const read = await Promise.all(programs.map((client) => client.me.getMe()));
  assert.equal(read[0]?.id, read[1]?.id);
  for (const client of programs) await client.me.getMe();
});

for (const back of [false, true]) {
  test(`a refresh that ends after a sign-out${back ? " and a sign-in" : ""} is dropped`, async () => {
    const held = holding();
    const heard = listening();
    const store = new MemoryStore();
    const fetching: typeof fetch = (input, init) => (heard.lines.push(`${init?.method} ${new URL(String(input)).pathname}`), held.fetch(input, init));
    const ada = await signedIn({ store, fetch: fetching });
    spoil(store);
    const late = assert.rejects(ada.me.getMe(), InvalidToken);
    await held.refreshed;
    await ada.signInWith(null);
    if (back) await ada.auth.login(admin);
    const kept = await ada.getTokens();
    held.release();
    await late;
    assert.deepEqual(await ada.getTokens(), kept);
    assert.equal(count(heard.lines, "GET /v1/users/me"), 1);
  });
}

test("a refresh of an earlier revision is dropped, even if the same tokens are in use again", async () => {
  const held = holding();
  const store = new MemoryStore();
  const ada = await signedIn({ store, fetch: held.fetch });
  const spoilt = spoil(store);
  const late = assert.rejects(ada.me.getMe(), InvalidToken);
  await held.refreshed;
  await ada.signInWith(null);
  await ada.signInWith(spoilt);
  held.release();
  await late;
  assert.deepEqual(await ada.getTokens(), spoilt);
});

test("what is left of a call is not sent for another person who signed in through the same store", async () => {
  const held = holding();
  const store = new MemoryStore();
  const ada = await signedIn({ store, fetch: held.fetch });
  const { client: other } = await person("tab");
  const theirs = await other.getTokens();
  spoil(store);
  const late = assert.rejects(ada.me.updateMe({ bio: "of the admin" }), InvalidToken);
  await held.refreshed;
  store.save(theirs);
  held.release();
  await late;
  assert.deepEqual(store.load(), theirs);
  assert.equal((await other.me.getMe()).profile.bio, null);
});

test("a sign-out in another tab ends a call that waits for its next attempt", async () => {
  const store = new MemoryStore();
  const waiting = gate();
  let sent = 0;
  const ada = await signedIn({
    store,
    fetch: async (input, init) => {
      if (!String(input).endsWith("/v1/users/me")) return fetch(input, init);
      sent += 1;
      waiting.open();
      throw new TypeError("the network is gone");
    },
  });
  const late = assert.rejects(ada.me.getMe(), { name: "ConnectionFailed" });
  await waiting.opened;
  store.save(null);
  await late;
  assert.equal(sent, 1);
});

test("the call that began a refresh can be cancelled, and the others go on", async () => {
  const held = holding();
  const store = new MemoryStore();
  const cancel = new AbortController();
  const ada = await signedIn({ store, fetch: held.fetch });
  spoil(store);
  const first = ada.me.getMe({ signal: cancel.signal });
  await held.refreshed;
  const second = ada.users.listUsers();
  cancel.abort();
  await assert.rejects(first, { name: "AbortError" });
  held.release();
  assert.ok((await second).total > 0);
});

test("a session that has ended is not refreshed", async () => {
  const heard = listening();
  const store = new MemoryStore();
  const { client: one } = await person("ended", { store, fetch: heard.fetch });
  const elsewhere = new Charter({ baseUrl, store: new MemoryStore(store.load()) });
  await elsewhere.auth.logout({ scope: "all" });
  assert.equal(await elsewhere.getTokens(), null);
  await assert.rejects(one.me.getMe(), SessionEnded);
  assert.equal(count(heard.lines, REFRESH), 0);
  assert.equal(store.load(), null);
});

test("a rejected refresh says so and forgets the tokens", async () => {
  const store = new MemoryStore();
  const { client: one } = await person("rejected", { store });
  store.save({ accessToken: spoil(store).accessToken, refreshToken: "no refresh token of this server" });
  await assert.rejects(one.me.getMe(), InvalidRefreshToken);
  assert.equal(store.load(), null);
});

test("a refresh that is refused for another reason keeps the tokens", async () => {
  const store = new MemoryStore({ accessToken: "a", refreshToken: "r" });
  const limited = { ...JSON_TYPE, "Retry-After": "100" };
  await withServer([[401, JSON_TYPE, errorBody("INVALID_TOKEN")], [429, limited, errorBody("RATE_LIMITED")]], async (url) => {
    await assert.rejects(new Charter({ baseUrl: url, store }).me.getMe(), RateLimited);
  });
  assert.equal(store.load()?.refreshToken, "r");
});

test("a lone access token is sent and never refreshed", async () => {
  const heard = listening();
  const tokens = await (await signedIn()).getTokens();
  assert.ok(tokens);
  const client = new Charter({ baseUrl, accessToken: tokens.accessToken, fetch: heard.fetch });
  assert.equal((await client.me.getMe()).email, admin.email);
  const spoilt = new Charter({ baseUrl, accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA`, fetch: heard.fetch });
  await assert.rejects(spoilt.me.getMe(), InvalidToken);
  assert.equal(count(heard.lines, REFRESH), 0);
  assert.throws(() => new Charter({ baseUrl, accessToken: "x", store: new MemoryStore() }), /either an access token or a token store/);
});

test("a store that fails rejects the call, and the client goes on when it works again", async () => {
  let broken = false;
  let kept: StoredTokens | null = null;
  const ada = await signedIn({
    store: {
      load: () => (broken ? Promise.reject(new Error("the disk is gone")) : Promise.resolve(kept)),
      save: (tokens) => void (kept = tokens),
    },
  });
  broken = true;
  await assert.rejects(ada.me.getMe(), /the disk is gone/);
  broken = false;
  assert.equal((await ada.me.getMe()).email, admin.email);
});

test("tokens are kept in the storage of a browser under one key", async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  };
  const one = await signedIn({ store: new WebStorageStore(storage) });
  assert.deepEqual([...kept.keys()], ["charter-tokens"]);
  const other = new Charter({ baseUrl, store: new WebStorageStore(storage) });
  assert.equal((await other.me.getMe()).email, admin.email);
  await one.auth.logout();
  assert.equal(kept.size, 0);
  for (const text of ["", "{", "null", "[]", '{"accessToken": 1}']) {
    kept.set("charter-tokens", text);
    assert.equal(new WebStorageStore(storage).load(), null);
  }
});

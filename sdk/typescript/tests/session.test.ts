/** Calls that belong together are all for the account of the first one, even if others use the same store. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Charter, MemoryStore, SessionChanged, SessionEnded, type StoredTokens } from "charter-client";

import { admin, baseUrl, person, signedIn, spoil } from "./support.js";

const ME = "GET /v1/users/me";
const PATCH = "PATCH /v1/users/me";
const REFRESH = "POST /v1/auth/refresh";

/** A fetch that keeps the request lines, and has something happen after the first response to a request. */
function meanwhile(line: string, happen: () => unknown, lost = false): { fetch: typeof fetch; lines: string[] } {
  const lines: string[] = [];
  let over = false;
  return {
    lines,
    fetch: async (input, init) => {
      const now = `${init?.method ?? "GET"} ${new URL(String(input)).pathname}`;
      lines.push(now);
      const response = await fetch(input, init);
      if (now !== line || over) return response;
      over = true;
      await happen();
      if (lost) throw new TypeError("cut");
      return response;
    },
  };
}

/** Return the tokens of another person, who signed in elsewhere. */
async function others(): Promise<{ theirs: StoredTokens; email: string }> {
  const { client, email } = await person("tab");
  const theirs = await client.getTokens();
  assert.ok(theirs);
  return { theirs, email };
}

const NEVER = "NONE /";
const ACTS: Readonly<Record<string, (client: Charter, happen: () => void) => Promise<unknown>>> = {
  "an iterator by offset": async (client, happen) => {
    for await (const _ of client.users.iterUsers({ limit: 1 })) happen();
  },
  "an iterator by cursor": async (client, happen) => {
    for await (const _ of client.audit.iterAuditEvents({ limit: 1 })) happen();
  },
  "an update": (client, happen) =>
    client.me.update(() => {
      happen();
      return { bio: "of the admin" };
    }),
  "an update of the whole": async (client, happen) => {
    const { id } = await person("whole");
    return client.profiles.update(id, () => {
      happen();
      return { bio: "of the admin" };
    });
  },
};

for (const [name, act] of Object.entries(ACTS)) {
  for (const signsIn of [true, false]) {
    test(`${name} ends when somebody signs ${signsIn ? "in" : "out"}`, async () => {
      await person("second");
      const { theirs } = await others();
      const store = new MemoryStore();
      const heard = meanwhile(NEVER, () => undefined);
      const ada = await signedIn({ store, fetch: heard.fetch });
      const before = heard.lines.length;
      const next = signsIn ? theirs : null;
      await assert.rejects(act(ada, () => store.save(next)), (error) => {
        assert.ok(error instanceof SessionChanged && error.name === "SessionChanged", String(error));
        assert.match(error.message, /^Somebody signed in or out meanwhile, so the rest was not sent: begin again/);
        return true;
      });
      assert.equal(heard.lines.length, before + 1);
      assert.deepEqual(store.load(), next);
      if (signsIn) assert.equal((await ada.me.getMe()).profile.bio, null);
    });
  }
}

test("an update goes on after a refresh, and each new one is for the account of its beginning", async () => {
  const store = new MemoryStore();
  const ada = await signedIn({ store });
  const other = new Charter({ baseUrl, store });
  for (let turn = 0; turn < 2; turn += 1) {
    await ada.auth.login(admin);
    spoil(store);
    await ada.me.update(async () => {
      spoil(store);
      await other.me.getMe();
      return { bio: null };
    });
  }
});

for (const [name, line, lost, expired, signsIn] of [
  ["in a pause", ME, true, false, true],
  ["before the refresh", ME, false, true, true],
  ["before the refresh after a sign-out", ME, false, true, false],
  ["in the refresh", REFRESH, false, true, true],
] as const) {
  test(`an update ends ${name}, too`, async () => {
    const theirs = signsIn ? (await others()).theirs : null;
    const store = new MemoryStore();
    const heard = meanwhile(line, () => store.save(theirs), lost);
    const ada = await signedIn({ store, fetch: heard.fetch });
    if (expired) spoil(store);
    await assert.rejects(ada.me.update(() => ({ bio: "of the admin" })), SessionChanged);
    assert.equal(heard.lines.filter((one) => one === ME).length, 1);
    assert.equal(heard.lines.filter((one) => one === PATCH).length, 0);
    assert.deepEqual(store.load(), theirs);
  });
}

test("a second attempt of an update is not made for somebody else", async () => {
  const { theirs } = await others();
  const store = new MemoryStore();
  const heard = meanwhile(PATCH, () => store.save(theirs));
  const ada = await signedIn({ store, fetch: heard.fetch });
  const elsewhere = await signedIn();
  const change = async (): Promise<{ bio: string }> => {
    await elsewhere.me.updateMe({ bio: `in between ${crypto.randomUUID()}` });
    return { bio: "of the admin" };
  };
  await assert.rejects(ada.me.update(change), SessionChanged);
  assert.equal(heard.lines.filter((one) => one === ME).length, 1);
  assert.equal(heard.lines.filter((one) => one === PATCH).length, 1);
});

for (const ended of [false, true]) {
  test(`a sign-out that ends with ${ended ? 401 : 204} keeps the tokens of the person who signed in meanwhile`, async () => {
    const { theirs, email } = await others();
    const store = new MemoryStore();
    const ada = await signedIn({ store, fetch: meanwhile("POST /v1/auth/logout", () => store.save(theirs)).fetch });
    const mine = store.load();
    if (ended) await new Charter({ baseUrl, store: new MemoryStore(mine) }).auth.logout();
    if (ended) await assert.rejects(ada.auth.logout(), SessionEnded);
    else await ada.auth.logout();
    assert.deepEqual(store.load(), theirs);
    assert.equal((await ada.me.getMe()).email, email);
    await assert.rejects(new Charter({ baseUrl, store: new MemoryStore(mine) }).me.getMe(), SessionEnded);
  });
}

test("a sign-out forgets the tokens that were refreshed meanwhile", async () => {
  const store = new MemoryStore();
  const refreshed = (): void => store.save({ accessToken: store.load()?.accessToken ?? "", refreshToken: "refreshed" });
  const ada = await signedIn({ store, fetch: meanwhile("POST /v1/auth/logout", refreshed).fetch });
  await ada.auth.logout();
  assert.equal(store.load(), null);
});

test("a refresh of one's own keeps the tokens of the person who signed in meanwhile", async () => {
  const { theirs } = await others();
  const store = new MemoryStore();
  const ada = await signedIn({ store, fetch: meanwhile(REFRESH, () => store.save(theirs)).fetch });
  const refreshed = await ada.auth.refresh({ refresh_token: store.load()?.refreshToken ?? "" });
  assert.deepEqual(store.load(), theirs);
  await ada.signInWith(null);
  const again = await ada.auth.refresh({ refresh_token: refreshed.refresh_token });
  assert.deepEqual(store.load(), { accessToken: again.access_token, refreshToken: again.refresh_token });
});

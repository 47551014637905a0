/** Retries, and what is said when what responds is not a Charter server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Charter, ConnectionFailed, RateLimited, ResponseError, TimedOut, UnexpectedResponse, UnsupportedVersion } from "charter-client";

import { BUSY, gate, JSON_TYPE, errorBody, success, withServer } from "./support.js";

test("a read is repeated twice, and a change without a key never", async () => {
  await withServer([BUSY], async (url, seen) => {
    const client = new Charter({ baseUrl: url });
    await assert.rejects(client.me.getMe(), ResponseError);
    assert.equal(seen.length, 3);
    await assert.rejects(client.me.updateMe({ bio: null }), ResponseError);
    assert.equal(seen.length, 4);
  });
});

test("all attempts of one call send one key", async () => {
  await withServer(["break", BUSY, [409, JSON_TYPE, errorBody("EMAIL_TAKEN")]], async (url, seen) => {
    const client = new Charter({ baseUrl: url });
    await assert.rejects(client.users.createUser({ email: "a@example.com", password: "x" }), { name: "EmailTaken" });
    const keys = seen.map((request) => request.headers["idempotency-key"]);
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
    assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
  });
});

test("a key of one's own is sent with each attempt", async () => {
  await withServer([BUSY], async (url, seen) => {
    const client = new Charter({ baseUrl: url });
    await assert.rejects(client.roles.createRole({ name: "x", description: "", permissions: [] }, { idempotencyKey: "mine" }), { name: "Unavailable" });
    assert.deepEqual(seen.map((request) => request.headers["idempotency-key"]), ["mine", "mine", "mine"]);
    await assert.rejects(client.roles.createRole({ name: "x", description: "", permissions: [] }));
    assert.equal(new Set(seen.slice(3).map((request) => request.headers["idempotency-key"])).size, 1);
    assert.notEqual(seen[3]?.headers["idempotency-key"], "mine");
  });
});

test("a request with the same key that is in progress is waited for", async () => {
  const twin = [409, { ...JSON_TYPE, "Retry-After": "0" }, errorBody("IDEMPOTENCY_IN_PROGRESS")] as const;
  const made = [201, { ...JSON_TYPE, "Idempotency-Replayed": "true" }, success({ name: "x" })] as const;
  await withServer([twin, made], async (url) => {
    const role = await new Charter({ baseUrl: url }).roles.withResponse.createRole({ name: "x", description: "", permissions: [] });
    assert.equal(role.replayed, true);
  });
});

test("a long Retry-After is thrown, with its seconds", async () => {
  await withServer([[429, { ...JSON_TYPE, "Retry-After": "31" }, errorBody("RATE_LIMITED")]], async (url, seen) => {
    await assert.rejects(new Charter({ baseUrl: url }).me.getMe(), (error) => {
      assert.ok(error instanceof RateLimited);
      assert.equal(error.retryAfter, 31);
      return true;
    });
    assert.equal(seen.length, 1);
  });
});

test("timeouts, broken connections and cancelled calls are different errors", async () => {
  await withServer(["hang"], async (url) => {
    const client = new Charter({ baseUrl: url, retries: 0 });
    await assert.rejects(client.me.getMe({ timeout: 50 }), TimedOut);
    await assert.rejects(client.me.getMe({ signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
    await assert.rejects(client.me.getMe({ signal: AbortSignal.abort() }), { name: "AbortError" });
  });
  await withServer(["break"], async (url) => {
    await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), ConnectionFailed);
  });
});

test("a pause as long as Retry-After comes before the next attempt", async () => {
  const slow = [503, { ...JSON_TYPE, "Retry-After": "1" }, errorBody("UNAVAILABLE")] as const;
  await withServer([slow, [200, JSON_TYPE, success({ email: "a@example.com" })]], async (url, seen) => {
    const began = performance.now();
    assert.equal((await new Charter({ baseUrl: url }).me.getMe()).email, "a@example.com");
    assert.equal(seen.length, 2);
    assert.ok(performance.now() - began >= 1000);
  });
});

test("a call can be cancelled while it waits for its next attempt", async () => {
  const slow = [503, { ...JSON_TYPE, "Retry-After": "25" }, errorBody("UNAVAILABLE")] as const;
  await withServer([slow], async (url, seen) => {
    const cancel = new AbortController();
    const first = gate();
    const client = new Charter({ baseUrl: url, log: () => first.open() });
    const call = client.me.getMe({ signal: cancel.signal });
    await first.opened;
    cancel.abort(new Error("no longer wanted"));
    await assert.rejects(call, /no longer wanted/);
    assert.equal(seen.length, 1);
  });
});

test("a body that does not end is a timeout, too", async () => {
  await withServer(["trickle"], async (url, seen) => {
    const client = new Charter({ baseUrl: url, retries: 1 });
    await assert.rejects(client.me.getMe({ timeout: 50 }), TimedOut);
    assert.equal(seen.length, 2);
    const cancel = new AbortController();
    const call = client.me.getMe({ signal: cancel.signal });
    setTimeout(() => cancel.abort(), 50);
    await assert.rejects(call, { name: "AbortError" });
  });
});

test("a refresh whose response is lost is repeated in time, although the client repeats nothing", async () => {
  const fresh = [200, JSON_TYPE, success({ access_token: "c", refresh_token: "d", token_type: "Bearer", expires_in: 900 })] as const;
  const expired = [401, JSON_TYPE, errorBody("INVALID_TOKEN")] as const;
  const me = [200, JSON_TYPE, success({ email: "a@example.com" })] as const;
  const proxy = [502, { "Content-Type": "text/html" }, "<html>"] as const;
  await withServer([expired, "hang", "break", proxy, fresh, me], async (url, seen) => {
    const client = new Charter({ baseUrl: url, timeout: 300, retries: 0 });
    await client.signInWith({ accessToken: "a", refreshToken: "b" });
    assert.equal((await client.me.getMe()).email, "a@example.com");
    assert.equal(seen.filter((request) => request.url === "/v1/auth/refresh").length, 4);
    assert.equal((await client.getTokens())?.refreshToken, "d");
  });
});

test("a refresh that reached nobody is repeated as often as the client says", async () => {
  let tries = 0;
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  await withServer([[401, JSON_TYPE, errorBody("INVALID_TOKEN")]], async (url) => {
    const client = new Charter({
      baseUrl: url,
      retries: 0,
      fetch: (input, init) => {
        if (!String(input).endsWith("/refresh")) return fetch(input, init);
        tries += 1;
        throw new TypeError("fetch failed", { cause: refused });
      },
    });
    await client.signInWith({ accessToken: "a", refreshToken: "b" });
    await assert.rejects(client.me.getMe(), ConnectionFailed);
    assert.equal(tries, 1);
  });
});

for (const [name, portal] of [
  ["a portal's page", [200, { "Content-Type": "text/html" }, "<html>"]],
  ["a portal's 204", [204, {}, ""]],
  ["other JSON", [200, JSON_TYPE, '{"data": {}}']],
  ["a proxy's 401", [401, { "Content-Type": "text/html" }, "<html>"]],
  ["a network that asks to sign in", [511, { "Content-Type": "text/html" }, "<html>"]],
] as const) {
  test(`${name} signs nobody out, and is no result`, async () => {
    await withServer([portal], async (url) => {
      const client = new Charter({ baseUrl: url, retries: 0 });
      await client.signInWith({ accessToken: "a", refreshToken: "b" });
      for (const call of [client.me.getMe(), client.auth.login({ email: "a", password: "b" })]) {
        await assert.rejects(call, { name: "UnexpectedResponse", message: /check the base URL, and whether this network asks you to sign in/ });
      }
      // A sign-out has no body, so an empty response is what it expects.
      if (portal[0] !== 204) {
        await assert.rejects(client.auth.logout(), { name: "UnexpectedResponse" });
        assert.notEqual(await client.getTokens(), null);
      }
    });
  });
}

for (const [name, portal] of [
  ["a portal's page", [200, { "Content-Type": "text/html" }, "<html>"]],
  ["an envelope without tokens", [200, JSON_TYPE, success({ email: "a@example.com" })]],
  ["a proxy's 401", [401, { "Content-Type": "text/html" }, "<html>"]],
] as const) {
  test(`${name} in the place of new tokens signs nobody out, and is no result`, async () => {
    await withServer([[401, JSON_TYPE, errorBody("INVALID_TOKEN")], portal], async (url) => {
      const client = new Charter({ baseUrl: url, retries: 0 });
      await client.signInWith({ accessToken: "a", refreshToken: "b" });
      await assert.rejects(client.me.getMe(), { name: "UnexpectedResponse" });
      assert.equal((await client.getTokens())?.refreshToken, "b");
    });
  });
}

test("a list that has cursors is read to its end, however many results it has", async () => {
  const about = { offset: 0, limit: 1, total: 10_000, total_is_exact: false, next: null, previous: null };
  const page = (email: string, next_cursor: string | null) =>
    [200, JSON_TYPE, success([{ email }], { pagination: { ...about, next_cursor } })] as const;
  const pages = [page("a@example.com", "one"), page("b@example.com", "two"), page("c@example.com", null)];
  await withServer(pages, async (url, seen) => {
    const read: string[] = [];
    for await (const user of new Charter({ baseUrl: url }).users.iterUsers({ limit: 1, offset: 0 })) read.push(user.email);
    assert.deepEqual(read, ["a@example.com", "b@example.com", "c@example.com"]);
    const queries = seen.map((request) => new URL(String(request.url), url).searchParams);
    assert.deepEqual(queries.map((query) => query.get("offset")), ["0", null, null]);
    assert.deepEqual(queries.map((query) => query.get("cursor")), [null, "one", "two"]);
  });
});

test("a list with more than an offset reaches says so after its last page", async () => {
  const about = { offset: 0, limit: 1, total: 10_000, total_is_exact: false, next: null, previous: null };
  await withServer([[200, JSON_TYPE, success([{ email: "a@example.com" }], { pagination: about })]], async (url) => {
    const client = new Charter({ baseUrl: url });
    const read: string[] = [];
    await assert.rejects(
      async () => {
        for await (const user of client.users.iterUsers()) read.push(user.email);
      },
      { name: "ListTooLong" },
    );
    assert.deepEqual(read, ["a@example.com"]);
    assert.deepEqual([...(await client.users.listUsers())].map((user) => user.email), read);
  });
});

for (const [name, sent, message] of [
  ["a 304 that was not asked for", [304, {}, ""], /a 304 that was not asked for/],
  ["a list without a page", [200, JSON_TYPE, success([])], /to list_users lacks what this package expects/],
  ["JSON that is cut off", [200, JSON_TYPE, '{"data": ['], /not from Charter/],
  ["an error response without errors", [400, JSON_TYPE, success(null)], /not from Charter/],
] as const) {
  test(`${name} is no result`, async () => {
    await withServer([sent], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url }).users.listUsers(), { name: "UnexpectedResponse", message });
    });
  });
}

test("a Retry-After can be a date", async () => {
  const later = [429, { ...JSON_TYPE, "Retry-After": new Date(Date.now() + 3_600_000).toUTCString() }, errorBody("RATE_LIMITED")] as const;
  await withServer([later], async (url) => {
    await assert.rejects(new Charter({ baseUrl: url }).me.getMe(), (error) => {
      assert.ok(error instanceof RateLimited && error.retryAfter !== null);
      assert.ok(error.retryAfter > 3_500 && error.retryAfter <= 3_600);
      return true;
    });
  });
});

test("a response need not say who counted it", async () => {
  await withServer([[200, JSON_TYPE, success({ email: "a@example.com" })]], async (url) => {
    const { requestId, rateLimit, etag, replayed, location } = await new Charter({ baseUrl: url }).me.withResponse.getMe();
    assert.deepEqual([requestId, rateLimit, etag, replayed, location], ["", null, null, false, null]);
  });
});

test("an update that changes nothing sends nothing, and another error than 412 ends it", async () => {
  const read = [200, { ...JSON_TYPE, ETag: '"1"' }, success({ bio: "b" })] as const;
  await withServer([read, read, [403, JSON_TYPE, errorBody("FORBIDDEN")]], async (url, seen) => {
    const { profiles } = new Charter({ baseUrl: url });
    assert.equal((await profiles.update("x", () => ({}))).bio, "b");
    assert.equal(seen.length, 1);
    await assert.rejects(profiles.update("x", () => ({ bio: null })), { name: "Forbidden" });
    assert.deepEqual(seen.map((request) => request.method), ["GET", "GET", "PUT"]);
    assert.equal(seen[2]?.headers["if-match"], '"1"');
  });
});

test("a time without a zone is refused before it is sent", async () => {
  await withServer([[200, JSON_TYPE, success([], { pagination: { limit: 20, next_cursor: null } })]], async (url, seen) => {
    const client = new Charter({ baseUrl: url });
    for (const since of ["2026-01-31T12:00:00", "2026-01-31", "yesterday", new Date(NaN)]) {
      await assert.rejects(client.audit.listAuditEvents({ since }), /^TypeError: since must be a Date or a text with a time zone/);
    }
    for (const since of ["2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00.5Z", new Date(0)]) await client.audit.listAuditEvents({ since });
    assert.deepEqual(seen.map((request) => new URL(request.url ?? "", url).searchParams.get("since")), [
      "2026-01-31T12:00:00+01:00",
      "2026-01-31T12:00:00.5Z",
      "1970-01-01T00:00:00.000Z",
    ]);
  });
});

test("a server that lacks an operation says so, and one that lacks a role does not", async () => {
  const missing = [404, JSON_TYPE, errorBody("NOT_FOUND")] as const;
  await withServer([missing], async (url) => {
    await assert.rejects(new Charter({ baseUrl: url }).me.getMe(), (error) => {
      assert.ok(error instanceof UnexpectedResponse);
      assert.equal(error.message, `${url} has no GET /v1/users/me: check the base URL, or use the package of the server's release.`);
      return true;
    });
    await assert.rejects(new Charter({ baseUrl: `${url}/old` }).roles.getRole("x"), UnexpectedResponse);
    await assert.rejects(new Charter({ baseUrl: url }).roles.getRole("x"), { name: "NotFound" });
  });
});

test("a client and its errors show no token", async () => {
  await withServer([[401, JSON_TYPE, errorBody("SESSION_ENDED")]], async (url) => {
    const client = new Charter({ baseUrl: url, accessToken: "a-secret-token" });
    await assert.rejects(client.me.getMe(), (error) => {
      for (const shown of [client, error]) assert.ok(!inspect(shown, { depth: 12, showHidden: true }).includes("a-secret-token"));
      return true;
    });
  });
});

test("what a newer server adds is kept", async () => {
  const user = { id: "1", email: "a@example.com", status: "archived", badge: { colour: "red" } };
  await withServer([[200, JSON_TYPE, success(user, { trace: "x" })]], async (url) => {
    const me = await new Charter({ baseUrl: url }).me.getMe();
    assert.equal(me.status, "archived");
    assert.deepEqual({ ...me }, user);
  });
});

test("a failure of a health check is a result", async () => {
  const body = JSON.stringify({ status: "error", checks: { database: "error", cache: "strange" } });
  await withServer([[503, JSON_TYPE, body]], async (url, seen) => {
    assert.equal((await new Charter({ baseUrl: url }).health.getHealth()).checks.cache, "strange");
    assert.equal(seen.length, 1);
  });
});

for (const [name, sent, kind, message] of [
  ["a page that asks to sign in", [200, { "Content-Type": "text/html" }, "<html>"], UnexpectedResponse, /not from Charter/],
  ["a proxy", [502, { "Content-Type": "text/html" }, "<html>"], UnexpectedResponse, /a proxy responded/],
  ["a redirect", [301, { Location: "https://other.example.com/" }, ""], UnexpectedResponse, /a redirect to https:..other/],
  ["other JSON", [200, JSON_TYPE, "{}"], UnexpectedResponse, /not from Charter/],
  ["a later version", [200, JSON_TYPE, errorBody("X", "2.0")], UnsupportedVersion, /speaks version 2.0/],
  ["an unknown code", [400, JSON_TYPE, errorBody("NEW_CODE")], ResponseError, /^400 NEW_CODE: No. Request r-1.$/],
] as const) {
  test(`${name} is one line`, async () => {
    await withServer([sent], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), (error) => {
        assert.ok(error instanceof kind);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
    });
  });
}

test("wrong options and names are refused before anything is sent", async () => {
  for (const baseUrl of ["accounts", "ftp://x", "http://a:b@x", "http://x/?q", "http://x/v1"]) {
    assert.throws(() => new Charter({ baseUrl }), TypeError);
  }
  const client = new Charter({ baseUrl: "http://127.0.0.1:1" });
  for (const name of ["", ".", "..", "\ud800"]) await assert.rejects(client.roles.getRole(name), /role_name must be/);
});

test("an update without an ETag writes nothing", async () => {
  await withServer([[200, JSON_TYPE, success({})]], async (url, seen) => {
    await assert.rejects(new Charter({ baseUrl: url }).profiles.update("x", () => ({ bio: "" })), /has no ETag/);
    assert.equal(seen.length, 1);
  });
});

test("a line for each request has neither a token nor a query", async () => {
  await withServer([BUSY], async (url) => {
    const lines: string[] = [];
    const client = new Charter({ baseUrl: url, retries: 0, accessToken: "secret", log: (line) => lines.push(line) });
    await assert.rejects(client.users.listUsers({ q: "someone" }));
    assert.deepEqual(lines, [`GET ${url}/v1/users: 503 (request -)`]);
  });
});

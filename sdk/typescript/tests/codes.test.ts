/** Each error code that a client can cause, caused at a running server; and each code, sent by a server that is none of ours. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as sdk from "charter-client";
import { Charter, type ResponseError } from "charter-client";

import { address, admin, baseUrl, JSON_TYPE, person, PHRASE, errorBody, signedIn, withServer } from "./support.js";

type Kind = new (...words: never[]) => ResponseError;

const KINDS = new Map(
  Object.entries(sdk as Record<string, unknown>).filter((entry): entry is [string, Kind] => {
    const [, value] = entry;
    return typeof value === "function" && value.prototype instanceof sdk.ResponseError;
  }),
);
const seen = new Set<string>();

/** Assert that a call throws this class, and with it the facts of its response. */
async function causes(kind: Kind, call: Promise<unknown>, field?: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, String(error));
    assert.equal(error.name, kind.name);
    assert.equal(error.status, error.response.status);
    assert.equal(error.requestId, error.response.headers.get("X-Request-Id"));
    assert.ok(!error.message.includes("\n"));
    if (field !== undefined) assert.equal(error.field, field);
    return true;
  });
  seen.add(kind.name);
}

/** A fetch that changes each request other than a sign-in, as a client with a fault would send it. */
function faulty(change: (init: RequestInit, headers: Headers) => void): typeof fetch {
  return (input, init) => {
    if (String(input).includes("/v1/auth/")) return fetch(input, init);
    const headers = new Headers(init?.headers);
    const changed = { ...init };
    change(changed, headers);
    return fetch(input, { ...changed, headers });
  };
}

test("an error has the facts of its response", async () => {
  const ada = await signedIn();
  await assert.rejects(ada.users.createUser({ email: "nobody", password: "short" }), (error) => {
    assert.ok(error instanceof sdk.ValidationFailed && error instanceof sdk.CharterError && error instanceof Error);
    assert.deepEqual(error.errors.map((problem) => problem.field).sort(), ["email", "password"]);
    assert.equal(error.requestId, error.response.headers.get("X-Request-Id"));
    assert.equal(error.name, "ValidationFailed");
    assert.match(error.message, /and 1 more/);
    return true;
  });
});

test("a request that breaks a rule", async () => {
  const ada = await signedIn();
  await causes(sdk.ValidationFailed, ada.users.createUser({ email: "nobody", password: PHRASE }), "email");
  await causes(sdk.MalformedBody, ada.me.updateMe({ bio: "\u0000" }));
  await causes(sdk.PayloadTooLarge, ada.me.updateMe({ bio: "x".repeat(100_000) }));
  await causes(sdk.UriTooLong, ada.users.listUsers({ q: "x".repeat(9_000) }));
  await causes(sdk.NotFound, ada.roles.getRole("nowhere"));
  await causes(sdk.HeadersTooLarge, ada.withOptions({ headers: { "X-Long": "x".repeat(20_000) } }).health.getHealth());
  const typed = await signedIn({ fetch: faulty((_, headers) => headers.set("Content-Type", "text/plain")) });
  await causes(sdk.UnsupportedMediaType, typed.me.updateMe({ bio: "" }));
  const wrong = await signedIn({ fetch: faulty((init) => (init.method = "DELETE")) });
  await causes(sdk.MethodNotAllowed, wrong.me.getMe());
});

test("a caller who is not signed in, or not rightly", async () => {
  const nobody = new Charter({ baseUrl });
  await causes(sdk.Unauthenticated, nobody.me.getMe());
  await causes(sdk.InvalidToken, new Charter({ baseUrl, accessToken: "a.b.c" }).me.getMe());
  await causes(sdk.InvalidCredentials, nobody.auth.login({ email: "nobody@example.com", password: PHRASE }));
  await causes(sdk.InvalidRefreshToken, nobody.auth.refresh({ refresh_token: "no token of this server" }));
  const { client: one } = await person("ended");
  const copy = new Charter({ baseUrl, accessToken: (await one.getTokens())?.accessToken });
  await one.auth.logout();
  await causes(sdk.SessionEnded, copy.me.getMe());
});

test("a caller who may not, or not now", async () => {
  const { client: one, email } = await person("user");
  await causes(sdk.Forbidden, one.users.listUsers());
  const nobody = new Charter({ baseUrl, retries: 0 });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await causes(sdk.InvalidCredentials, nobody.auth.login({ email, password: "not the phrase" }));
  }
  const limited = nobody.auth.login({ email, password: "not the phrase" });
  await causes(sdk.RateLimited, limited);
  await limited.catch((error: unknown) => assert.ok(error instanceof sdk.RateLimited && (error.retryAfter ?? 0) > 0));
});

test("a change that what is there does not allow", async () => {
  const ada = await signedIn();
  const me = await ada.me.getMe();
  await causes(sdk.EmailTaken, ada.users.createUser({ email: admin.email, password: PHRASE }));
  const role = `codes-${crypto.randomUUID().slice(0, 8)}`;
  await ada.roles.createRole({ name: role, description: "A test.", permissions: ["users:read"] });
  await causes(sdk.RoleTaken, ada.roles.createRole({ name: role, description: "", permissions: [] }));
  const user = await ada.users.createUser({ email: address("role"), password: PHRASE, role });
  await causes(sdk.RoleInUse, ada.roles.deleteRole(role));
  await causes(sdk.RoleBuiltIn, ada.roles.deleteRole("guest"));
  await causes(sdk.LastAdmin, ada.users.setUserRole(me.id, { role: "user" }));
  const stale = { display_name: "x", locale: null, time_zone: null, avatar_url: null, bio: null };
  await causes(sdk.PreconditionFailed, ada.profiles.replaceProfile(user.id, stale, { ifMatch: '"999"' }));
  const without = await signedIn({ fetch: faulty((_, headers) => headers.delete("If-Match")) });
  await causes(sdk.PreconditionRequired, without.profiles.replaceProfile(user.id, stale, { ifMatch: "*" }));
});

test("a key of one's own makes a call once, and is for one request only", async () => {
  const ada = (await signedIn()).withOptions({ retries: 0 });
  const options = { idempotencyKey: crypto.randomUUID() };
  const body = { email: address("key"), password: PHRASE };
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => ada.users.withResponse.createUser(body, options)));
  const made = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  assert.equal(made.filter((response) => !response.replayed).length, 1);
  for (const result of results) if (result.status === "rejected") await causes(sdk.IdempotencyInProgress, Promise.reject(result.reason as Error));
  const again = await ada.users.withResponse.createUser(body, options);
  assert.equal(again.replayed, true);
  assert.equal(again.data.id, made[0]?.data.id);
  await causes(sdk.IdempotencyKeyReused, ada.users.createUser({ ...body, email: "other@example.com" }, options));
});

after(() => {
  // A sound server does not send two of them. One needs a sign-in that is some time ago: late.test.ts causes it. And the
  // server sends the last one only if a request with the same key takes long: before that, it waits for it.
  const rest = ["InternalError", "Unavailable", "StepUpRequired", "IdempotencyInProgress"];
  assert.deepEqual([...KINDS.keys()].filter((name) => !seen.has(name) && !rest.includes(name)), []);
});

test("each error code has its class", async () => {
  const names = JSON.parse(process.env["CHARTER_ERROR_CODES"] ?? "{}") as Record<string, string>;
  assert.deepEqual(Object.values(names).sort(), [...KINDS.keys()].sort());
  for (const [code, name] of Object.entries(names)) {
    await withServer([[400, JSON_TYPE, errorBody(code)]], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).roles.getRole("x"), (error) => {
        assert.ok(error instanceof sdk.ResponseError && error.code === code && error.name === name);
        assert.equal(error.constructor, KINDS.get(name));
        return true;
      });
    });
  }
});

/** How long the package waits: the times that it gives to its timers, which end early here. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Charter, ConnectionFailed } from "charter-client";

import { errorBody, JSON_TYPE, success } from "./support.js";

const TIMEOUT = 30_000;

/** Run with timers that keep the milliseconds they are given, and take at most 20. Node's own fetch would use them, too. */
async function withTimers(act: (asked: number[]) => Promise<void>): Promise<void> {
  const real = globalThis.setTimeout;
  const asked: number[] = [];
  const short = (callback: () => void, milliseconds = 0): unknown => {
    asked.push(milliseconds);
    return real(callback, Math.min(milliseconds, 20));
  };
  globalThis.setTimeout = short as typeof setTimeout;
  try {
    await act(asked);
  } finally {
    globalThis.setTimeout = real;
  }
}

function response(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { ...JSON_TYPE, ...headers } });
}

/** A fetch that keeps the last time that was given to a timer before each request, and gives these responses; null hangs. */
function noting(asked: readonly number[], responses: (Response | null)[]): { fetch: typeof fetch; given: [string, number | undefined][] } {
  const given: [string, number | undefined][] = [];
  return {
    given,
    fetch: (input, init) => {
      const next = responses[given.length];
      given.push([new URL(String(input)).pathname, asked.at(-1)]);
      if (next) return Promise.resolve(next);
      return new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    },
  };
}

test("an attempt of a refresh takes at most 5 seconds, so that another one is in time", async () => {
  await withTimers(async (asked) => {
    const noted = noting(asked, [
      response(401, errorBody("INVALID_TOKEN")),
      null,
      response(200, success({ access_token: "c", refresh_token: "d", token_type: "Bearer", expires_in: 900 })),
      response(200, success({ email: "a@example.com" })),
    ]);
    const client = new Charter({ baseUrl: "http://accounts", timeout: TIMEOUT, retries: 0, fetch: noted.fetch });
    await client.signInWith({ accessToken: "a", refreshToken: "b" });
    assert.equal((await client.me.getMe()).email, "a@example.com");
    const [me, refresh] = ["/v1/users/me", "/v1/auth/refresh"];
    assert.deepEqual(noted.given, [[me, TIMEOUT], [refresh, 5_000], [refresh, 5_000], [me, TIMEOUT]]);
  });
});

test("a client with a shorter timeout refreshes within it", async () => {
  await withTimers(async (asked) => {
    const noted = noting(asked, [response(401, errorBody("INVALID_TOKEN")), response(401, errorBody("INVALID_REFRESH_TOKEN"))]);
    const client = new Charter({ baseUrl: "http://accounts", timeout: 1_000, retries: 0, fetch: noted.fetch });
    await client.signInWith({ accessToken: "a", refreshToken: "b" });
    await assert.rejects(client.me.getMe(), { name: "InvalidRefreshToken" });
    assert.deepEqual(noted.given.map(([, timeout]) => timeout), [1_000, 1_000]);
  });
});

for (const [name, headers, least, most] of [
  ["without a response", null, 125, 250],
  ["without a Retry-After", {}, 125, 250],
  ["with a Retry-After", { "Retry-After": "7" }, 7_000, 7_250],
] as const) {
  test(`clients that failed together ${name} do not come back together`, async () => {
    await withTimers(async (asked) => {
      const failing: typeof fetch = () =>
        headers === null ? Promise.reject(new TypeError("gone")) : Promise.resolve(response(503, errorBody("UNAVAILABLE"), headers));
      const client = new Charter({ baseUrl: "http://accounts", timeout: TIMEOUT, retries: 1, fetch: failing });
      await Promise.all(Array.from({ length: 200 }, () => assert.rejects(client.me.getMe(), headers === null ? ConnectionFailed : { name: "Unavailable" })));
      const pauses = asked.filter((milliseconds) => milliseconds !== TIMEOUT).sort((one, other) => one - other);
      assert.equal(pauses.length, 200);
      const [first = 0, last = 0] = [pauses[0], pauses.at(-1)];
      assert.ok(least <= first && last <= most, `${first} to ${last}`);
      // Of 200 pauses, none in one of the outer quarters happens once in 10^24 runs.
      assert.ok(first < least + (most - least) / 4 && last > most - (most - least) / 4, `${first} to ${last}`);
      assert.ok(new Set(pauses).size > 100);
    });
  });
}

/** Retries, and what is said when what responds is not a Charter server. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import * as sdk from "charter-client";
import { Charter, ConnectionFailed, RateLimited, ResponseError, TimedOut, UnexpectedResponse, UnsupportedVersion } from "charter-client";

type Sent = readonly [status: number, headers: Record<string, string>, body: string] | "hang" | "break";

const JSON_TYPE = { "Content-Type": "application/json" };

function envelope(code: string, version = "1.0"): string {
  const meta = { timestamp: "2026-01-31T12:00:00.000Z", version, request_id: "r-1" };
  return JSON.stringify({ data: null, meta, errors: [{ code, message: "No.", field: null }] });
}

const BUSY: Sent = [503, { ...JSON_TYPE, "Retry-After": "0" }, envelope("UNAVAILABLE")];

/** Run a server that is none of ours; it sends these responses in turn, the last one again and again. */
async function withServer(sent: readonly Sent[], act: (url: string, seen: IncomingMessage[]) => Promise<void>): Promise<void> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const next = sent[Math.min(seen.length, sent.length - 1)];
    seen.push(request);
    if (next === undefined || next === "hang") return;
    if (next === "break") {
      request.socket.destroy();
      return;
    }
    response.writeHead(next[0], next[1]).end(next[2]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

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
  await withServer(["break", BUSY, [409, JSON_TYPE, envelope("EMAIL_TAKEN")]], async (url, seen) => {
    const client = new Charter({ baseUrl: url });
    await assert.rejects(client.users.createUser({ email: "a@example.com", password: "x" }), { name: "EmailTaken" });
    const keys = seen.map((request) => request.headers["idempotency-key"]);
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
    assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
  });
});

test("a long Retry-After is thrown, with its seconds", async () => {
  await withServer([[429, { ...JSON_TYPE, "Retry-After": "31" }, envelope("RATE_LIMITED")]], async (url, seen) => {
    await assert.rejects(new Charter({ baseUrl: url }).me.getMe(), (error) => {
      assert.ok(error instanceof RateLimited);
      assert.equal(error.retryAfter, 31);
      return true;
    });
    assert.equal(seen.length, 1);
  });
});

test("timeouts, broken connections and cancelled calls are told apart", async () => {
  await withServer(["hang"], async (url, seen) => {
    const client = new Charter({ baseUrl: url, retries: 0 });
    await assert.rejects(client.me.getMe({ timeout: 50 }), TimedOut);
    await assert.rejects(client.me.getMe({ signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
    await assert.rejects(client.me.getMe({ signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.equal(seen.length, 2);
  });
  await withServer(["break"], async (url) => {
    await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), ConnectionFailed);
  });
});

for (const [name, sent, kind, told] of [
  ["a page that asks to sign in", [200, { "Content-Type": "text/html" }, "<html>"], UnexpectedResponse, /not from Charter/],
  ["a proxy", [502, { "Content-Type": "text/html" }, "<html>"], UnexpectedResponse, /a proxy responded/],
  ["a redirect", [301, { Location: "https://other.example.com/" }, ""], UnexpectedResponse, /a redirect to https:..other/],
  ["other JSON", [200, JSON_TYPE, "{}"], UnexpectedResponse, /not from Charter/],
  ["a later version", [200, JSON_TYPE, envelope("X", "2.0")], UnsupportedVersion, /speaks version 2.0/],
  ["an unknown code", [400, JSON_TYPE, envelope("NEW_CODE")], ResponseError, /^400 NEW_CODE: No. Request r-1.$/],
] as const) {
  test(`${name} is told in one line`, async () => {
    await withServer([sent], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), (error) => {
        assert.ok(error instanceof kind);
        assert.match(error.message, told);
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
  for (const name of ["", ".", ".."]) await assert.rejects(client.roles.getRole(name), /role_name must be/);
});

test("each error code has its class", async () => {
  const classes = (Object.values(sdk) as unknown[]).filter(
    (value): value is new (...words: never[]) => ResponseError =>
      typeof value === "function" && value.prototype instanceof ResponseError,
  );
  assert.ok(classes.length > 25);
  for (const kind of classes) {
    const code = kind === sdk.ValidationFailed ? "VALIDATION_ERROR" : kind.name.replace(/(?<=.)(?=[A-Z])/g, "_").toUpperCase();
    await withServer([[400, JSON_TYPE, envelope(code)]], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), (error) => {
        assert.ok(error instanceof kind, code);
        assert.equal((error as Error).name, kind.name);
        return true;
      });
    });
  }
});

test("an update without an ETag writes nothing", async () => {
  const read = JSON.stringify({ data: {}, meta: { version: "1.0" }, errors: null });
  await withServer([[200, JSON_TYPE, read]], async (url, seen) => {
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

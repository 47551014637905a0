/** What the tests share: the server, people on it, a fetch that listens, and servers that are none of ours. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { Charter, type ClientOptions, MemoryStore, type StoredTokens } from "charter-client";

/** A running Charter, and its first admin. */
export const baseUrl = process.env["CHARTER_URL"] ?? "";
export const password = process.env["CHARTER_ADMIN_PASSWORD"] ?? "";
export const admin = { email: "admin@example.com", password };

export const PHRASE = "another lantern 8 quarry";

/** Sign in as the first admin. */
export async function signedIn(given: Partial<ClientOptions> = {}): Promise<Charter> {
  const client = new Charter({ baseUrl, ...given });
  await client.auth.login(admin);
  return client;
}

/** Return an address that nobody has. */
export function address(name: string): string {
  return `${name}-${crypto.randomUUID().slice(0, 8)}@example.com`;
}

/** Make an account, and sign in with it; its password is PHRASE. */
export async function person(name: string, given: Partial<ClientOptions> = {}): Promise<{ client: Charter; email: string; id: string }> {
  const email = address(name);
  const { id } = await (await signedIn()).users.createUser({ email, password: PHRASE, role: "user", email_verified: true });
  const client = new Charter({ baseUrl, ...given });
  await client.auth.login({ email, password: PHRASE });
  return { client, email, id };
}

/** A fetch that keeps the request lines. */
export function listening(): { fetch: typeof fetch; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    fetch: (input, init) => {
      lines.push(`${init?.method ?? "GET"} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    },
  };
}

/** Give the store an access token that the server rejects, as one that has expired. */
export function spoil(store: MemoryStore): StoredTokens {
  const tokens = store.load();
  assert.ok(tokens?.refreshToken);
  const spoilt = { ...tokens, accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA` };
  store.save(spoilt);
  return spoilt;
}

/** A promise with the function that fulfils it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** A fetch that holds back the response of each refresh. */
export function holding(): { fetch: typeof fetch; refreshed: Promise<void>; release: () => void } {
  const began = gate();
  const held = gate();
  return {
    refreshed: began.opened,
    release: held.open,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (String(input).endsWith("/v1/auth/refresh")) {
        began.open();
        await held.opened;
      }
      return response;
    },
  };
}

export type Sent = readonly [status: number, headers: Record<string, string>, body: string] | "hang" | "break" | "trickle";

export const JSON_TYPE = { "Content-Type": "application/json" };
const META = { timestamp: "2026-01-31T12:00:00.000Z", version: "1.0", request_id: "r-1" };

/** Return the body of an error. */
export function errorBody(code: string, version = "1.0"): string {
  return JSON.stringify({ data: null, meta: { ...META, version }, errors: [{ code, message: "No.", field: null }] });
}

/** Return the body of a success. */
export function success(data: unknown, more: object = {}): string {
  return JSON.stringify({ data, meta: { ...META, ...more }, errors: null });
}

export const BUSY: Sent = [503, { ...JSON_TYPE, "Retry-After": "0" }, errorBody("UNAVAILABLE")];

function respond(next: Sent | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (next === undefined || next === "hang") return;
  if (next === "break") {
    request.socket.destroy();
  } else if (next === "trickle") {
    response.writeHead(200, JSON_TYPE).write("{");
  } else {
    response.writeHead(next[0], next[1]).end(next[2]);
  }
}

/** Run a server that is none of ours; it sends these responses in turn, the last one again and again. */
export async function withServer(sent: readonly Sent[], act: (url: string, seen: IncomingMessage[]) => Promise<void>): Promise<void> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const next = sent[Math.min(seen.length, sent.length - 1)];
    seen.push(request);
    respond(next, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A walk through the package with nothing that only one runtime has; it returns what it saw in one line. */

export type Package = typeof import("charter-client");

function expect(held: boolean, what: string): void {
  if (!held) throw new Error(`not so: ${what}`);
}

async function thrown(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/**
 * Walk through the package.
 *
 * @param sdk the package, loaded as the runtime does it.
 * @param baseUrl a running Charter.
 * @param password of its first admin.
 */
export async function walk(sdk: Package, baseUrl: string, password: string): Promise<string> {
  let refreshes = 0;
  const counting: typeof fetch = (input, init) => {
    if (String(input).endsWith("/v1/auth/refresh")) refreshes += 1;
    return fetch(input, init);
  };
  const store = new sdk.MemoryStore();
  const client = new sdk.Charter({ baseUrl, store, fetch: counting });
  const { user: me } = await client.auth.login({ email: "admin@example.com", password });
  expect(me.email === "admin@example.com", "the person who signed in");

  const tokens = store.load();
  if (tokens === null) throw new Error("no tokens are kept");
  store.save({ ...tokens, accessToken: `${tokens.accessToken.slice(0, -8)}AAAAAAAA` });
  const all = await Promise.all(Array.from({ length: 20 }, () => client.me.getMe()));
  expect(all.every((user) => user.id === me.id), "20 calls at the expiry have their results");
  expect(refreshes === 1, `they make one refresh, and not ${refreshes}`);

  const read = await client.users.withResponse.getUser(me.id);
  expect(read.etag !== null && read.requestId !== "" && read.rateLimit !== null, "a result has its facts beside it");
  const again = await client.users.withResponse.getUser(me.id, { ifNoneMatch: read.etag });
  expect(again.notModified && again.status === 304, "a 304 is a value");
  const bio = `Walked at ${Date.now()}.`;
  expect((await client.profiles.update(me.id, () => ({ bio }))).bio === bio, "an update with If-Match");
  let count = 0;
  for await (const user of client.users.iterUsers({ limit: 2 })) if (user.email) count += 1;
  expect(count > 0, "a list is gone through");

  const missing = await thrown(client.roles.getRole("nowhere"));
  expect(missing instanceof sdk.NotFound && missing instanceof Error && missing.requestId !== "", "a rejection is an error of its class");
  const aborted = await thrown(client.me.getMe({ signal: AbortSignal.abort() }));
  expect((aborted as Error).name === "AbortError", "a call can be cancelled");
  const nowhere = new sdk.Charter({ baseUrl: "http://127.0.0.1:1", retries: 0 });
  expect((await thrown(nowhere.me.getMe())) instanceof sdk.ConnectionFailed, "a server that is not there");
  const hurried = client.withOptions({ timeout: 1, retries: 0 });
  expect((await thrown(hurried.auth.login({ email: me.email, password }))) instanceof sdk.TimedOut, "a server that takes too long");

  await client.auth.logout();
  expect(store.load() === null, "a sign-out forgets the tokens");
  expect((await thrown(client.me.getMe())) instanceof sdk.Unauthenticated, "nobody is signed in any more");
  return `${count} accounts, one refresh for 20 calls`;
}

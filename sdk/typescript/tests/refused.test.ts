/** What the package refuses: options and headers that cannot be sent, and responses that are no result. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Charter, type ClientOptions, ConnectionFailed, ResponseError, UnexpectedResponse } from "charter-client";

import { JSON_TYPE, errorBody, type Sent, success, withServer } from "./support.js";

const USER: Sent = [200, { ...JSON_TYPE, ETag: '"1"' }, success({ email: "a@example.com" })];
const NOT_MODIFIED: Sent = [304, {}, ""];

function busy(retryAfter: string): Sent {
  return [503, { ...JSON_TYPE, "Retry-After": retryAfter }, errorBody("UNAVAILABLE")];
}

/** Return what a call throws, which must be what the caller did wrong; its text must not have the secret. */
async function mistake(call: () => Promise<unknown>, message: RegExp, secret: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, message);
    assert.ok(!inspect(error, { depth: 12, showHidden: true }).includes(secret));
    return true;
  });
}

for (const bad of ["SECRET\n", "SECRET\r\nX-Other: 1", "SECRET\0", "SECRET☃", "SECRETé", "SECRET\u007f"]) {
  test(`a header with ${JSON.stringify(bad)} is named, and neither shown nor sent`, async () => {
    await withServer([USER], async (url, seen) => {
      const client = new Charter({ baseUrl: url });
      const user = { email: "a@example.com", password: "x" };
      const with_ = (given: Partial<ClientOptions>) => () => new Charter({ baseUrl: url, ...given }).me.getMe();
      await mistake(with_({ accessToken: bad }), /^The header Authorization must /, "SECRET");
      await mistake(with_({ headers: { "X-Own": bad } }), /^The header X-Own must /, "SECRET");
      await mistake(() => client.users.createUser(user, { idempotencyKey: bad }), /^The header Idempotency-Key must /, "SECRET");
      await mistake(() => client.me.updateMe({ bio: null }, { ifMatch: bad }), /^The header If-Match must /, "SECRET");
      await mistake(() => client.me.withResponse.getMe({ ifNoneMatch: bad }), /^The header If-None-Match must /, "SECRET");
      assert.equal(seen.length, 0);
    });
  });
}

test("a name that no header can have is an error, without its value", async () => {
  for (const name of ["", "X Own", "X-Own:", "X-Öwn", "X-Own\r\n", "X-Own: SECRET"]) {
    const client = new Charter({ baseUrl: "http://127.0.0.1:1", headers: { [name]: "SECRET" } });
    await mistake(() => client.me.getMe(), /^The name of a header that begins with "(X|X-|X-Own|)" cannot be sent\.$/, "SECRET");
  }
});

test("tokens that are missing or cannot be sent are no result", async () => {
  const tokens = { access_token: "c\nd", refresh_token: "e", token_type: "Bearer", expires_in: 900 };
  for (const data of [{}, { ...tokens, access_token: null }, tokens]) {
    await withServer([[200, JSON_TYPE, success(data)]], async (url) => {
      const client = new Charter({ baseUrl: url });
      await assert.rejects(client.auth.login({ email: "a@example.com", password: "x" }), { name: "UnexpectedResponse" });
      await assert.rejects(client.auth.refresh({ refresh_token: "x" }), { name: "UnexpectedResponse" });
      assert.equal(await client.getTokens(), null);
    });
  }
  await withServer([[401, JSON_TYPE, errorBody("INVALID_TOKEN")], [200, JSON_TYPE, success(tokens)]], async (url) => {
    const client = new Charter({ baseUrl: url, retries: 0 });
    await client.signInWith({ accessToken: "a", refreshToken: "b" });
    await assert.rejects(client.me.getMe(), { name: "UnexpectedResponse" });
    assert.equal((await client.getTokens())?.refreshToken, "b");
  });
});

for (const timeout of [Infinity, 2 ** 31, 3e9, Number.MAX_VALUE]) {
  test(`a timeout of ${timeout} does not end at once`, async () => {
    await withServer(["hang"], async (url) => {
      for (const client of [new Charter({ baseUrl: url, retries: 0, timeout }), new Charter({ baseUrl: url, retries: 0 }).withOptions({ timeout })]) {
        await assert.rejects(client.me.getMe({ signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
      }
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe({ timeout, signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
    });
  });
}

test("a Retry-After of a month is waited for", async () => {
  await withServer([busy("2600000")], async (url, seen) => {
    const client = new Charter({ baseUrl: url, retries: 50, maxWait: Infinity });
    await assert.rejects(client.me.getMe({ signal: AbortSignal.timeout(500) }), { name: "TimeoutError" });
    assert.equal(seen.length, 1);
  });
});

test("a wait that no clock can measure is not begun", async () => {
  await withServer([busy("9".repeat(400))], async (url, seen) => {
    await assert.rejects(new Charter({ baseUrl: url, maxWait: Infinity }).me.getMe(), { name: "Unavailable" });
    assert.equal(seen.length, 1);
  });
});

test("a time or a number that has no meaning is refused", async () => {
  const baseUrl = "http://127.0.0.1:1";
  const client = new Charter({ baseUrl });
  for (const wrong of [
    { timeout: 0 }, { timeout: -1 }, { timeout: NaN }, { maxWait: -1 }, { maxWait: NaN }, { retries: -1 }, { retries: NaN },
  ]) {
    const [[name, value]] = Object.entries(wrong) as [[string, number]];
    const message = { name: "TypeError", message: new RegExp(`^${name} must be .*, not ${value}\\.$`) };
    assert.throws(() => new Charter({ baseUrl, ...wrong }), message);
    assert.throws(() => client.withOptions(wrong), message);
    if (name === "timeout") await assert.rejects(client.me.getMe(wrong), message);
  }
});

test("a 304 that was not asked for is no result", async () => {
  await withServer([NOT_MODIFIED], async (url) => {
    const client = new Charter({ baseUrl: url, headers: { "If-None-Match": '"1"' } });
    const { me, profiles, roles, users } = new Charter({ baseUrl: url });
    for (const call of [
      () => me.getMe(), () => me.withResponse.getMe(), () => client.me.getMe(), () => client.me.withResponse.getMe(),
      () => users.getUser("x"), () => roles.getRole("x"), () => profiles.update("x", () => ({ bio: null })),
      // A variable may have more properties than its type.
      () => { const options = { timeout: 5_000, ifNoneMatch: '"1"' }; return me.getMe(options); },
    ]) {
      await assert.rejects(call, { name: "UnexpectedResponse", message: /a 304 that was not asked for/ });
    }
    assert.equal((await me.withResponse.getMe({ ifNoneMatch: '"1"' })).notModified, true);
  });
});

// The same table as in tests/integration/sdk_python/test_strange_responses.py: the packages agree.
for (const [text, seconds] of [
  ["7", 7],
  ["Mon, 01 Jan 2024 00:00:00 +99999999999999999999", null],
  ["Mon, 01 Jan 2024 00:00:00 -2400", null],
  ["Mon, 99 Jan 2024 99:99:99 GMT", null],
  ["Mon, 01 Jan 0001 00:00:00 GMT", 0],
  ["99999999999999999999 Jan 2024 00:00:00 GMT", null],
  ["-5", null],
  ["1.5", null],
  ["1, 2", null],
  ["soon", null],
  ["soon 1", null],
  ["in 5 seconds", null],
  ["2001-01-01", null],
  ["Jan 1 2001", null],
  ["inf", null],
  ["+1", null],
  ["1e1", null],
  ["", null],
  ["Mon, 01 Jan 2001 00:00:00 GMT", 0],
  ["Fri, 31 Dec 9999 23:59:59 GMT", 2 ** 31],
  ["2147483647", 2 ** 31 - 1],
  ["9".repeat(20), 2 ** 31],
  ["9".repeat(400), 2 ** 31],
  ["9".repeat(5000), 2 ** 31],
] as const) {
  test(`the seconds of a Retry-After of "${text.slice(0, 48)}" (${text.length})`, async () => {
    await withServer([busy(text)], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), (error) => {
        assert.ok(error instanceof ResponseError);
        assert.equal(error.retryAfter, seconds);
        return true;
      });
    });
  });
}

for (const text of ["Sun, 06 Nov 2044 08:49:37 GMT", "Sunday, 06-Nov-44 08:49:37 GMT", "Sun Nov  6 08:49:37 2044"]) {
  test(`a Retry-After of "${text}" is a date`, async () => {
    await withServer([busy(text)], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), (error) => {
        assert.ok(error instanceof ResponseError);
        const due = (Date.UTC(2044, 10, 6, 8, 49, 37) - Date.now()) / 1000;
        assert.ok(Math.abs((error.retryAfter ?? 0) - due) < 60, `${error.retryAfter} in the place of ${due}`);
        return true;
      });
    });
  });
}

test("a base URL that is refused is shown without what may be secret in it", () => {
  for (const baseUrl of [
    "ftp://user:SECRET@h", "https://user:SECRET@:80", "http://u:SECRET@h:99999", "http://u:SEC@RET@h", "u:SECRET@h", "http://u:SECRET@h/v1",
    "http://u:a/SECRET@h:99999", "http://u:a?SECRET@h:99999", "http://u:\nSECRET@h:99999", "http://h?key=SECRET", "http://h#SECRET",
    "http://h:99999?key=SECRET", "ftp://h/#SECRET", "h?key=SECRET", "http://h/v1?key=SECRET",
  ]) {
    assert.throws(() => new Charter({ baseUrl }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^The base URL must /);
      assert.ok(!/SEC|RET/.test(inspect(error, { showHidden: true })), error.message);
      return true;
    });
  }
});

for (const [baseUrl, shown] of [
  ["http://user:SECRET", "http://user:***"],
  ["http://user:SECRET/v1", "http://user:***"],
  ["http://user:123456", "http://user:***"],
  ["http:/user:SECRET", "http:***"],
  ["http:user:SECRET", "http:***"],
  ["user:SECRET", "user:***"],
  ["http://:SECRET", "http://:***"],
  ["http://[::1]:SECRET", "http://[::1]:***"],
  ["ftp://user:SECRET@h", "ftp://***@h"],
  ["http://u:a/SECRET@h:99999", "http://***@h:99999"],
  ["http://h:99999?key=SECRET", "http://h:99999?***"],
  ["http://h/x#SECRET", "http://h/x#***"],
  ["http://h:99999/x", "http://h:99999/x"],
  ["localhost:8080", "localhost:8080"],
] as const) {
  test(`the base URL ${baseUrl} is shown without what may be secret in it`, () => {
    assert.throws(() => new Charter({ baseUrl }), (error) => {
      assert.ok(error instanceof TypeError && error.message.startsWith("The base URL must "), String(error));
      assert.ok(error.message.endsWith(` "${shown}".`), error.message);
      assert.ok(!inspect(error, { showHidden: true }).includes("SECRET"));
      return true;
    });
  });
}

test("other messages show URLs without what may be secret in them", async () => {
  for (const target of ["https://user:SECRET@portal.example/x", "/sign-in?next=SECRET", "//user:SECRET"]) {
    await withServer([[302, { Location: target }, ""]], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url, retries: 0 }).me.getMe(), (error) => {
        assert.ok(error instanceof UnexpectedResponse);
        assert.match(error.message, /a redirect to /);
        assert.ok(!error.message.includes("SECRET"), error.message);
        return true;
      });
    });
  }
  // Some runtimes name the whole URL when a connection fails.
  const failing: typeof fetch = (input) => Promise.reject(new TypeError(`no way to (${String(input)})`));
  const client = new Charter({ baseUrl: "http://accounts.example.com", retries: 0, fetch: failing });
  await assert.rejects(client.users.listUsers({ q: "SECRET" }), (error) => {
    assert.ok(error instanceof ConnectionFailed);
    assert.match(error.message, /no way to \(http:\/\/accounts\.example\.com\/v1\/users\?\*\*\*/);
    assert.ok(!error.message.includes("SECRET"), error.message);
    return true;
  });
});

test("a result of another kind than is due is no result", async () => {
  const { meta } = JSON.parse(success(null)) as { meta: object };
  for (const data of [null, undefined, [], [{}], "text", 5, true]) {
    await withServer([[200, JSON_TYPE, JSON.stringify({ data, meta, errors: null })]], async (url) => {
      const { me, profiles, users } = new Charter({ baseUrl: url });
      for (const call of [() => me.getMe(), () => me.withResponse.getMe(), () => users.getUser("x"), () => profiles.update("x", () => ({ bio: null }))]) {
        await assert.rejects(call, { name: "UnexpectedResponse", message: /lacks what this package expects \(TypeError: it has no object\)/ });
      }
    });
  }
  for (const data of [null, undefined, {}, "text", [null], [5], [[]]]) {
    await withServer([[200, JSON_TYPE, success(data)]], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url }).roles.listPermissions(), { name: "UnexpectedResponse", message: /has no list/ });
    });
  }
});

const OFFSET = { offset: 0, limit: 1, total: 5, total_is_exact: true, next: "/v1/users?offset=1", previous: null };
const CURSOR = { limit: 1, next_cursor: "c" };

for (const change of [
  { next: undefined }, { next: 1 }, { limit: 0 }, { limit: undefined }, { limit: "1" }, { offset: undefined }, { offset: -1 }, { offset: 0.5 },
  { total: undefined }, { total_is_exact: undefined }, { total_is_exact: 1 },
]) {
  test(`a page with ${inspect(change)} is no result, and is read once`, async () => {
    await withServer([[200, JSON_TYPE, success([{}], { pagination: { ...OFFSET, ...change } })]], async (url, seen) => {
      await assert.rejects(async () => {
        for await (const _ of new Charter({ baseUrl: url }).users.iterUsers()) assert.ok(seen.length < 3);
      }, UnexpectedResponse);
      assert.equal(seen.length, 1);
    });
  });
}

for (const change of [{ next_cursor: undefined }, { next_cursor: 1 }, { limit: undefined }]) {
  test(`a page by cursor with ${inspect(change)} is no result, and is read once`, async () => {
    await withServer([[200, JSON_TYPE, success([{}], { pagination: { ...CURSOR, ...change } })]], async (url, seen) => {
      await assert.rejects(async () => {
        for await (const _ of new Charter({ baseUrl: url }).audit.iterAuditEvents()) assert.ok(seen.length < 3);
      }, UnexpectedResponse);
      assert.equal(seen.length, 1);
    });
  });
}

test("a page without a description, or with items that are no objects, is no result", async () => {
  for (const sent of [success([{}]), success([{}], { pagination: null }), success([null], { pagination: OFFSET }), success({}, { pagination: OFFSET })]) {
    await withServer([[200, JSON_TYPE, sent]], async (url) => {
      await assert.rejects(new Charter({ baseUrl: url }).users.listUsers(), { name: "UnexpectedResponse", message: /it has no page/ });
    });
  }
});

test("a list whose next page is the same again ends, and yields nothing twice", async () => {
  await withServer([[200, JSON_TYPE, success([{}], { pagination: OFFSET })]], async (url, seen) => {
    await assert.rejects(async () => {
      for await (const _ of new Charter({ baseUrl: url }).users.iterUsers()) assert.equal(seen.length, 1);
    }, { name: "CharterError", message: /another page than/ });
    assert.equal(seen.length, 2);
  });
  await withServer([[200, JSON_TYPE, success([{}], { pagination: CURSOR })]], async (url, seen) => {
    await assert.rejects(async () => {
      for await (const _ of new Charter({ baseUrl: url }).audit.iterAuditEvents()) assert.equal(seen.length, 1);
    }, { name: "CharterError", message: /another page than/ });
    assert.equal(seen.length, 2);
  });
});

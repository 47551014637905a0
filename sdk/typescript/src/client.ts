/** The client without its resources, which are generated. */

import { checkTimeout } from "./operation.js";
import type { About } from "./responses.js";
import type { Options } from "./retries.js";
import { MemoryStore, Session, type StoredTokens, type TokenStore } from "./tokens.js";
import { Transport } from "./transport.js";
import { shownUrl } from "./urls.js";

/** What may differ between clients that share a session. */
export interface ChangeableOptions {
  /** Milliseconds for each attempt, until the response is complete; 30 000 by default. `Infinity`: no limit. */
  readonly timeout?: number | undefined;
  /** How many times a call that can be repeated is sent again; 2 by default. */
  readonly retries?: number | undefined;
  /** The longest `Retry-After` that is waited for, in milliseconds; 30 000 by default. A longer one is thrown. */
  readonly maxWait?: number | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How a client is made. */
export interface ClientOptions extends ChangeableOptions {
  /** The URL of the server, such as https://accounts.example.com. */
  readonly baseUrl: string;
  /** Sent with each request, if you have one and no refresh token; otherwise sign in with `auth.login`. */
  readonly accessToken?: string | undefined;
  /** Keeps the tokens; memory by default. */
  readonly store?: TokenStore | undefined;
  /** Your own fetch, for proxies, certificates or tests. */
  readonly fetch?: typeof fetch | undefined;
  /** Gets a line for each request, without query, headers and body. */
  readonly log?: ((line: string) => void) | undefined;
}

const DEFAULTS: Options = { timeout: 30_000, retries: 2, maxWait: 30_000, headers: {} };

export class Client {
  protected readonly transport: Transport;

  constructor(options: ClientOptions, about: About, transport?: Transport) {
    this.transport = transport ?? started(options, about);
  }

  /** Return the tokens of the session; null if nobody is signed in. */
  async getTokens(): Promise<StoredTokens | null> {
    return (await this.transport.shared.session.look()).tokens;
  }

  /** Use the tokens of a session that was started elsewhere; null: forget the session without ending it. */
  signInWith(tokens: StoredTokens | null): Promise<void> {
    return this.transport.shared.session.start(tokens);
  }
}

/**
 * Return the options with those that are given.
 *
 * @throws TypeError one of them has no meaning.
 */
export function changed(options: Options, given: ChangeableOptions): Options {
  const result = {
    timeout: given.timeout ?? options.timeout,
    retries: given.retries ?? options.retries,
    maxWait: given.maxWait ?? options.maxWait,
    headers: given.headers ?? options.headers,
  };
  checkTimeout(result.timeout);
  if (!(result.retries >= 0)) throw new TypeError(`retries must be 0 or more, not ${result.retries}.`);
  if (!(result.maxWait >= 0)) throw new TypeError(`maxWait must be 0 or more milliseconds, not ${result.maxWait}.`);
  return result;
}

function started(given: ClientOptions, about: About): Transport {
  if (given.accessToken !== undefined && given.store !== undefined) {
    throw new TypeError("Give either an access token or a token store.");
  }
  const tokens = given.accessToken === undefined ? null : { accessToken: given.accessToken, refreshToken: null };
  const shared = {
    // A browser's fetch must be called as a function of the window.
    fetch: given.fetch ?? ((...words: Parameters<typeof fetch>) => fetch(...words)),
    baseUrl: checkedBaseUrl(given.baseUrl),
    session: new Session(given.store ?? new MemoryStore(tokens)),
    about,
    log: given.log,
    pendingRefreshes: new Map(),
  };
  return new Transport(shared, changed(DEFAULTS, given));
}

function checkedBaseUrl(given: string): string {
  const shown = String(given).trim().replace(/\/+$/, "");
  const wrong = new TypeError(
    `The base URL must be a URL such as https://accounts.example.com, not ${quoted(given)}.`,
  );
  let url: URL;
  try {
    url = new URL(shown);
  } catch {
    throw wrong;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong;
  if (url.username || url.password) {
    throw new TypeError("The base URL must not contain a user name or a password: sign in with auth.login.");
  }
  if (url.search || url.hash) throw new TypeError(`The base URL must have neither a query nor a fragment, unlike ${quoted(given)}.`);
  if (shown.endsWith("/v1")) {
    throw new TypeError(`The base URL must not contain the version of the API: "${shown.slice(0, -3)}".`);
  }
  return shown;
}

function quoted(url: string): string {
  return JSON.stringify(shownUrl(String(url)));
}

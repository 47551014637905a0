/** What happens in one call: attempts, pauses and a refresh. */

import { CharterError } from "./failures.js";
import { type AnyOptions, type Arguments, checkHeaders, type Invocation, isSendable, type Operation, prepare } from "./operation.js";
import {
  type About,
  CharterResponse,
  codeOf,
  failureOf,
  notCharter,
  type NotModified,
  objectOf,
  type Outcome,
  read,
  readResponse,
  readObject,
  withResult,
} from "./responses.js";
import { isLost, type Options, pauseBeforeRetry, REFRESH_TIMEOUT } from "./retries.js";
import { areOfOneSession, SameSession, type Session, type SignedIn, type StoredTokens } from "./tokens.js";

/** What the clients of one session share. */
export interface Shared {
  readonly fetch: typeof fetch;
  readonly baseUrl: string;
  readonly session: Session;
  readonly about: About;
  readonly log: ((line: string) => void) | undefined;
  /** The refresh under way in each revision. */
  readonly pendingRefreshes: Map<number, Promise<Verdict>>;
}

/** Whether to send again; or why the refresh failed. */
type Verdict = boolean | Outcome;

export type Decode<T> = (data: unknown, meta: unknown) => T;

/** The longest time of a timer, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Sends the calls of a client. */
export class Transport {
  readonly shared: Shared;
  readonly options: Options;
  readonly #sameSession: SameSession | undefined;

  constructor(shared: Shared, options: Options, sameSession?: SameSession) {
    this.shared = shared;
    this.options = options;
    this.#sameSession = sameSession;
  }

  /** Return a transport for calls that belong together: all of them are of the session of the first. */
  inOneSession(): Transport {
    return new Transport(this.shared, this.options, new SameSession());
  }

  /** Carry out an operation. */
  async call<T>(
    operation: Operation,
    given: Arguments,
    options: AnyOptions = {},
    decode: Decode<T> = readObject,
  ): Promise<CharterResponse<T>> {
    const response = withResult(await this.callConditionally(operation, given, options, decode));
    if (startsSession(operation) && tokensOf(response.data) === null) throw notCharter({ operation }, response.raw);
    return response;
  }

  /** Carry out an operation that may find the resource unchanged. */
  async callConditionally<T>(
    operation: Operation,
    given: Arguments,
    options: AnyOptions = {},
    decode: Decode<T> = readObject,
  ): Promise<CharterResponse<T> | NotModified> {
    const invocation = prepare(operation, given, options);
    const start = await this.shared.session.look();
    if (!operation.public) this.#sameSession?.check(start.tokens);
    const outcome = await this.#run(invocation, start);
    await this.#follow(invocation, given.body, outcome, start.tokens);
    return read(invocation, outcome, this.shared.about, decode);
  }

  async #run(invocation: Invocation, first: SignedIn): Promise<Outcome> {
    const { session } = this.shared;
    const isPublic = invocation.operation.public === true;
    let { tokens } = first;
    let retries = 0;
    let refreshed = false;
    let lost = false;
    for (;;) {
      const used = isPublic ? null : tokens;
      const outcome = await this.#send(invocation, used);
      const code = codeOf(outcome);
      if (used !== null && code === "SESSION_ENDED") {
        await session.replace(used, null, first.revision);
        return outcome;
      }
      if (used !== null && code === "INVALID_TOKEN" && !refreshed) {
        refreshed = true;
        const verdict = await abortable(this.#refresh(used, first.revision), invocation.options.signal);
        if (verdict === false) this.#sameSession?.check((await session.look()).tokens);
        if (verdict !== true) return verdict === false ? outcome : verdict;
      } else {
        lost ||= isLost(invocation, outcome);
        const pause = pauseBeforeRetry(invocation, outcome, retries, this.options, lost);
        if (pause === null) return outcome;
        retries += 1;
        await sleep(pause, invocation.options.signal);
      }
      const now = await session.look();
      if (!isPublic) this.#sameSession?.check(now.tokens);
      // Somebody signed out or in meanwhile, here or in another program: what is left of this call is not theirs.
      if (!isPublic && (now.revision !== first.revision || !areOfOneSession(first.tokens, now.tokens))) return outcome;
      tokens = now.tokens;
    }
  }

  async #send(invocation: Invocation, tokens: StoredTokens | null): Promise<Outcome> {
    const { baseUrl, log } = this.shared;
    const { operation, options } = invocation;
    const outcome = await this.#attempt(invocation, tokens);
    if (log !== undefined) {
      const summary =
        outcome instanceof CharterError
          ? outcome.name
          : `${outcome.raw.status} (request ${outcome.raw.headers.get("X-Request-Id") ?? "-"})`;
      log(`${operation.method} ${baseUrl}${operation.path}: ${summary}`);
    }
    options.signal?.throwIfAborted();
    return outcome;
  }

  async #attempt(invocation: Invocation, tokens: StoredTokens | null): Promise<Outcome> {
    const { signal, timeout = this.options.timeout } = invocation.options;
    signal?.throwIfAborted();
    const headers = this.#headers(invocation, tokens);
    checkHeaders(headers);
    const ended = new AbortController();
    let timedOut = false;
    // A timer that is longer ends at once; after 24 days nobody waits for a response.
    const timer = setTimeout(() => {
      timedOut = true;
      ended.abort();
    }, Math.min(timeout, LONGEST_TIMER));
    const abort = (): void => ended.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      const response = await this.shared.fetch(this.shared.baseUrl + invocation.path, {
        method: invocation.operation.method,
        headers,
        ...(invocation.body === undefined ? {} : { body: invocation.body }),
        redirect: "manual",
        signal: ended.signal,
      });
      return await readResponse(response);
    } catch (error) {
      return failureOf(invocation, new URL(this.shared.baseUrl).origin, error, timedOut);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #headers(invocation: Invocation, tokens: StoredTokens | null): Record<string, string> {
    return {
      Accept: "application/json",
      ...userAgent(this.shared.about.release),
      ...this.options.headers,
      ...invocation.headers,
      ...(tokens === null ? {} : { Authorization: `Bearer ${tokens.accessToken}` }),
    };
  }

  /** Refresh the tokens, or wait for the call that does. */
  async #refresh(used: StoredTokens, revision: number): Promise<Verdict> {
    const { session, pendingRefreshes, about } = this.shared;
    const now = await session.look();
    if (now.revision !== revision || now.tokens === null) return false;
    if (now.tokens.accessToken !== used.accessToken) return true;
    if (!now.tokens.refreshToken || about.refreshPath === null) return false;
    let pending = pendingRefreshes.get(revision);
    if (pending === undefined) {
      pending = this.#exchange(about.refreshPath, now.tokens, revision).finally(() => pendingRefreshes.delete(revision));
      pendingRefreshes.set(revision, pending);
    }
    return pending;
  }

  // No signal: others wait for it, too.
  async #exchange(path: string, tokens: StoredTokens, revision: number): Promise<Verdict> {
    const { session } = this.shared;
    const timeout = Math.min(this.options.timeout, REFRESH_TIMEOUT);
    const refresh: Operation = { name: "refresh", method: "POST", path, public: true };
    const invocation = prepare(refresh, { body: { refresh_token: tokens.refreshToken } }, { timeout });
    const outcome = await this.#run(invocation, await session.look());
    if (outcome instanceof CharterError) return outcome;
    if (outcome.raw.ok) {
      const fresh = tokensOf(outcome.body?.["data"]);
      return fresh === null ? notCharter(invocation, outcome.raw) : session.replace(tokens, fresh, revision);
    }
    // Another program with the same store may have refreshed in between. What is not from Charter signs nobody out.
    if (codeOf(outcome) === "INVALID_REFRESH_TOKEN") return (await session.replace(tokens, null, revision)) || outcome;
    return outcome;
  }

  /**
   * Sign in or out as the operation did on the server.
   *
   * A refresh or a sign-out leaves the tokens of another session alone, which somebody began meanwhile.
   */
  async #follow(invocation: Invocation, body: object | undefined, outcome: Outcome, before: StoredTokens | null): Promise<void> {
    if (outcome instanceof CharterError) return;
    const { session } = this.shared;
    const { name } = invocation.operation;
    const { ok, status } = outcome.raw;
    const isSignedOut = status === 204 || (status === 401 && codeOf(outcome) !== undefined);
    if (startsSession(invocation.operation) && ok) {
      const tokens = tokensOf(outcome.body?.["data"]);
      if (tokens !== null) await (name === "login" ? session.start(tokens) : session.startInPlace(before, tokens));
    }
    const ends = objectOf(body)?.["scope"] !== "others";
    if (name === "logout" && ends && isSignedOut) await session.startInPlace(before, null);
  }
}

/** The operations of one tag. */
export class Resource {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }
}

function startsSession({ name }: Operation): boolean {
  return name === "login" || name === "refresh";
}

/** Return the tokens of a result; null if it has none that can be sent. */
function tokensOf(data: unknown): StoredTokens | null {
  const access = objectOf(data)?.["access_token"];
  const refresh = objectOf(data)?.["refresh_token"];
  return typeof access === "string" && typeof refresh === "string" && isSendable(access)
    ? { accessToken: access, refreshToken: refresh }
    : null;
}

// A browser sends its own; setting another would cost a preflight.
function userAgent(release: string): Record<string, string> {
  const runtime = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node;
  return runtime ? { "User-Agent": `charter-client/${release} node/${runtime}` } : {};
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  for (let left = milliseconds; left > 0; left -= LONGEST_TIMER) {
    const slept = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(left, LONGEST_TIMER))));
    await abortable(slept, signal).finally(() => clearTimeout(timer));
  }
}

/** Wait for a promise, but no longer than until the signal. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort);
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", abort));
}

/** An operation of the document, one invocation of it, and what a caller can say about a call. */

/** What the document says about an operation. */
export interface Operation {
  /** The operationId. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** No token is sent. */
  readonly public?: boolean;
  /** The body of a response is the result itself. */
  readonly withoutEnvelope?: boolean;
  /** An Idempotency-Key makes the operation safe to repeat. */
  readonly acceptsKey?: boolean;
  /** Statuses beside 2xx whose body is a result, too. */
  readonly values?: readonly number[];
  /** The parameters in the query that are a moment. */
  readonly times?: readonly string[];
  /** A success has no body. */
  readonly empty?: boolean;
}

/** What a call can be given beside its arguments. */
export interface CallOptions {
  /** Cancels the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt; by default that of the client. */
  readonly timeout?: number | undefined;
}

/** For a change that can be conditional. */
export interface IfMatch {
  /** The etag of the version to change; if there is another by now, nothing changes. */
  readonly ifMatch?: string | undefined;
}

/** For a change that must be conditional. */
export interface IfMatchRequired {
  /** The etag of the version to change; if there is another by now, nothing changes. */
  readonly ifMatch: string;
}

/** For a read that can find the resource unchanged. */
export interface IfNoneMatch {
  /** The etag of the version that you have; if it is still current, the result is a `NotModified`. */
  readonly ifNoneMatch?: string | null | undefined;
}

/** For an operation that is made safe to repeat. */
export interface IdempotencyKey {
  /** Yours, to repeat the call after a restart; by default each call has one. */
  readonly idempotencyKey?: string | undefined;
}

export type AnyOptions = CallOptions & IfMatch & IfNoneMatch & IdempotencyKey;

/** The arguments of an operation. */
export interface Arguments {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: object | undefined;
  readonly body?: object | undefined;
}

/** One call of an operation, encoded; the same for all of its attempts. */
export interface Invocation {
  readonly operation: Operation;
  readonly path: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly repeatable: boolean;
  readonly options: CallOptions;
}

/**
 * Encode the arguments of a call.
 *
 * An operation that accepts an Idempotency-Key gets one here, so that all attempts have the same.
 */
export function prepare(operation: Operation, given: Arguments, options: AnyOptions): Invocation {
  if (options.timeout !== undefined) checkTimeout(options.timeout);
  const key = options.idempotencyKey ?? (operation.acceptsKey ? newKey() : undefined);
  const headers: Record<string, string> = {};
  if (options.ifMatch !== undefined) headers["If-Match"] = options.ifMatch;
  if (options.ifNoneMatch != null) headers["If-None-Match"] = options.ifNoneMatch;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  if (given.body !== undefined) headers["Content-Type"] = "application/json";
  return {
    operation,
    path: encodePath(operation.path, given.path ?? {}) + encodeQuery(given.query ?? {}, operation.times ?? []),
    body: given.body === undefined ? undefined : JSON.stringify(given.body),
    headers,
    // A refresh can be repeated: within some seconds, the server returns the same tokens for the same refresh token.
    repeatable: operation.method === "GET" || key !== undefined || operation.name === "refresh",
    options,
  };
}

/** @throws TypeError no attempt could succeed with this timeout. */
export function checkTimeout(timeout: number): void {
  if (!(timeout > 0)) throw new TypeError(`timeout must be a number of milliseconds greater than 0, not ${timeout}.`);
}

/**
 * Check what fetch would refuse or change. The message does not have the value, which may be a token.
 *
 * @throws TypeError a header cannot be sent.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const [allowed = ""] = /^[\w!#$%&'*+.^`|~-]*/.exec(name) ?? [];
    // What follows a colon may be a value.
    if (allowed !== name || name === "") throw new TypeError(`The name of a header that begins with "${allowed}" cannot be sent.`);
    if (!isSendable(value)) throw new TypeError(`The header ${name} must have only ASCII characters, and no line break.`);
  }
}

/** Return whether a text can be sent in a header as it is. */
export function isSendable(text: string): boolean {
  return /^[\t -~]*$/.test(text);
}

function encodePath(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value: unknown = values[name];
    if (typeof value !== "string" || value === "" || value === "." || value === ".." || /\p{Surrogate}/u.test(value)) {
      throw new TypeError(`${name} must be an id or a name, not ${JSON.stringify(value)}.`);
    }
    return encodeURIComponent(value);
  });
}

function encodeQuery(values: object, times: readonly string[]): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (value != null) query.set(name, times.includes(name) ? encodeTime(name, value) : String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

// Without a zone, a text means another moment on each machine.
function encodeTime(name: string, value: unknown): string {
  const text = value instanceof Date ? (Number.isNaN(value.getTime()) ? String(value) : value.toISOString()) : String(value);
  if (!/^\d{4}-\d\d-\d\d[Tt].*([Zz]|[+-]\d\d:\d\d)$/.test(text)) {
    throw new TypeError(`${name} must be a Date or a text with a time zone such as "2026-01-31T12:00:00Z", not ${JSON.stringify(text)}.`);
  }
  return text;
}

// randomUUID is missing on pages that are not served over HTTPS.
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

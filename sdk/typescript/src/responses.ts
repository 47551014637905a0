/** From an HTTP response to a result with the facts beside it, or to an error. */

import {
  CharterError,
  ConnectionFailed,
  type ErrorClass,
  type Problem,
  ResponseError,
  TimedOut,
  UnexpectedResponse,
  UnsupportedVersion,
} from "./failures.js";
import type { Invocation } from "./operation.js";
import { shownUrl, withShownUrls } from "./urls.js";

/** What the package was generated from. */
export interface About {
  /** The release of the package. */
  readonly release: string;
  /** The version of the envelope. */
  readonly version: string;
  /** The class of each error code. */
  readonly errors: Readonly<Record<string, ErrorClass>>;
  /** The path of the operation that exchanges a refresh token; null: the API has none. */
  readonly refreshPath: string | null;
}

/** The bucket that counted a request. */
export interface RateLimit {
  readonly bucket: string;
  /** How many requests are left. */
  readonly remaining: number;
  /** In how many seconds the bucket is full again. */
  readonly reset: number;
  /** How many requests it allows in `window` seconds; null if the server does not say. */
  readonly limit: number | null;
  readonly window: number | null;
}

class Facts {
  /** The response of fetch; its body has been read, `text` has it. */
  readonly raw: Response;
  /** The body. */
  readonly text: string;

  constructor(raw: Response, text: string) {
    this.raw = raw;
    this.text = text;
  }

  /** The HTTP status. */
  get status(): number {
    return this.raw.status;
  }

  /** The version of the resource: give it as `ifMatch` with a change, or as `ifNoneMatch` with a read. */
  get etag(): string | null {
    return this.raw.headers.get("ETag");
  }

  /** Identifies the request in the logs and in the audit trail of the server. */
  get requestId(): string {
    return this.raw.headers.get("X-Request-Id") ?? "";
  }

  /** The bucket that counted the request; null if none did. */
  get rateLimit(): RateLimit | null {
    const state = /^"([^"]*)";r=(\d+);t=(\d+)/.exec(this.raw.headers.get("RateLimit") ?? "");
    const policy = /^"[^"]*";q=(\d+);w=(\d+)/.exec(this.raw.headers.get("RateLimit-Policy") ?? "");
    if (state === null) return null;
    const [, bucket = "", remaining, reset] = state;
    return {
      bucket,
      remaining: Number(remaining),
      reset: Number(reset),
      limit: policy && Number(policy[1]),
      window: policy && Number(policy[2]),
    };
  }
}

/** A result, with what the response says beside it. */
export class CharterResponse<T> extends Facts {
  readonly notModified = false;
  /** The result. */
  readonly data: T;

  constructor(data: T, raw: Response, text: string) {
    super(raw, text);
    this.data = data;
  }

  /** Whether the server had carried out the request before, and repeated its response. */
  get replayed(): boolean {
    return this.raw.headers.get("Idempotency-Replayed") === "true";
  }

  /** The path of the new resource. */
  get location(): string | null {
    return this.raw.headers.get("Location");
  }
}

/** The resource still has the version that was asked about, so the response has no data. */
export class NotModified extends Facts {
  readonly notModified = true;
}

/** Take the result out of a response. */
export async function plain<T>(response: Promise<CharterResponse<T> | NotModified>): Promise<T> {
  return withResult(await response).data;
}

/**
 * Return a response that has a result.
 *
 * @throws UnexpectedResponse it is a 304.
 */
export function withResult<T>(response: CharterResponse<T> | NotModified): CharterResponse<T> {
  if (response instanceof NotModified) throw notAskedFor(response.raw);
  return response;
}

function notAskedFor(raw: Response): UnexpectedResponse {
  return new UnexpectedResponse(`${placeOf(raw)} responded with a 304 that was not asked for: check the proxy.`, raw);
}

type Json = Readonly<Record<string, unknown>>;

/** A response whose body was read. */
export interface ReceivedResponse {
  readonly raw: Response;
  readonly text: string;
  /** The object of the body; null if it has none. */
  readonly body: Json | null;
}

/** What came of one attempt. */
export type Outcome = ReceivedResponse | CharterError;

export async function readResponse(raw: Response): Promise<ReceivedResponse> {
  const text = await raw.text();
  return { raw, text, body: contentType(raw) === "application/json" ? parsed(text) : null };
}

function parsed(text: string): Json | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

export function objectOf(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** Return a list of objects; null if it is something else. */
export function objectsOf<T>(value: unknown): readonly T[] | null {
  return Array.isArray(value) && value.every((item) => objectOf(item) !== null) ? (value as T[]) : null;
}

/** Make the result of an operation that returns an object. */
export function readObject<T>(data: unknown): T {
  if (objectOf(data) === null) throw new TypeError("it has no object");
  return data as T;
}

/** Make the result of an operation that returns a list without pages. */
export function readList<T>(data: unknown): T[] {
  if (objectsOf(data) === null) throw new TypeError("it has no list");
  return data as T[];
}

function contentType(raw: Response): string {
  return (raw.headers.get("Content-Type") ?? "").replace(/;.*/, "").trim().toLowerCase();
}

function problemsOf(body: Json | null): Problem[] {
  const found: unknown = body?.["errors"];
  return (Array.isArray(found) ? found : []).flatMap((item: unknown) => {
    const problem = objectOf(item);
    if (problem === null) return [];
    const field = problem["field"];
    return [{ code: String(problem["code"]), message: String(problem["message"]), field: typeof field === "string" ? field : null }];
  });
}

/** Return the code of the first error of a response; undefined if there is none. */
export function codeOf(outcome: Outcome): string | undefined {
  return outcome instanceof CharterError || outcome.raw.status < 400 ? undefined : problemsOf(outcome.body)[0]?.code;
}

/** The longest time that a server can ask for, in seconds: what is longer counts as this (RFC 9111, section 1.2.2). */
const LONGEST_RETRY_AFTER = 2 ** 31;

/** Return how many seconds the server asks to wait; null if it does not say. */
export function retryAfter(raw: Response): number | null {
  const text = (raw.headers.get("Retry-After") ?? "").trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), LONGEST_RETRY_AFTER);
  // Date.parse takes nearly everything for a date, so the three forms of a date in HTTP are recognized first.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .+ \d\d:\d\d:\d\d (GMT|\d{4})$/.test(text)) return null;
  const moment = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(moment) ? null : Math.min(Math.max(0, (moment - Date.now()) / 1000), LONGEST_RETRY_AFTER);
}

/** Return whether a response is a result and no error. */
export function isValue(invocation: Invocation, raw: Response): boolean {
  return raw.ok || (invocation.operation.values ?? []).includes(raw.status);
}

/**
 * Return the result of a call.
 *
 * @throws CharterError the call failed.
 */
export function read<T>(
  invocation: Invocation,
  outcome: Outcome,
  about: About,
  decode: (data: unknown, meta: unknown) => T,
): CharterResponse<T> | NotModified {
  if (outcome instanceof CharterError) throw outcome;
  const { raw, text, body } = outcome;
  if (raw.status === 304) {
    if (invocation.headers["If-None-Match"] === undefined) throw notAskedFor(raw);
    return new NotModified(raw, text);
  }
  if (raw.status === 204 && invocation.operation.empty) return new CharterResponse(undefined as T, raw, text);
  if (body === null) throw notCharter(invocation, raw);
  if (invocation.operation.withoutEnvelope && isValue(invocation, raw)) return new CharterResponse(decode(body, undefined), raw, text);
  const meta = objectOf(body["meta"]);
  if (meta === null) throw notCharter(invocation, raw);
  checkVersion(String(meta["version"]), about.version, raw);
  if (isElsewhere(invocation, outcome)) throw notThere(invocation, raw);
  if (!isValue(invocation, raw)) throw responseError(invocation, outcome, meta, about);
  try {
    return new CharterResponse(decode(body["data"], meta), raw, text);
  } catch (error) {
    const lacks = `The response to ${invocation.operation.name} lacks what this package expects`;
    throw new UnexpectedResponse(`${lacks} (${String(error)}): use the package of the server's release.`, raw);
  }
}

function responseError(invocation: Invocation, received: ReceivedResponse, meta: Json, about: About): CharterError {
  const problems = problemsOf(received.body);
  const first = problems[0];
  if (first === undefined) return notCharter(invocation, received.raw);
  const id = meta["request_id"];
  const requestId = typeof id === "string" ? id : (received.raw.headers.get("X-Request-Id") ?? "");
  const kind = Object.hasOwn(about.errors, first.code) ? about.errors[first.code] : undefined;
  return new (kind ?? ResponseError)(received.raw, first, problems, requestId, retryAfter(received.raw));
}

function checkVersion(spoken: string, version: string, raw: Response): void {
  if (spoken.split(".")[0] === version.split(".")[0]) return;
  const summary = `The server speaks version ${spoken} of the API and this package version ${version}`;
  throw new UnsupportedVersion(`${summary}: install the package of the server's release.`, raw);
}

/**
 * Return whether a 404 is about the operation and not about what it was asked for.
 *
 * Without a parameter in the path it always is. If the base URL has a path, a server that does not know the operation has
 * counted the request in no bucket.
 */
function isElsewhere(invocation: Invocation, received: ReceivedResponse): boolean {
  if (codeOf(received) !== "NOT_FOUND") return false;
  const { url, headers } = received.raw;
  const hasPrefix = url !== "" && new URL(url).pathname !== invocation.path.replace(/\?.*/, "");
  return !invocation.operation.path.includes("{") || (hasPrefix && !headers.has("RateLimit"));
}

function notThere({ operation }: Invocation, raw: Response): UnexpectedResponse {
  const hint = "check the base URL, or use the package of the server's release";
  return new UnexpectedResponse(`${placeOf(raw)} has no ${operation.method} ${operation.path}: ${hint}.`, raw);
}

function placeOf(raw: Response): string {
  return raw.url ? new URL(raw.url).origin : "The server";
}

/** Return the error for a response that no Charter server sends. */
export function notCharter({ operation }: Pick<Invocation, "operation">, raw: Response): UnexpectedResponse {
  // A browser hides where a redirect leads.
  const redirected = raw.type === "opaqueredirect";
  const { method, path } = operation;
  const status = redirected ? "a redirect" : `${raw.status} and ${contentType(raw) || "no content type"}`;
  const summary = `${placeOf(raw)} responded to ${method} ${path} with ${status}`;
  const target = raw.headers.get("Location");
  if (target !== null || redirected) {
    const withTarget = target === null ? summary : `${summary}, a redirect to ${shownUrl(target)}`;
    return new UnexpectedResponse(`${withTarget}: use the base URL of the server itself, or sign in to this network first.`, raw);
  }
  if (raw.status >= 500 && raw.status !== 511) {
    return new UnexpectedResponse(`${summary}: a proxy responded in the place of the server.`, raw);
  }
  const hint = "check the base URL, and whether this network asks you to sign in first";
  return new UnexpectedResponse(`${summary}, which is not from Charter: ${hint}.`, raw);
}

/** Return the error for a request that got no response. */
export function failureOf(invocation: Invocation, origin: string, reason: unknown, timedOut: boolean): CharterError {
  const { method, path } = invocation.operation;
  if (timedOut) return new TimedOut(`${origin} did not respond in time to ${method} ${path}.`);
  const cause: unknown = reason instanceof Error ? (reason.cause ?? reason) : reason;
  const summary = (cause instanceof Error ? cause.message || reason : cause) as unknown;
  const text = withShownUrls(String(summary)).replace(/\.$/, "");
  return new ConnectionFailed(`${origin} was not reached: ${text}. Check the base URL and the network.`, { cause: reason });
}

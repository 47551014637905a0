/** What a call can throw, apart from the class of each error code, which is generated into errors.ts. */

import type { ErrorCode } from "./errors.js";

/** The parent of everything that a call throws on purpose. */
export class CharterError extends Error {
  override readonly name: string = "CharterError";
}

/** The server was not reached, or the connection broke before the response was complete. */
export class ConnectionFailed extends CharterError {
  override readonly name = "ConnectionFailed";
}

/** The server did not respond in time. Whether it carried out the request is not known. */
export class TimedOut extends CharterError {
  override readonly name = "TimedOut";
}

/** A list has more entries than can be reached by an offset. Read it with filters. */
export class ListTooLong extends CharterError {
  override readonly name = "ListTooLong";
}

/** Somebody signed in or out while an iterator or an update was at work. What was left of it was not sent. */
export class SessionChanged extends CharterError {
  override readonly name = "SessionChanged";
}

/** What responded is not a Charter server, or a proxy responded in its place. */
export class UnexpectedResponse extends CharterError {
  override readonly name: string = "UnexpectedResponse";
  /** The HTTP status. */
  readonly status: number;
  /** The response of fetch; its body has been read. */
  readonly response: Response;

  constructor(message: string, response: Response) {
    super(message);
    this.status = response.status;
    this.response = response;
  }
}

/** The server speaks another major version of the API than this package. */
export class UnsupportedVersion extends UnexpectedResponse {
  override readonly name = "UnsupportedVersion";
}

/** One error of a response. */
export interface Problem {
  /** For programs; its meaning does not change. */
  readonly code: ErrorCode;
  /** For people; it may change at any time. */
  readonly message: string;
  /** The part of the request that caused it, such as `profile.display_name`; null for the whole request. */
  readonly field: string | null;
}

/** The server refused the request. Each error code has a class of its own; a code of a newer server has this one. */
export class ResponseError extends CharterError {
  override readonly name: string = "ResponseError";
  /** The HTTP status. */
  readonly status: number;
  /** The code of the first error. */
  readonly code: ErrorCode;
  /** What the first error is about; null if it is about the whole request. */
  readonly field: string | null;
  /** All errors. */
  readonly errors: readonly Problem[];
  /** Identifies the request in the logs and in the audit trail of the server. */
  readonly requestId: string;
  /** How many seconds the server asks to wait before the next attempt; null if it does not say. */
  readonly retryAfter: number | null;
  /** The response of fetch; its body has been read. */
  readonly response: Response;

  constructor(response: Response, first: Problem, errors: readonly Problem[], requestId: string, retryAfter: number | null) {
    const about = first.field ? ` (${first.field})` : "";
    const more = errors.length > 1 ? ` and ${errors.length - 1} more` : "";
    super(`${response.status} ${first.code}${about}: ${first.message.replace(/\.$/, "")}${more}. Request ${requestId}.`);
    this.status = response.status;
    this.code = first.code;
    this.field = first.field;
    this.errors = errors;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.response = response;
  }
}

/** The class of an error code. */
export type ErrorClass = new (...args: ConstructorParameters<typeof ResponseError>) => ResponseError;

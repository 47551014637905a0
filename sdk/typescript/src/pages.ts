/** Pages of lists, and iterators over all of them. */

import { CharterError, ListTooLong } from "./failures.js";
import { objectOf, objectsOf } from "./responses.js";

class Items<T> implements Iterable<T> {
  /** The items of this page. */
  readonly items: readonly T[];

  constructor(items: readonly T[]) {
    this.items = items;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }
}

/** A page of a list; it can be iterated like its items. */
export class Page<T> extends Items<T> {
  /** How many results come before it. */
  readonly offset: number;
  /** How many items a page has at most. */
  readonly limit: number;
  /** How many results there are, counted up to 10000. */
  readonly total: number;
  /** False if there are more than were counted. */
  readonly totalIsExact: boolean;
  /** Whether there is a page after this one, which an offset reaches. */
  readonly hasNext: boolean;
  /** The cursor of the next page, beyond every offset; null on the last one, and in a list without. */
  readonly nextCursor: string | null;

  constructor(items: readonly T[], about: OffsetFacts) {
    super(items);
    this.offset = about.offset;
    this.limit = about.limit;
    this.total = about.total;
    this.totalIsExact = about.total_is_exact;
    this.hasNext = about.next !== null;
    this.nextCursor = about.next_cursor ?? null;
  }

  /**
   * Where the next page begins; null after the last one.
   *
   * @throws ListTooLong there is more, which no offset reaches.
   */
  nextOffset(): number | null {
    if (this.hasNext) return this.offset + this.limit;
    if (this.totalIsExact) return null;
    throw new ListTooLong(`This list has more than ${this.total} results: use filters to read the rest.`);
  }
}

/** A page of a list, newest first; it can be iterated like its items. */
export class CursorPage<T> extends Items<T> {
  /** How many items a page has at most. */
  readonly limit: number;
  /** The cursor of the next page; null on the last one. */
  readonly nextCursor: string | null;

  constructor(items: readonly T[], about: CursorFacts) {
    super(items);
    this.limit = about.limit;
    this.nextCursor = about.next_cursor;
  }
}

interface OffsetFacts {
  readonly offset: number;
  readonly limit: number;
  readonly total: number;
  readonly total_is_exact: boolean;
  readonly next: string | null;
  readonly next_cursor?: string | null;
}

interface CursorFacts {
  readonly limit: number;
  readonly next_cursor: string | null;
}

/** What each fact of a page must be. An iterator over pages without `next` would not end. */
type Checks<F> = Readonly<Record<keyof F, (value: unknown) => boolean>>;

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
const isTextOrNull = (value: unknown): boolean => typeof value === "string" || value === null;
const isLimit = (value: unknown): boolean => isCount(value) && value !== 0;

const OFFSET_CHECKS: Checks<OffsetFacts> = {
  offset: isCount,
  limit: isLimit,
  total: isCount,
  total_is_exact: (value) => typeof value === "boolean",
  next: isTextOrNull,
  next_cursor: (value) => value === undefined || isTextOrNull(value),
};
const CURSOR_CHECKS: Checks<CursorFacts> = { limit: isLimit, next_cursor: isTextOrNull };

function parts<T, F>(data: unknown, meta: unknown, checks: Checks<F>): [readonly T[], F] {
  const items = objectsOf<T>(data);
  const about = objectOf(objectOf(meta)?.["pagination"]);
  if (items === null || about === null) throw new TypeError("it has no page");
  for (const [name, isRight] of Object.entries(checks) as [string, (value: unknown) => boolean][]) {
    if (!isRight(about[name])) throw new TypeError(`its page has no valid ${name}`);
  }
  return [items, about as F];
}

/** Make a page from a response. */
export function readPage<T>(data: unknown, meta: unknown): Page<T> {
  return new Page(...parts<T, OffsetFacts>(data, meta, OFFSET_CHECKS));
}

/** Make a page from a response. */
export function readCursorPage<T>(data: unknown, meta: unknown): CursorPage<T> {
  return new CursorPage(...parts<T, CursorFacts>(data, meta, CURSOR_CHECKS));
}

/** Yield the items of all pages, and fetch each page when it is needed. */
export async function* iterate<T>(
  fetchPage: (offset: number | undefined) => Promise<Page<T>>,
  offset: number | undefined,
): AsyncGenerator<T, void, undefined> {
  for (let at: number | null | undefined = offset; at !== null; ) {
    const page: Page<T> = await fetchPage(at);
    if (at !== undefined && page.offset !== at) throw anotherPage();
    yield* page.items;
    at = page.nextOffset();
  }
}

/**
 * Yield the items of all pages: the first one is found by offset, the others by cursor, so none is read twice.
 *
 * A server with an earlier version of the document gives no cursor: there all pages are found by offset.
 */
export async function* iterateBoth<T>(
  fetchPage: (offset: number | undefined, cursor: string | undefined) => Promise<Page<T>>,
  offset: number | undefined,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | null = null;
  for (let at: number | null | undefined = offset; at !== null; ) {
    const page: Page<T> = await fetchPage(at, undefined);
    if (at !== undefined && page.offset !== at) throw anotherPage();
    yield* page.items;
    cursor = page.nextCursor;
    at = cursor === null ? page.nextOffset() : null;
  }
  while (cursor !== null) {
    const page: Page<T> = await fetchPage(undefined, cursor);
    if (page.nextCursor === cursor) throw anotherPage();
    yield* page.items;
    cursor = page.nextCursor;
  }
}

/** Yield the items of all pages, and fetch each page when it is needed. */
export async function* iterateCursor<T>(
  fetchPage: (cursor: string | undefined) => Promise<CursorPage<T>>,
  cursor: string | undefined,
): AsyncGenerator<T, void, undefined> {
  for (let at: string | null | undefined = cursor; at !== null; ) {
    const page: CursorPage<T> = await fetchPage(at);
    if (page.nextCursor === at) throw anotherPage();
    yield* page.items;
    at = page.nextCursor;
  }
}

function anotherPage(): CharterError {
  return new CharterError("The response has another page than was asked for: check the proxy, which may ignore the query.");
}

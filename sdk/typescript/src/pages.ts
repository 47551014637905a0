/** Pages of lists, and iterators over all of them. */

import { ListTooLong } from "./failures.js";

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
  /** Whether there is a page after this one. */
  readonly hasNext: boolean;

  constructor(items: readonly T[], about: OffsetFacts) {
    super(items);
    this.offset = about.offset;
    this.limit = about.limit;
    this.total = about.total;
    this.totalIsExact = about.total_is_exact;
    this.hasNext = about.next !== null;
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
}

interface CursorFacts {
  readonly limit: number;
  readonly next_cursor: string | null;
}

function parts<T, F>(data: unknown, meta: unknown): [T[], F] {
  const about = (meta as { pagination?: F }).pagination;
  if (!Array.isArray(data) || about === undefined) throw new TypeError("it has no page");
  return [data as T[], about];
}

/** Make a page from a response. */
export function readPage<T>(data: unknown, meta: unknown): Page<T> {
  return new Page(...parts<T, OffsetFacts>(data, meta));
}

/** Make a page from a response. */
export function readCursorPage<T>(data: unknown, meta: unknown): CursorPage<T> {
  return new CursorPage(...parts<T, CursorFacts>(data, meta));
}

/** Yield the items of all pages, and fetch each page when it is needed. */
export async function* iterate<T>(
  fetchPage: (offset: number | undefined) => Promise<Page<T>>,
  offset: number | undefined,
): AsyncGenerator<T, void, undefined> {
  for (let at: number | null | undefined = offset; at !== null; ) {
    const page: Page<T> = await fetchPage(at);
    yield* page.items;
    at = page.nextOffset();
  }
}

/** Yield the items of all pages, and fetch each page when it is needed. */
export async function* iterateCursor<T>(
  fetchPage: (cursor: string | undefined) => Promise<CursorPage<T>>,
  cursor: string | undefined,
): AsyncGenerator<T, void, undefined> {
  for (let at: string | null | undefined = cursor; at !== null; ) {
    const page: CursorPage<T> = await fetchPage(at);
    yield* page.items;
    at = page.nextCursor;
  }
}

/** Changes that are made to the version that was read, and made again when another one came in between. */

import { ResponseError, UnexpectedResponse } from "./failures.js";
import type { CharterResponse } from "./responses.js";

const ATTEMPTS = 5;

/**
 * Read a resource, and write what a function changes of it.
 *
 * @param change returns the changed properties; it is called again for each version it is applied to.
 * @param write takes the body and the version that it is for.
 * @param whole the properties of the body, if the operation replaces all of them.
 */
export async function update<T extends object, C extends object, B>(
  fetchCurrent: () => Promise<CharterResponse<T>>,
  change: (current: T) => C | Promise<C>,
  write: (body: B, ifMatch: string) => Promise<T>,
  whole: readonly (keyof T)[] = [],
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const current = await fetchCurrent();
    const changes = await change(current.data);
    if (Object.keys(changes).length === 0) return current.data;
    if (current.etag === null) {
      throw new UnexpectedResponse("The response has no ETag, so an update could overwrite another change: check the proxy.", current.raw);
    }
    const known = Object.fromEntries(whole.map((name) => [name, current.data[name]]));
    try {
      return await write({ ...known, ...changes } as B, current.etag);
    } catch (error) {
      const outrun = error instanceof ResponseError && error.code === "PRECONDITION_FAILED";
      if (!outrun || attempt === ATTEMPTS) throw error;
    }
  }
}

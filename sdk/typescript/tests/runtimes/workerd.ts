/** The walk in workerd, the runtime of Cloudflare's workers: it responds to each request with what it saw. */

import * as sdk from "charter-client";

import { walk } from "../everywhere.js";

interface Bindings {
  readonly CHARTER_URL: string;
  readonly CHARTER_ADMIN_PASSWORD: string;
}

export default {
  async fetch(_: Request, bindings: Bindings): Promise<Response> {
    try {
      return new Response(await walk(sdk, bindings.CHARTER_URL, bindings.CHARTER_ADMIN_PASSWORD));
    } catch (error) {
      return new Response(error instanceof Error ? error.stack : String(error), { status: 500 });
    }
  },
};

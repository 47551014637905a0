// better-auth as its documentation has it: node:http, its own PostgreSQL adapter over pg, sessions in the database.
// An account has no role and no profile here. Usage: node better_auth.mjs PORT
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import pg from "pg";

const port = Number(process.argv[2]);
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: process.env.JWT_SECRET,
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 }),
  emailAndPassword: { enabled: true },
  // The other rivals limit nothing.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const handler = toNodeHandler(auth);
createServer((request, response) => {
  if (request.url === "/health") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "15" });
    response.end('{"status":"ok"}');
    return;
  }
  handler(request, response);
}).listen(port, "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));

/**
 * Calls of GET /v1/users/me, one after the other, by the package or by fetch alone.
 *
 * Arguments: fetch or the path of the package's module, the URL of the server, an access token, and how many seconds to
 * count. Prints how many seconds it ran, the calls a second, the latencies p50, p99 and slowest in milliseconds, and the
 * milliseconds of processor time of a call.
 */

// Until the code has been compiled.
const WARM_UP_CALLS = 400;

const [who, url, token, seconds] = process.argv.slice(2);

async function withFetch() {
  const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };
  return async () => {
    const response = await fetch(`${url}/v1/users/me`, { headers });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()).data;
  };
}

async function withPackage() {
  const { Charter } = await import(who);
  const client = new Charter({ baseUrl: url, accessToken: token });
  return () => client.me.getMe();
}

async function warmUp(call) {
  for (let count = 0; count < WARM_UP_CALLS; count += 1) await call();
}

async function during(milliseconds, call) {
  const latencies = [];
  const end = performance.now() + milliseconds;
  for (let began = performance.now(); began < end; ) {
    const user = await call();
    if (!user.email) throw new Error("the response has no account");
    const now = performance.now();
    latencies.push(now - began);
    began = now;
  }
  return latencies;
}

const call = await (who === "fetch" ? withFetch() : withPackage());
await warmUp(call);
const before = process.cpuUsage();
const began = performance.now();
const latencies = await during(Number(seconds) * 1000, call);
const passed = (performance.now() - began) / 1000;
const used = process.cpuUsage(before);
latencies.sort((one, other) => one - other);
const at = (share) => latencies[Math.ceil(share * latencies.length) - 1];
const processor = (used.user + used.system) / 1000 / latencies.length;
// The whole time of this program, in which others may have used the core, too.
const whole = performance.now() / 1000;
console.log([whole, latencies.length / passed, at(0.5), at(0.99), at(1), processor].join(" "));
process.exit(0);

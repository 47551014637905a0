/**
 * Calls of GET /v1/users/me by fetch alone and by the package, which take turns every few calls.
 *
 * Arguments: the path of the package's module, the URL of the server, an access token, and for how many seconds each is
 * measured. Prints a line for fetch and one for the package: calls a second, the latencies p50, p99 and slowest in
 * milliseconds, and the share of a core that it used.
 */

const TURN = 25;
// Until the code has been compiled.
const WARM_UP_TURNS = 16;

const [module, url, token, seconds] = process.argv.slice(2);
const { Charter } = await import(module);
const client = new Charter({ baseUrl: url, accessToken: token });
const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };

async function byFetch() {
  const response = await fetch(`${url}/v1/users/me`, { headers });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()).data;
}

const clients = [byFetch, () => client.me.getMe()].map((call) => ({ call, passed: 0, used: 0, latencies: [] }));

async function takeTurn(one) {
  const used = process.cpuUsage();
  const began = performance.now();
  for (let count = 0, last = began; count < TURN; count += 1) {
    const user = await one.call();
    if (!user.email) throw new Error("the response has no account");
    const now = performance.now();
    one.latencies.push(now - last);
    last = now;
  }
  const { user, system } = process.cpuUsage(used);
  one.passed += performance.now() - began;
  one.used += (user + system) / 1000;
}

for (let turn = 0; turn < WARM_UP_TURNS; turn += 1) for (const one of clients) await takeTurn(one);
for (const one of clients) Object.assign(one, { passed: 0, used: 0, latencies: [] });
while (clients[0].passed < Number(seconds) * 1000) for (const one of clients) await takeTurn(one);

for (const { passed, used, latencies } of clients) {
  latencies.sort((one, other) => one - other);
  const at = (share) => latencies[Math.ceil(share * latencies.length) - 1];
  console.log([(latencies.length * 1000) / passed, at(0.5), at(0.99), at(1), used / passed].join(" "));
}
process.exit(0);

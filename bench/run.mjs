// The budgets of DESIGN section 10 that exist so far, as ratios to a reference run in the same minute.
//   node bench/run.mjs [--rounds 5] [--seconds 2] [--held 10000]
//
// Server on core 0, load on core 1. A and B alternate; the ratio is taken per pair, and the median, minimum
// and maximum are printed. CPU per request is the server process's own (utime + stime).
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '..');
const bin = process.env.COUNTERSIGN_BINARY ?? path.join(root, 'build/release/countersign');
const tools = process.env.COUNTERSIGN_BENCH_DIR ?? path.join(root, 'build/bench/bench');
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const rounds = option('rounds', 5);
const seconds = option('seconds', 2);
const held = option('held', 10_000);

const scratch = mkdtempSync(path.join(tmpdir(), 'countersign-bench-'));
const children = [];
function start(command, args, env = {}) {
  const child = spawn('taskset', ['-c', '0', command, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

function cpuMicroseconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
const residentMiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024;

// One run of wrk; bad answers make the figure worthless, so they end the benchmark.
function load({ pid, url, script, connections = 64, env = {}, expectErrors = false }) {
  const before = cpuMicroseconds(pid);
  const text = execFileSync('taskset', ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s',
    path.join(root, 'bench', script), url], { env: { ...process.env, ...env }, encoding: 'utf8' });
  const requests = Number(/(\d+) requests in/.exec(text)[1]);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text);
  if (bad && !expectErrors) throw new Error(`${bad[1]} bad answers from ${url}\n${text}`);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    cpu: (cpuMicroseconds(pid) - before) / requests,
    p99: /99%\s+(\S+)/.exec(text)[1],
    requests,
  };
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const spread = (values, digits = 2) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

async function untilReady(file) {
  for (let i = 0; i < 500 && !existsSync(file); ++i) await sleep(10);
  await sleep(20);
  return JSON.parse(readFileSync(file, 'utf8'));
}
async function untilListening(url) {
  for (let i = 0; i < 500; ++i) {
    try { await fetch(url); return; } catch { await sleep(20); }
  }
  throw new Error(`${url} does not answer`);
}

async function main() {
  const rows = [];
  const note = (what, figure) => { rows.push([what, figure]); console.log(`${what}: ${figure}`); };

  const readyFile = path.join(scratch, 'ready.json');
  const began = process.hrtime.bigint();
  start(bin, ['dev', '--data-dir', path.join(scratch, 'data'), '--listen', '127.0.0.1:0', '--ready-file', readyFile],
    { COUNTERSIGN__LIMITS__GRANT_WRITES_PER_MINUTE: '1000000000', COUNTERSIGN__LOG__LEVEL: 'error' });
  const ready = await untilReady(readyFile);
  note('start to ready file, first start, ms (10 ms steps)', (Number(process.hrtime.bigint() - began) / 1e6).toFixed(0));
  await sleep(500);
  note('idle memory, MiB', residentMiB(ready.pid).toFixed(1));

  start(path.join(tools, 'bare_server'), ['27118']);
  await untilListening('http://127.0.0.1:27118/');
  const bare = { pid: Number(execFileSync('pgrep', ['-n', 'bare_server'], { encoding: 'utf8' })), url: 'http://127.0.0.1:27118/' };
  start(process.execPath, [path.join(root, 'bench/oidc_reference.mjs'), '27119'], { NODE_ENV: 'production' });
  await untilListening('http://127.0.0.1:27119/.well-known/openid-configuration');
  const oidcPid = Number(execFileSync('pgrep', ['-n', '-f', 'oidc_reference'], { encoding: 'utf8' }));

  const env = { TOKEN: ready.agentToken, KEEP_ALIVE: '1' };
  const minted = await (await fetch(`${ready.baseUrl}/v1/handoffs`, {
    method: 'POST', headers: { authorization: `Bearer ${ready.agentToken}`, 'content-type': 'application/json' },
    body: '{"integration":"demo"}' })).json();
  // A new one for each round: its in-memory store drops the oldest entries, and "unknown" answers are cheap.
  const deviceCode = async () => (await (await fetch('http://127.0.0.1:27119/device/auth', {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'client_id=bench' })).json()).device_code;

  const ours = { pid: ready.pid };
  const series = { pollCpu: [], pollPeer: [], mintBare: [], mintPeer: [] };
  const raw = { poll: [], pollCpu: [], bareGet: [], bareCpu: [], mint: [], mintCpu: [], barePost: [], peerPoll: [], peerMint: [] };
  for (let round = -1; round < rounds; ++round) {
    const poll = load({ ...ours, url: minted.pollUrl, script: 'poll.lua', env });
    const bareGet = load({ ...bare, script: 'poll.lua', env });
    const peerPoll = load({ pid: oidcPid, url: 'http://127.0.0.1:27119/token', script: 'mint.lua', expectErrors: true,
      env: { KEEP_ALIVE: '1', CONTENT_TYPE: 'application/x-www-form-urlencoded',
        BODY: `client_id=bench&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=${await deviceCode()}` } });
    const mint = load({ ...ours, url: `${ready.baseUrl}/v1/handoffs`, script: 'mint.lua', env });
    const barePost = load({ ...bare, script: 'mint.lua', env });
    const peerMint = load({ pid: oidcPid, url: 'http://127.0.0.1:27119/device/auth', script: 'mint.lua',
      env: { KEEP_ALIVE: '1', CONTENT_TYPE: 'application/x-www-form-urlencoded', BODY: 'client_id=bench' } });
    if (round < 0) continue;  // warm: the peer's code is compiled while it runs
    series.pollCpu.push(poll.cpu / bareGet.cpu);
    series.pollPeer.push(poll.perSecond / peerPoll.perSecond);
    series.mintBare.push(mint.perSecond / barePost.perSecond);
    series.mintPeer.push(mint.perSecond / peerMint.perSecond);
    raw.poll.push(poll.perSecond / 1000); raw.pollCpu.push(poll.cpu); raw.bareGet.push(bareGet.perSecond / 1000);
    raw.bareCpu.push(bareGet.cpu); raw.mint.push(mint.perSecond / 1000); raw.mintCpu.push(mint.cpu);
    raw.barePost.push(barePost.perSecond / 1000); raw.peerPoll.push(peerPoll.perSecond / 1000); raw.peerMint.push(peerMint.perSecond / 1000);
  }
  note('poll, CPU to bare GET (budget ≤ 1.5)', spread(series.pollCpu));
  note('poll, requests to oidc-provider (budget ≥ 6)', spread(series.pollPeer));
  note('mint, requests to bare POST (budget ≥ 0.4)', spread(series.mintBare));
  note('mint, requests to oidc-provider (budget ≥ 3)', spread(series.mintPeer));
  note('poll, thousand a second; CPU µs each', `${spread(raw.poll, 1)}; ${spread(raw.pollCpu)}`);
  note('bare GET, thousand a second; CPU µs each', `${spread(raw.bareGet, 1)}; ${spread(raw.bareCpu)}`);
  note('mint, thousand a second; CPU µs each', `${spread(raw.mint, 1)}; ${spread(raw.mintCpu)}`);
  note('bare POST · oidc mint · oidc poll, thousand a second', `${spread(raw.barePost, 1)} · ${spread(raw.peerMint, 1)} · ${spread(raw.peerPoll, 1)}`);

  const metrics = await (await fetch(`${ready.opsUrl}/metrics`)).text();
  const metric = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)[1]);
  note('changes per commit (budget ≥ 16 at 64 clients)',
    (metric('countersign_store_changes_total') / metric('countersign_store_commits_total')).toFixed(1));

  if (held > 0) {
    const port = new URL(ready.baseUrl).port;
    const text = execFileSync('taskset', ['-c', '1', path.join(tools, 'held_polls'), '127.0.0.1', port, ready.agentToken,
      String(ready.pid), String(held), '1000'], { encoding: 'utf8' });
    note(`${held} held polls (budget ≤ 6 kB each, idle CPU < 0.5 %, none lost)`, text.trim());
  }
  note('memory at the end, MiB', residentMiB(ready.pid).toFixed(1));
  console.log('\n| figure | median (min–max) |\n|---|---|');
  for (const [what, figure] of rows) console.log(`| ${what} | ${figure} |`);
}

try {
  await main();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await sleep(300);
  rmSync(scratch, { recursive: true, force: true });
}

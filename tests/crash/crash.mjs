// Kills the program at random moments under load, starts it again on what is left, and compares that with
// what it had answered.      node tests/crash/crash.mjs [options]
//
//   --kills N         how many times it dies by SIGKILL (50)
//   --unsynced LIB    each kill also loses whatever was not synced (unsynced.c); syncs take 2 ms
//   --proof           the program must fail: ends with 0 when it was caught. UNSAFE_STORE says how it lies.
//   --seed N          repeats the choices of an earlier run (not its timing)
//
// The program is COUNTERSIGN_BINARY. After each kill, from outside and while it runs again: `audit verify`,
// the audit export, every row by sqlite3, and over REST the handoffs that were being made.
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Line } from './callers.mjs';
import { Ledger } from './ledger.mjs';
import { Load, adopt, mintOf } from './load.mjs';
import { Place, Violation } from './program.mjs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    unsynced: { type: 'string' },
    proof: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const program = process.env.COUNTERSIGN_BINARY;
const unsafe = process.env.UNSAFE_STORE;
const wantedKills = Number(options.kills);
const killsPerPlace = 50; // the chain that is verified after each kill grows
const slowSyncMs = 2;
// What a proof must be caught at: an answer that is not kept, or a database older than its checkpoint. Answers
// before a commit show while it runs, too (a handoff that cannot be read yet); that alone is not what is proved.
const lossFound = /^LOST|audit checkpoint/;

// A small generator (mulberry32): Math.random cannot be seeded.
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = seeded(Number(options.seed));
const between = (low, high) => low + (high - low) * random();

const tally = { kills: 0, ended: 0, byMoment: {}, byState: {}, byCall: {} };
const count = (table, name) => (table[name] = (table[name] ?? 0) + 1);

// When it dies: while it starts, while it works, or while it says goodbye.
function pickMoment() {
  const dice = random();
  if (dice < 0.12) return 'starting';
  return dice < 0.24 ? 'stopping' : 'working';
}

async function note(running, moment, load) {
  const { signal, code } = await running.gone;
  if (signal !== 'SIGKILL') {
    if (moment !== 'stopping' || code !== 0) throw new Violation(`it ended by itself with ${code ?? signal}: ${running.stderr}`);
    tally.ended += 1; // it was faster
    return;
  }
  tally.kills += 1;
  count(tally.byMoment, moment);
  for (const state of load?.reached ?? []) count(tally.byState, state);
  for (const [call, number] of load?.inFlight ?? []) if (number > 0) count(tally.byCall, call);
}

async function dieStarting(place) {
  const running = place.launch();
  await sleep(between(1, 70));
  running.kill();
  await note(running, 'starting');
}

async function dieUnderLoad(place, running, ledger, moment) {
  const load = new Load(running, ledger, random, { strict: !options.proof });
  load.begin();
  const failed = await Promise.race([load.failed, sleep(between(5, 120))]);
  if (moment === 'stopping' && !failed) {
    load.expectEnd();
    running.terminate();
    await sleep(between(0, 25));
  }
  running.kill();
  await note(running, moment, load);
  await load.end();
}

// Over the front door: a mint without an answer, asked again with its key, is one handoff, the same one if it
// had been made; and some others are what the rows said.
async function askAgain(running, ledger, open) {
  const line = new Line(running.baseUrl);
  const agent = new Agent(line, running.agentToken);
  for (const entry of open) {
    const answer = await agent.call('POST', '/v1/handoffs', mintOf(entry));
    if (answer.status !== 201) throw new Violation(`the repeated ${entry.key} answered ${answer.status}: ${answer.text}`);
    adopt(entry, answer);
    entry.state ??= 'pending';
  }
  for (const entry of ledger.entries.filter(({ id }) => id).slice(-8)) {
    const answer = await agent.call('GET', `/v1/handoffs/${entry.id}`);
    if (JSON.parse(answer.text).status !== entry.state) throw new Violation(`${entry.id} is ${entry.state} and answers ${answer.text}`);
  }
  line.close();
}

// One life: up, compared with everything answered before, and down again.
async function live(place, ledger) {
  const moment = pickMoment();
  if (moment === 'starting') {
    await dieStarting(place);
  } else {
    const running = await place.start();
    try {
      const open = ledger.entries.filter(({ kind, id, touched }) => kind === 'secret_form' && !id && touched);
      ledger.compare(place);
      if (!options.proof) await askAgain(running, ledger, open);
      if (random() < 0.3) ledger.session = undefined; // a person with a new browser
      await dieUnderLoad(place, running, ledger, moment);
    } finally {
      running.kill();
    }
  }
  if (place.shim) place.cutPower();
}

async function live50(kills) {
  const shim = options.unsynced ? { library: options.unsynced, slowMs: slowSyncMs } : undefined;
  const place = new Place({ program, shim, env: unsafe ? { UNSAFE_STORE: unsafe } : {} });
  const ledger = new Ledger();
  const until = tally.kills + kills;
  try {
    while (tally.kills < until) await live(place, ledger);
    const running = await place.start();
    try {
      ledger.compare(place);
    } finally {
      running.kill();
      await running.gone;
    }
  } catch (error) {
    if (!options.proof) console.error(`what is left is in ${place.root}`);
    else place.remove();
    throw error;
  }
  place.remove();
  return ledger.counts;
}

function summary(counts, seconds) {
  const list = (table) => Object.entries(table).sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`).join(', ');
  const kind = options.unsynced ? 'crash, unsynced writes lost' : 'crash';
  return [
    `${kind}: ${tally.kills} kills in ${seconds} s (seed ${options.seed}), ${list(tally.byMoment)}; ${tally.ended} ended before the kill`,
    `  kills with handoffs that had just become: ${list(tally.byState)}`,
    `  kills in the middle of: ${list(tally.byCall)}`,
    `  writes answered: ${counts.acknowledged}, all found; handoffs in flight: ${counts.inFlight}, of which ${counts.found} done, ${counts.notFound} not`,
  ].join('\n');
}

async function main() {
  const begun = Date.now();
  const total = {};
  while (tally.kills < wantedKills) {
    const counts = await live50(Math.min(killsPerPlace, wantedKills - tally.kills));
    for (const [name, number] of Object.entries(counts)) total[name] = (total[name] ?? 0) + number;
  }
  console.log(summary(total, Math.round((Date.now() - begun) / 1000)));
}

try {
  await main();
  if (options.proof) {
    console.error(`PROOF FAILED: ${unsafe} survived ${tally.kills} kills, so this test would not notice it`);
    process.exitCode = 1;
  }
} catch (error) {
  const caught = error instanceof Violation;
  if (options.proof && caught && lossFound.test(error.message)) {
    console.log(`crash, proof: ${unsafe} was caught after ${tally.kills} kills: ${error.message.slice(0, 200)}`);
  } else {
    console.error(`crash: FAILED after ${tally.kills} kills (seed ${options.seed}): ${caught ? error.message : error.stack}`);
    process.exitCode = 1;
  }
}

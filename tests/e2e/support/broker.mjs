// The real program, started for one test and stopped after it.
//
//   const broker = await startBroker(t);              // or { args, dataDir, env, listen }
//   broker.baseUrl, .mcpUrl, .opsUrl, .agentToken, .pid      from the ready file
//   broker.adminLink                                         the one-use sign-in link
//   broker.stdout(), .stderr(), .output()                    what it printed so far; output() is both
//   broker.startedIn                                         milliseconds from its start until it was ready
//   await broker.stop()                                      SIGTERM; asserts that it ends with 0, in time
//
// A test that passes its context `t` need not stop it: it is stopped, and its end checked, after the test. For
// one broker per file pass `{ after }` of node:test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const program =
  process.env.COUNTERSIGN_BINARY ?? fileURLToPath(new URL('../../../build/release/countersign', import.meta.url));

// A release build is held to what the README promises; a debug or sanitizer build only to the function.
export const isRelease = program.includes('/release/');

// For a busy machine; what the program promises is held in process.test.mjs and newcomer.test.mjs.
const startLimitMs = 60_000;
const stopLimitMs = 20_000;
const runLimitMs = 60_000;

const running = new Set();
process.on('exit', () => running.forEach((process_) => process_.kill('SIGKILL')));

// The program with these arguments; it does not outlive the test file, however that ends.
export function spawnProgram(args, { env = {} } = {}) {
  const process_ = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(process_);
  process_.once('close', () => running.delete(process_));
  return process_;
}

// `dataDir`: kept between runs; without it --ephemeral. The rest of the environment does not reach the program.
export async function startBroker(t, { args = [], dataDir, env = {}, listen = '127.0.0.1:0' } = {}) {
  assert.ok(existsSync(program), `${program} is missing: make build`);
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  const readyFile = join(scratch, 'ready.json');
  const linkFile = join(scratch, 'admin-link');
  const storage = dataDir ? ['--data-dir', dataDir] : ['--ephemeral'];
  const process_ = spawnProgram(
    ['dev', ...storage, '--listen', listen, '--ready-file', readyFile, '--admin-link-file', linkFile, ...args],
    { env: { HOME: scratch, ...env } },
  );
  const broker = new Broker(process_, scratch);
  t?.after(() => broker.stop());
  await broker.ready(readyFile, linkFile);
  return broker;
}

class Broker {
  #process;
  #scratch;
  #printed = { stdout: '', stderr: '' };
  #exit;
  #stopped;
  #start = performance.now();

  constructor(process_, scratch) {
    this.#process = process_;
    this.#scratch = scratch;
    this.#exit = once(process_, 'close').then(([code, signal]) => ({ code, signal }));
    for (const name of ['stdout', 'stderr']) {
      process_[name].setEncoding('utf8').on('data', (text) => (this.#printed[name] += text));
    }
  }

  async ready(readyFile, linkFile) {
    const deadline = Date.now() + startLimitMs;
    // The banner follows the ready file, and comes through a pipe.
    while (!existsSync(readyFile) || !this.stdout().includes('\nDevelopment mode')) {
      const { exitCode, signalCode } = this.#process;
      if ((exitCode ?? signalCode) !== null) assert.fail(`ended with ${exitCode ?? signalCode}:\n${this.output()}`);
      if (Date.now() > deadline) assert.fail(`not ready after ${startLimitMs} ms:\n${this.output()}`);
      await sleep(10);
    }
    this.startedIn = performance.now() - this.#start;
    const { baseUrl, mcpUrl, opsUrl, agentToken, pid, ...others } = JSON.parse(readFileSync(readyFile, 'utf8'));
    assert.deepEqual(Object.keys(others), [], 'the ready file holds what an agent may see and nothing else');
    assert.equal(pid, this.#process.pid);
    Object.assign(this, { baseUrl, mcpUrl, opsUrl, agentToken, pid });
    this.adminLink = readFileSync(linkFile, 'utf8').trim();
  }

  stdout() {
    return this.#printed.stdout;
  }

  stderr() {
    return this.#printed.stderr;
  }

  output() {
    return this.stdout() + this.stderr();
  }

  // Milliseconds from the signal to the end. The second call waits for the first.
  stop() {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop() {
    const start = performance.now();
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGTERM');
    const outcome = await Promise.race([this.#exit, sleep(stopLimitMs, 'late', { ref: false })]);
    if (outcome === 'late') this.#process.kill('SIGKILL');
    rmSync(this.#scratch, { recursive: true, force: true });
    assert.notEqual(outcome, 'late', `still running ${stopLimitMs} ms after SIGTERM:\n${this.output()}`);
    assert.deepEqual(outcome, { code: 0, signal: null }, this.output());
    return performance.now() - start;
  }

  // For tests of sudden death: no drain, nothing asserted.
  async kill() {
    this.#process.kill('SIGKILL');
    await this.#exit;
    rmSync(this.#scratch, { recursive: true, force: true });
    this.#stopped = Promise.resolve(0);
  }
}

// Runs a command to its end:  const { code, stdout, stderr } = await run(['version']);
export async function run(args, options) {
  const process_ = spawnProgram(args, options);
  const late = setTimeout(() => process_.kill('SIGKILL'), runLimitMs);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    process_[name].setEncoding('utf8').on('data', (text) => (printed[name] += text));
  }
  const [code, signal] = await once(process_, 'close');
  clearTimeout(late);
  assert.notEqual(signal, 'SIGKILL', `${args.join(' ')}: not over after ${runLimitMs} ms:\n${printed.stdout}${printed.stderr}`);
  return { code, ...printed };
}

const temporary = [];
process.on('exit', () => temporary.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

// An empty folder, gone when the test file ends: hooks run in the order they were added, and a broker that uses
// it may be stopped by a later one.
export function temporaryDir() {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-data-'));
  temporary.push(dir);
  return dir;
}

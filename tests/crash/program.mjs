// The program under test: started again and again on one data directory, killed, looked at from outside.
//
//   const place = new Place({ program, shim: { library, slowMs } });   // a data directory; shim: a disk that forgets
//   const running = await place.start();                  // throws Violation when it does not come up
//   running.kill(); await running.gone;                   // { code, signal }
//   place.cutPower();                                     // with a shim: only what was synced is there
//   place.audit(), place.events(), place.rows()           // what `countersign` and sqlite3 say about it
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The program broke a promise. Anything else that is thrown is a fault of the test.
export class Violation extends Error {}

const startLimitMs = 60_000;
const lookOptions = { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 };

export class Place {
  constructor({ program, shim, env = {}, root, wrap = [] }) {
    this.program = program;
    this.shim = shim;
    this.env = env;
    this.wrap = wrap; // a command to start the program under
    this.root = root ?? realpathSync(mkdtempSync(join(tmpdir(), 'countersign-crash-')));
    this.data = join(this.root, 'data');
    this.shadow = join(this.root, 'shadow');
    mkdirSync(this.data, { recursive: true, mode: 0o700 });
  }

  remove() {
    rmSync(this.root, { recursive: true, force: true });
  }

  #environment() {
    return {
      PATH: process.env.PATH,
      HOME: this.root,
      COUNTERSIGN__LIMITS__GRANT_WRITES_PER_MINUTE: '1000000000',
      ...this.env,
    };
  }

  #shimEnvironment() {
    if (!this.shim) return {};
    rmSync(this.shadow, { recursive: true, force: true });
    mkdirSync(join(this.shadow, 'names'), { recursive: true });
    mkdirSync(join(this.shadow, 'inodes'));
    for (const name of this.#files()) copyFileSync(join(this.data, name), join(this.shadow, 'names', name));
    return {
      LD_PRELOAD: this.shim.library,
      UNSYNCED_DATA: this.data,
      UNSYNCED_SHADOW: this.shadow,
      UNSYNCED_SLOW_MS: String(this.shim.slowMs ?? 0),
    };
  }

  #files() {
    return readdirSync(this.data).filter((name) => !name.endsWith('-shm'));
  }

  // What a machine without power would find: the shadow, and no shared memory.
  cutPower() {
    for (const name of readdirSync(this.data)) rmSync(join(this.data, name));
    for (const name of readdirSync(join(this.shadow, 'names'))) {
      copyFileSync(join(this.shadow, 'names', name), join(this.data, name));
    }
  }

  // Does not wait until it is ready: `ready` does.
  launch() {
    return new Running(this, { ...this.#environment(), ...this.#shimEnvironment() });
  }

  async start() {
    const running = this.launch();
    await running.ready;
    return running;
  }

  #look(...args) {
    const env = {
      ...this.#environment(),
      COUNTERSIGN__STORAGE__DATA_DIR: this.data,
      COUNTERSIGN__KEYS__MASTER_KEY_FILE: join(this.data, 'master.key'),
    };
    return execFileSync(this.program, args, { ...lookOptions, env });
  }

  verifyAudit() {
    try {
      return JSON.parse(this.#look('audit', 'verify', '--json'));
    } catch (error) {
      throw new Violation(`audit verify ended with ${error.status}: ${error.stdout}${error.stderr}`);
    }
  }

  events() {
    const lines = this.#look('audit', 'export').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  // One value from a query that answers one JSON text.
  query(sql) {
    return JSON.parse(execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', join(this.data, 'countersign.db'), sql], lookOptions));
  }
}

class Running {
  #printed = '';
  #process;

  constructor(place, env) {
    const readyFile = join(place.root, 'ready.json');
    const linkFile = join(place.root, 'admin-link');
    for (const file of [readyFile, linkFile]) rmSync(file, { force: true });
    const [command, ...args] = [
      ...place.wrap, place.program, 'dev', '--data-dir', place.data, '--listen', '127.0.0.1:0',
      '--ready-file', readyFile, '--admin-link-file', linkFile,
    ];
    this.#process = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.#process.pid;
    this.gone = new Promise((resolve) => this.#process.on('close', (code, signal) => resolve({ code, signal })));
    this.#process.stderr.setEncoding('utf8').on('data', (text) => (this.#printed = (this.#printed + text).slice(-4000)));
    this.ready = this.#untilReady(readyFile, linkFile);
    this.ready.catch(() => {}); // who kills it while it starts does not ask
  }

  get stderr() {
    return this.#printed;
  }

  // The banner is printed after the files are written.
  async #untilReady(readyFile, linkFile) {
    let late;
    const first = await Promise.race([
      new Promise((resolve) => this.#process.stdout.on('data', () => resolve('ready'))),
      this.gone,
      new Promise((resolve) => (late = setTimeout(resolve, startLimitMs, 'late'))),
    ]);
    clearTimeout(late);
    if (first === 'late') this.kill();
    if (first !== 'ready' || !existsSync(readyFile)) {
      const how = first === 'late' ? `not ready after ${startLimitMs} ms` : `ended with ${first.code ?? first.signal}`;
      throw new Violation(`it does not start on what is left: ${how}: ${this.#printed}`);
    }
    const { baseUrl, opsUrl, agentToken } = JSON.parse(readFileSync(readyFile, 'utf8'));
    Object.assign(this, { baseUrl, opsUrl, agentToken, adminLink: readFileSync(linkFile, 'utf8').trim() });
  }

  terminate() {
    this.#process.kill('SIGTERM');
  }

  kill() {
    this.#process.kill('SIGKILL');
  }
}

// Loaded before each test file (scripts/e2e). node:test waits for ever for a test, a hook or a child process that
// does not end; here that is a failure of the file, in words that tell what it still waited for. What is limited is
// how long nothing ends: a file of many pages takes its time on a slow machine, and is well.
import { after, afterEach, beforeEach } from 'node:test';

const limitMs = 5 * 60_000;
const lastLimitMs = 90_000; // above what the hooks of broker.mjs and browser.mjs may take

let timer;

function watch(where, ms, end) {
  clearTimeout(timer);
  const giveUp = () => {
    const open = process.getActiveResourcesInfo().join(', ');
    console.error(`${process.argv[1]}: nothing ended for ${ms / 1000} s ${where}, still open: ${open}`);
    end();
  };
  timer = setTimeout(giveUp, ms).unref();
}

const fail = () => process.exit(1);

// Node's runner loads it too, and lasts as long as all files do.
if (process.env.NODE_TEST_CONTEXT) {
  watch('before the first test', limitMs, fail);
  beforeEach(({ name }) => watch(`in “${name}”`, limitMs, fail));
  afterEach(({ name }) => watch(`after “${name}”`, limitMs, fail));
  // All has been told by now: what is merely left over is named, and makes nothing fail.
  after(() => watch('after the last test', lastLimitMs, () => process.exit()));
}

// Loaded before each test file (scripts/e2e). node:test waits for ever for a test, a hook or a child process that
// does not end; here that is a failure of the file, in words that tell what it still waited for.
const limitMs = 10 * 60_000;

function giveUp() {
  console.error(`${process.argv[1]}: not finished after ${limitMs / 1000} s, still waiting for`, process.getActiveResourcesInfo());
  process.exit(1);
}

// Node's runner loads it too, and lasts as long as all files do.
if (process.env.NODE_TEST_CONTEXT) setTimeout(giveUp, limitMs).unref();

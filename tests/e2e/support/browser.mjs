// Debian's Chromium, driven by playwright-core.
//
//   const { page, context } = await openBrowser(t);            // a fresh profile; closed after the test
//   const { page } = await openBrowser(t, { javaScriptEnabled: false, colorScheme: 'dark' });
//   await heading(page, /^Hello/);                             // until that page is there
//   await assertAccessible(page);                              // axe, WCAG 2.2 AA
//
// Options are those of playwright's browser.newContext. One browser process serves a test file.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const executablePath = process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium';

// No sandbox: CI runs as root, and the only pages are ours. The rest keeps it from calling home.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const patienceMs = 30_000;
const closingMs = 10_000;

// Chromium now and then does not end when it is asked to; playwright would wait for it for ever.
const inTime = (promise) => Promise.race([promise, sleep(closingMs, 'late', { ref: false })]);

let server;
let browser; // a promise: who comes while it starts waits for the same one
after(async () => {
  if (server && (await inTime(server.close())) === 'late') await inTime(server.kill());
});

async function launch() {
  server = await chromium.launchServer({ executablePath, args, timeout: 2 * patienceMs });
  return chromium.connect(server.wsEndpoint(), { timeout: patienceMs });
}

// Phone width first: what fits there fits everywhere.
export async function openBrowser(t, options = {}) {
  assert.ok(existsSync(executablePath), `${executablePath} is missing: scripts/install-dependencies test`);
  browser ??= launch();
  const context = await (await browser).newContext({ viewport: { width: 390, height: 844 }, ...options });
  context.setDefaultTimeout(patienceMs);
  t.after(() => inTime(context.close()));
  const page = await context.newPage();
  return { page, context };
}

// Waits for the page with that heading, and for all of it: a heading shows before what stands below has come.
export async function heading(page, name) {
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.waitForLoadState();
}

export async function assertAccessible(page) {
  // Legacy mode runs inside the page; the other opens a second one for frames, which we have none of.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`);
  assert.deepEqual(found, [], `${page.url()} has accessibility problems`);
}

// What a running broker counts about itself:  await metric(broker, 'countersign_event_streams')
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export async function metric({ opsUrl }, name) {
  const text = await (await fetch(new URL('/metrics', opsUrl))).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  assert.ok(line, `no ${name} in:\n${text}`);
  return Number(line.split(' ')[1]);
}

// Waits until it has that value; fails after the patience, with the last one.
export async function metricBecomes(broker, name, wanted, patienceMs = 30_000) {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const value = await metric(broker, name);
    if (value === wanted) return;
    if (performance.now() > deadline) assert.equal(value, wanted, `${name} after ${patienceMs} ms`);
    await sleep(20);
  }
}

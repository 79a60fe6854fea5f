// The whole of a person's part without a pointer: signing in, comparing the code, mending a mistake, saving and
// looking at what was saved, with Tab, Enter and the letters alone. Once with script and once without; the pages
// have none, and it must stay so that nothing needs it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentOf } from './support/agent.mjs';
import { startBroker, temporaryDir } from './support/broker.mjs';
import { openBrowser } from './support/browser.mjs';

const mostTabs = 25;

// The focused element as a person meets it: its name, and whether it can be seen that it has the focus.
const focused = () => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { top, bottom } = element.getBoundingClientRect();
  return {
    name: (element.labels?.[0] ?? element).textContent.trim(),
    visible: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    onScreen: top >= 0 && bottom <= innerHeight, // WCAG 2.2, 2.4.11
  };
};

// Presses Tab until something of that name has the focus; all on the way must show that it has it.
async function tabTo(page, name) {
  for (let n = 0; n < mostTabs; ++n) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(focused);
    assert.ok(at.visible, `the focus on “${at.name}” can be seen`);
    assert.ok(at.onScreen, `“${at.name}” is on the screen while it has the focus`);
    if (name.test(at.name)) return;
  }
  assert.fail(`${name} is not reached with ${mostTabs} tabs`);
}

for (const javaScriptEnabled of [true, false]) {
  test(`a handoff by keyboard alone, ${javaScriptEnabled ? 'with' : 'without'} script`, async (t) => {
    const broker = await startBroker(t, { dataDir: temporaryDir() });
    const { page } = await openBrowser(t, { javaScriptEnabled });
    const heading = (text) => page.getByRole('heading', { level: 1, name: text }).waitFor();
    const handoff = await agentOf(broker).mint();

    await page.goto(broker.adminLink);
    await tabTo(page, /^Sign in$/);
    await page.keyboard.press('Enter');
    await heading(/^Hello/);
    await tabTo(page, /Demo service/);
    await page.keyboard.press('Enter');
    await heading(/not to the agent/);
    assert.ok((await page.textContent('main')).includes(handoff.userCode));

    await tabTo(page, /^Save/);
    await page.keyboard.press('Enter');
    const problem = page.getByRole('alert');
    await problem.waitFor();
    assert.match(await page.title(), /^Error: /);
    await tabTo(page, /Enter the API key/);
    await page.keyboard.press('Enter');
    assert.equal((await page.evaluate(focused)).name, 'API key', 'the problem leads to its field');
    await page.keyboard.type('demo-typed-by-hand-0123456789');
    await page.keyboard.press('Enter');
    await heading(/^Saved/);
    await tabTo(page, /remove it|Look at/i);
    await page.keyboard.press('Enter');
    await heading('Demo service');
    assert.equal((await agentOf(broker).state(handoff.handoffId)).status, 'completed');
  });
}

test('the skip link leads past the navigation', async (t) => {
  const broker = await startBroker(t);
  const { page } = await openBrowser(t);
  await page.goto(broker.adminLink);
  await page.keyboard.press('Tab');
  assert.match((await page.evaluate(focused)).name, /^Skip/);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.match((await page.evaluate(focused)).name, /^Sign in$/);
});

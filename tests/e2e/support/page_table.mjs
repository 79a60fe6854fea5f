// Tables of pages: each is opened, with script and without, read, and looked at (look.mjs). Pictures of all of them are
// kept in tests/e2e/artifacts/.
//
//   testPages({ home: { who: 'owner', at: () => '/', says: /Hello/, hides: /Error/ } }, visitors);
//   { who: 'owner', ...doing(() => '/login', 'Sign in', { Name: 'text' }), says: /a problem/ }
//
// `visitors` by name: { page, plainPage, troubles, baseUrl }; scene.mjs makes them.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { controls, look, plainText } from './look.mjs';

const artifacts = new URL('../artifacts/', import.meta.url).pathname;
mkdirSync(artifacts, { recursive: true });

// Opens a page, fills what is named and presses a button: { press: /Save/, fill: { Name: 'text' } }.
export const doing = (at, press, fill = {}) => ({ at, press, fill });

async function fillIn(page, name, text) {
  const value = typeof text === 'function' ? text() : text;
  const field = page.locator(`main [name="${name}"]`);
  if (value === false) await field.uncheck();
  else if ((await field.count()) === 1) await field.fill(value);
  else await page.getByLabel(name, { exact: true }).fill(value);
}

async function visit(page, baseUrl, { at, press, fill = {} }) {
  await page.goto(new URL(at(), baseUrl).href);
  for (const [name, text] of Object.entries(fill)) await fillIn(page, name, text);
  if (!press) return;
  // The `load` of the next page: this one's was waited for.
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: press }).click()]);
}

async function isRight(page, { says, hides }) {
  const text = await page.textContent('main');
  assert.match(text, says);
  if (hides) assert.doesNotMatch(text, hides);
  assert.equal(await page.locator('h1').count(), 1, 'one heading of the first rank');
  assert.match(await page.title(), /\S.* – Countersign$/);
  const inline = page.locator('script:not([src]), style, [style], [onclick]');
  assert.equal(await inline.count(), 0, 'neither script nor style inline');
}

// The same page for who has no script: it says the same, and the same can be filled in and pressed.
async function isTheSameWithoutScript(page, plainPage, { press }) {
  if (!press) assert.equal(await plainText(plainPage), await plainText(page));
  assert.deepEqual(await controls(plainPage), await controls(page));
  assert.deepEqual((await controls(page)).filter((control) => control.endsWith('false')), []);
}

export function testPages(pages, visitors) {
  for (const [name, expected] of Object.entries(pages)) {
    test(`page ${name}`, async () => {
      const { page, plainPage, troubles, baseUrl } = visitors[expected.who];
      troubles.length = 0;
      await visit(page, baseUrl, expected);
      await isRight(page, expected);
      await visit(plainPage, baseUrl, expected);
      await isRight(plainPage, expected);
      await isTheSameWithoutScript(page, plainPage, expected);
      await look(page, `${artifacts}${name}`);
      assert.deepEqual(troubles, []);
    });
  }
}

// How a page is looked at: on a phone, a tablet and a desk, in light and in dark.
//
//   await look(page, `${artifacts}home`);       // asserts; keeps pictures as home-360-light.png and so on
//   await plainText(page)                       // what it says, without what a script or the time of day adds
import assert from 'node:assert/strict';
import { assertAccessible } from './browser.mjs';

const widths = [360, 768, 1280];
const schemes = ['light', 'dark'];
// Contrast differs by scheme and layout by width; the tree that the other rules look at does not differ.
const lookedAtByAxe = ['360 light', '768 dark', '1280 light'];
const pictured = ['360 light', '360 dark', '768 dark', '1280 light'];
const leastTarget = 24; // WCAG 2.2, 2.5.8

const overflow = () => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth;

// WCAG 2.5.8 leaves out links inside a sentence.
const smallTargets = (least) =>
  [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
    .filter((element) => element.checkVisibility() && !element.matches('.skip'))
    .filter((element) => {
      const inSentence =
        getComputedStyle(element).display === 'inline' &&
        element.parentElement.textContent.trim().length > element.textContent.trim().length;
      // A label belongs to its box, as far as hitting it goes.
      const targets = [element, ...(element.matches('[type=checkbox], [type=radio]') ? element.labels : [])];
      const boxes = targets.map((target) => target.getBoundingClientRect());
      return !inSentence && !boxes.some(({ width, height }) => width >= least && height >= least);
    })
    .map((element) => element.outerHTML);

// Words that are laid over others, or cut off by their own box.
const cutOff = () =>
  [...document.querySelectorAll('main :is(h1, h2, h3, p, a, button, label, dt, dd, td, th, li, code, legend)')]
    .filter((element) => element.checkVisibility() && getComputedStyle(element).display !== 'inline')
    .filter((element) => !element.closest('pre, .visually-hidden, thead'))
    .filter((element) => element.scrollWidth > element.clientWidth + 1)
    .map((element) => element.outerHTML.slice(0, 200));

export async function look(page, picture) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: width < 500 ? 780 : 900 });
    for (const colorScheme of schemes) {
      const view = `${width} ${colorScheme}`;
      await page.emulateMedia({ colorScheme });
      assert.ok((await page.evaluate(overflow)) <= 0, `${view}: sticks out to the side`);
      assert.deepEqual(await page.evaluate(smallTargets, leastTarget), [], `${view}: too small to hit`);
      assert.deepEqual(await page.evaluate(cutOff), [], `${view}: wider than its own box`);
      if (lookedAtByAxe.includes(view)) await assertAccessible(page);
      if (pictured.includes(view)) {
        await page.screenshot({ path: `${picture}-${view.replace(' ', '-')}.png`, fullPage: true });
      }
    }
  }
}

// Times are in the reader's own zone with a script, and between two looks a minute may pass or the audit
// record grow; who may set up a client gets a new id each time.
export async function plainText(page) {
  const text = await page.evaluate(() => {
    const main = document.querySelector('main').cloneNode(true);
    main.querySelectorAll('time, [data-deadline], button.copy, .with-button button').forEach((part) => part.remove());
    return main.textContent;
  });
  return text
    .replace(/just now|in less than a minute( \(.*?\))?|(in )?\d+ (minute|hour)s?( ago)?( \(.*?\))?/g, '<then>')
    .replace(/Up to #\d+/g, 'Up to #<n>')
    .replace(/\/oc_\w+/g, '/<a client to be>')
    .replace(/\s+/g, ' ')
    .trim();
}

// What stands in the page for somebody to fill or press, by name.
export const controls = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('main :is(input, select, textarea, button[type=submit])')]
      .filter((element) => element.type !== 'hidden')
      .map((element) => `${element.name || element.textContent.trim()} ${element.checkVisibility() && !element.disabled}`),
  );

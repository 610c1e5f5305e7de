// SPDX-License-Identifier: Apache-2.0
// screenshots.mjs FOLDER: the pictures of the README, of the real page.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { main, sample, test } from './browser.mjs';

const folder = resolve(process.argv.splice(2, 1)[0] || 'docs/images');

test('screenshots', async ({ folder: own, open }) => {
  const size = { viewport: { width: 900, height: 960 }, reducedMotion: 'reduce' };
  const page = await open(size);
  const shoot = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  const copy = join(own, 'listings-2026.xlsx');
  copyFileSync(sample, copy);
  await page.setInputFiles('#files', copy);
  await page.locator('[data-start]:enabled').click();
  await page.locator('.badge.rejects').waitFor();
  await page.getByText('rows rejected: see which').click();
  await page.locator('[data-reject-rows] tr').first().waitFor();
  let text = 'article,price,stock\n';
  for (let i = 1; i <= 1500000; i++) text += `article ${i},${(i % 900) / 10 + 1},${i % 77}\n`;
  const list = join(own, 'stock.csv');
  writeFileSync(list, text);
  await page.setInputFiles('#files', list);
  await page.locator('[data-start]:enabled').click();
  await page.waitForFunction(() => document.querySelectorAll('polyline')[0]?.getAttribute('points').split(' ').length > 30);
  await page.locator('[data-start]').waitFor({ state: 'detached' });
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await shoot('page-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await shoot('page-dark');
});

await main();

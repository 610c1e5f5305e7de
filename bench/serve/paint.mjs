// SPDX-License-Identifier: Apache-2.0
// paint.mjs ROUNDS: when the page is painted, in milliseconds as a JSON object
// of lists; "null" where there is no browser. Run by bench_paint.
//
// A round opens the page in a new profile, with nothing in its cache; then once
// more, as a reload does, with what the browser has kept and a process that is
// warm. "before" is what passes before the first byte of the answer is there:
// mostly the browser, which starts a process for the page.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, launch } from '../../tests/web/browser.mjs';

async function look(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length);
  return page.evaluate(() => {
    const [own] = performance.getEntriesByType('navigation');
    const files = performance.getEntriesByType('resource').filter((r) => /page\.js|icon/.test(r.name));
    return {
      paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      before: own.responseStart,
      answer: own.responseStart - own.requestStart,
      bytes: files.reduce((sum, r) => sum + r.decodedBodySize, own.decodedBodySize),
      sent: files.reduce((sum, r) => sum + r.encodedBodySize, own.encodedBodySize),
    };
  });
}

async function measure(browser, url, rounds) {
  const found = { new: [], again: [] };
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 } });
    const page = await context.newPage();
    for (const list of Object.values(found)) list.push(await look(page, url));
    await context.close();
  }
  return found;
}

const browser = await launch();
let found = null;
if (browser) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-paint-'));
  const server = await new Server(folder).start();
  found = await measure(browser, server.url, Number(process.argv[2]));
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(found));

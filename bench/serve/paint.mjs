// SPDX-License-Identifier: Apache-2.0
// paint.mjs ROUNDS: when the page is painted, in milliseconds as a JSON object
// of lists; "null" where there is no browser. Run by bench_paint.
//
// A round opens the page in a new profile: nothing is in its cache, and a
// process starts for it. Then it goes there again, as a link or a reload does:
// with what the browser has kept, in a process that is warm. Beside it the same
// is done with a page of one word: the floor, below which no page comes in this
// browser on this machine at this moment.
//
// Nothing of ours runs in a page before it is painted: the browser says when it
// is, and only then is the page asked for its times.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, launch } from '../../tests/web/browser.mjs';

const WORD = '<!DOCTYPE html><html lang="en"><title>word</title><link rel="icon" href="data:,"><p>word';

function painted(cdp) {
  return new Promise((done) => {
    let current = null;
    const hear = ({ name, loaderId }) => {
      if (name === 'init') current = loaderId;
      if (name !== 'firstContentfulPaint' || loaderId !== current) return;
      cdp.off('Page.lifecycleEvent', hear);
      done();
    };
    cdp.on('Page.lifecycleEvent', hear);
  });
}

async function look(page, cdp, url) {
  const paint = painted(cdp);
  await page.goto(url, { waitUntil: 'commit' });
  await paint;
  await page.waitForLoadState('load');
  return page.evaluate(() => {
    const [own] = performance.getEntriesByType('navigation');
    const files = performance.getEntriesByType('resource').filter((r) => /page\.js|icon/.test(r.name));
    return {
      paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      before: own.responseStart,
      answer: own.responseStart - own.requestStart,
      parsed: own.domInteractive,
      bytes: files.reduce((sum, r) => sum + r.decodedBodySize, own.decodedBodySize),
      sent: files.reduce((sum, r) => sum + r.encodedBodySize, own.encodedBodySize),
    };
  });
}

async function round(browser, url, found) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Page.enable');
  await cdp.send('Page.setLifecycleEventsEnabled', { enabled: true });
  for (const list of Object.values(found)) list.push(await look(page, cdp, url));
  await context.close();
}

async function measure(browser, urls, rounds) {
  const found = {};
  for (const name of Object.keys(urls)) found[name] = { new: [], again: [] };
  for (let i = 0; i < rounds; i++)
    for (const [name, url] of Object.entries(urls)) await round(browser, url, found[name]);
  return found;
}

async function floor() {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(WORD);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

const browser = await launch();
let found = null;
if (browser) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-paint-'));
  const server = await new Server(folder).start();
  const word = await floor();
  found = await measure(browser, { floor: word.url, page: server.url }, Number(process.argv[2]));
  await browser.close();
  word.server.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(found));

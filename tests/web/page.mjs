// SPDX-License-Identifier: Apache-2.0
// page.mjs: the page in a real browser, from the drop to the rejected rows.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, sample, shots, test } from './browser.mjs';

const axe = fileURLToPath(new URL('./node_modules/axe-core/axe.min.js', import.meta.url));

// Nothing that keeps somebody out, whatever the page shows now.
async function accessible(page, where) {
  const source = readFileSync(axe, 'utf8');
  await page.evaluate(source); // the policy of the page allows no other script
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  assert.deepEqual(serious.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), []);
}

const shoot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
const drafts = (page) => page.locator('article.draft');
const jobs = (page) => page.locator('article.job');
const badge = (page, text) => page.locator('article.job .badge', { hasText: text });

// A list of so many rows, loaded slowly: each row its own transaction.
function slowList(folder, rows) {
  const file = join(folder, 'slow.csv');
  let text = 'number,word\n';
  for (let i = 1; i <= rows; i++) text += `${i},word ${i}\n`;
  writeFileSync(file, text);
  return file;
}

async function startSlowly(page, file) {
  await page.setInputFiles('#files', file);
  await page.locator('[data-method]').selectOption('sequential');
  await page.getByRole('button', { name: /^Start import/ }).click();
  await page.waitForFunction(() => {
    const rows = document.querySelector('article.job [data-total]')?.textContent.replaceAll(',', '');
    return Number(rows) > 0;
  });
}

// A workbook of these sheets: names and rows.
function workbook(folder, name, sheets) {
  const cli = fileURLToPath(new URL('../cli', import.meta.url));
  execFileSync('python3', ['-B', '-c', 'import json, sys; sys.path.insert(0, sys.argv[1]); from sluice_cli import workbook; workbook(*sys.argv[2:4], *map(tuple, json.loads(sys.argv[4])))',
    cli, folder, name, JSON.stringify(sheets)]);
  return join(folder, name);
}

test('from the drop to the rejected rows', async ({ server, open }) => {
  const page = await open();
  await accessible(page, 'empty');
  await shoot(page, 'empty');
  await page.setInputFiles('#files', sample);
  const draft = drafts(page);
  await draft.getByText('A new table “businesses” will be made.').waitFor();
  assert.equal(await draft.locator('[data-columns] tr').count(), 9);
  await accessible(page, 'draft');
  await draft.getByText('Look at the first rows').click();
  assert.equal(await draft.locator('[data-grid] tr').count(), 50);
  await shoot(page, 'draft');
  const column = draft.getByLabel('Phone goes to');
  await column.fill('telephone');
  await column.press('Tab');
  await draft.getByText('Looking again…').waitFor({ state: 'hidden' });
  await draft.getByRole('button', { name: /^Start import/ }).click();
  await badge(page, 'Done, some rows rejected').waitFor();
  assert.equal(await drafts(page).count(), 0);
  const loaded = Number((await jobs(page).locator('[data-loaded]').textContent()).replaceAll(',', ''));
  const rejected = Number(await jobs(page).locator('[data-rejected]').textContent());
  assert.equal(loaded + rejected, 10000);
  assert.equal(Number(server.sql('SELECT count(telephone) + sum(telephone IS NULL) FROM businesses')), loaded);

  await jobs(page).getByText(`${rejected} rows rejected`).click();
  const rows = jobs(page).locator('[data-reject-rows] tr');
  await rows.nth(rejected - 1).waitFor();
  assert.equal(await rows.count(), rejected);
  await accessible(page, 'rejects');
  await shoot(page, 'rejects');

  // The history is the server's: after a reload the import stands there with
  // how it ended and why; filtered by a reason, its rows alone are shown.
  await page.reload();
  await badge(page, 'Done, some rows rejected').waitFor();
  assert.equal(await page.getByText('Nothing has been imported yet.').isVisible(), false);
  assert.equal(await jobs(page).locator('[data-loaded]').textContent(), loaded.toLocaleString('en'));
  await jobs(page).getByText(`${rejected} rows rejected`).click();
  await rows.nth(rejected - 1).waitFor();
  const option = await jobs(page).locator('[data-reason] option').nth(1).textContent();
  const [, reason, many] = /^(.*) \((\d+)\)$/.exec(option);
  assert.ok(Number(many) > 0 && Number(many) < rejected, option);
  await jobs(page).locator('[data-reason]').selectOption({ index: 1 });
  await page.waitForFunction((n) => document.querySelectorAll('[data-reject-rows] tr').length === n, Number(many));
  for (const text of await rows.locator('td:last-child').allTextContents()) assert.ok(text.startsWith(reason), text);

  for (const [name, ending] of [['CSV', 'csv'], ['Excel workbook', 'xlsx']]) {
    const waiting = page.waitForEvent('download');
    await jobs(page).getByRole('link', { name }).click();
    const download = await waiting;
    assert.equal(download.suggestedFilename(), `businesses-rejects.${ending}`);
    assert.ok(statSync(await download.path()).size > 500);
  }
});

test('cancel, and go on with it', async ({ folder, server, open }) => {
  const page = await open();
  await startSlowly(page, slowList(folder, 400000));
  await page.waitForFunction(() => {
    const card = document.querySelector('article.job');
    return /^\d+ %, [\d,]+ rows a second, about .* left$/.test(card.querySelector('[data-pace]').textContent)
      && card.querySelector('[data-chart] polyline').getAttribute('points').split(' ').length > 2
      && card.querySelector('[data-bar]').value > 0;
  });
  await accessible(page, 'running');
  await shoot(page, 'running');
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await badge(page, 'Canceled').waitFor();
  const before = Number(server.sql('SELECT count(*) FROM slow'));
  assert.ok(before > 0 && before < 400000, `${before} rows when canceled`);
  await page.getByText('You stopped this import.').waitFor();
  const { imports } = await server.json('/api/imports');
  assert.equal(imports[0].counts.loaded, before);
  await page.getByRole('button', { name: /^Go on with it/ }).click();
  await badge(page, 'Running').waitFor();
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await badge(page, 'Canceled').waitFor();
  await page.getByRole('button', { name: /^Remove from the list/ }).click();
  await page.getByText('Nothing has been imported yet.').waitFor();
});

test('of a long text only the beginning is sent to look at', async ({ folder, open }) => {
  const page = await open();
  const sent = [];
  page.on('requestfinished', async (r) => { if (r.url().endsWith('/previews')) sent.push((await r.sizes()).requestBodySize); });
  await page.setInputFiles('#files', slowList(folder, 400000));
  await page.getByText(/More than 20,000 rows/).waitFor();
  await page.waitForFunction(() => document.querySelector('[data-start]:enabled'));
  assert.ok(sent.length === 1 && sent[0] < 2.1e6, `sent ${sent}`);
});

test('a reload in the middle loses nothing', async ({ folder, open }) => {
  const page = await open();
  await startSlowly(page, slowList(folder, 400000));
  await page.reload();
  await badge(page, 'Running').waitFor();
  const rows = () => page.locator('article.job [data-total]').textContent();
  const seen = await rows();
  await page.waitForFunction((before) => document.querySelector('article.job [data-total]').textContent !== before, seen);
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await badge(page, 'Canceled').waitFor();
});

test('a server that dies in the middle', async ({ folder, server, open }) => {
  const rows = 40000;
  const page = await open();
  await startSlowly(page, slowList(folder, rows));
  await server.stop('SIGKILL');
  await page.getByText('The connection to the server is lost.').waitFor();
  await shoot(page, 'lost');
  await server.start();
  await badge(page, 'Interrupted').waitFor();
  await page.getByText('The connection to the server is lost.').waitFor({ state: 'hidden' });
  await accessible(page, 'interrupted');
  await page.getByRole('button', { name: /^Go on with it/ }).click();
  await badge(page, 'Done').waitFor();
  assert.equal(server.sql('SELECT count(*), count(DISTINCT number), max(number) FROM slow'), `${rows}|${rows}|${rows}`);
});

test('files that are no workbooks', async ({ folder, open }) => {
  const page = await open();
  const fake = join(folder, 'fake.xlsx');
  writeFileSync(fake, 'PK\x03\x04 but nothing of an archive');
  const picture = join(folder, 'picture.png');
  writeFileSync(picture, '\x89PNG\r\n\x1a\n');
  await page.setInputFiles('#files', [fake, picture]);
  await page.getByText('picture.png: only .xlsx and .csv files can be imported.').waitFor();
  await drafts(page).getByText('This file cannot be used').waitFor();
  assert.ok(await drafts(page).getByRole('button', { name: /^Start import/ }).isDisabled());
  await accessible(page, 'bad file');
  await shoot(page, 'bad-file');
  await drafts(page).getByRole('button', { name: /^Remove/ }).click();
  assert.equal(await drafts(page).count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'files');
});

test('columns that do not fit the table', async ({ folder, server, open }) => {
  server.sql('CREATE TABLE people (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, born TEXT)');
  const file = join(folder, 'people.csv');
  writeFileSync(file, 'Full Name,Birthday,Shoe size\nAda,1815-12-10,37\nGrace,1906-12-09,38\n');
  const page = await open();
  await page.setInputFiles('#files', file);
  await page.getByText('The columns do not fit the table yet').waitFor();
  const start = page.getByRole('button', { name: /^Start import/ });
  assert.ok(await start.isDisabled());
  await accessible(page, 'mapping');
  await shoot(page, 'mapping');
  await page.getByLabel('Birthday goes to').selectOption('born');
  await page.getByRole('button', { name: 'Leave out the columns that fit nothing' }).click();
  await page.waitForFunction(() => !document.querySelector('[data-start]').disabled);
  await start.click();
  await badge(page, 'Done').waitFor();
  assert.equal(server.sql('SELECT full_name, born FROM people ORDER BY id'), 'Ada|1815-12-10\nGrace|1906-12-09');
});

test('a workbook of several sheets', async ({ folder, server, open }) => {
  const file = workbook(folder, 'year.xlsx', [['Spring', [['Flower'], ['Tulip']]],
    ['Summer', [['Fruit', 'Kilos'], ['Cherry', 3], ['Plum', 5]]], ['Notes', [['x']]]]);
  const page = await open();
  await page.setInputFiles('#files', file);
  await drafts(page).getByText('1 row below the titles').waitFor();
  const picker = drafts(page).getByLabel('Sheet');
  assert.deepEqual(await picker.locator('option').allTextContents(), ['Spring', 'Summer', 'Notes']);
  const headers = () => drafts(page).locator('[data-columns] th').allTextContents();
  assert.deepEqual(await headers(), ['Flower']);
  await picker.selectOption('Summer');
  await drafts(page).getByText('2 rows below the titles').waitFor();
  assert.deepEqual(await headers(), ['Fruit', 'Kilos']);
  await page.getByRole('button', { name: /^Start import/ }).click();
  await badge(page, 'Done').waitFor();
  await jobs(page).getByText('sheet “Summer”').waitFor();
  const { imports } = await server.json('/api/imports');
  assert.equal(server.sql(`SELECT fruit, kilos FROM ${imports[0].table} ORDER BY kilos`), 'Cherry|3\nPlum|5');
});

test('two tabs show the same, and several files go at once', async ({ folder, open }) => {
  const first = await open();
  const second = await first.context().newPage();
  await second.goto(first.url());
  const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
  const files = names.map((name) => {
    const file = join(folder, `${name}.csv`);
    writeFileSync(file, `${name},value\na,1\nb,2\n`);
    return file;
  });
  await first.setInputFiles('#files', files);
  await first.waitForFunction((n) => document.querySelectorAll('[data-start]:enabled').length === n, names.length);
  await first.getByRole('button', { name: 'Start import: one.csv' }).click();
  await first.waitForFunction((n) => document.querySelectorAll('article.draft').length === n, names.length - 1);
  await accessible(first, 'several');
  await first.getByRole('button', { name: 'Start all that are ready (7)' }).click();
  for (const page of [first, second])
    await page.waitForFunction((n) => document.querySelectorAll('.badge.succeeded').length === n, names.length);
  assert.equal(await drafts(first).count(), 0);
  assert.ok(await first.locator('#start-all').isHidden());
  await second.getByRole('button', { name: 'Remove from the list: two.csv' }).click();
  for (const page of [first, second])
    await page.waitForFunction(() => document.querySelectorAll('article.job').length === 7);
});

test('by keyboard alone', async ({ folder, open }) => {
  const file = join(folder, 'keys.csv');
  writeFileSync(file, 'name\nAda\n');
  const page = await open();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'files');
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Space');
  await (await chooser).setFiles(file);
  await page.waitForFunction(() => document.querySelector('[data-start]:enabled'));
  for (let i = 0; i < 20 && !(await page.evaluate(() => document.activeElement.matches('[data-start]'))); i++)
    await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await badge(page, 'Done').waitFor();
  await page.waitForFunction(() => /keys.csv: Done\. 1 row loaded/.test(document.querySelector('#announce').textContent)
    || document.activeElement.textContent === 'keys.csv');
});

test('in the dark, and on a phone', async ({ open }) => {
  const looks = [
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ];
  for (const [index, [name, options]] of looks.entries()) {
    const page = await open(options);
    await page.setInputFiles('#files', sample);
    await drafts(page).getByText('rows would be rejected').waitFor();
    await shoot(page, `${name}-draft`);
    await drafts(page).getByRole('button', { name: /^Start import/ }).click();
    await page.waitForFunction((n) => document.querySelectorAll('.badge.rejects').length === n, index + 1);
    await jobs(page).first().getByText('rows rejected: see which').click();
    await jobs(page).first().locator('[data-reject-rows] tr').first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name}: ${wide} pixels wider than the screen`);
    await accessible(page, `${name} rejects`);
    await shoot(page, `${name}-rejects`);
    await page.context().close();
  }
});

test('first paint comes at once, and little is sent', async ({ open }) => {
  const page = await open();
  const sizes = await page.evaluate(() => performance.getEntriesByType('resource')
    .filter((r) => /page\.js|icon/.test(r.name)).map((r) => r.decodedBodySize));
  const own = await page.evaluate(() => performance.getEntriesByType('navigation')[0].decodedBodySize);
  const all = sizes.reduce((a, b) => a + b, own);
  assert.ok(all > 10000 && all < 60000, `${all} bytes in all`);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  console.error(`# ${all} bytes, first paint after ${Math.round(paint)} ms`);
});

await main();

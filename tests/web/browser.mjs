// SPDX-License-Identifier: Apache-2.0
// browser.mjs: what the browser tests share: cases, servers, a browser.
//
// A case is a function that fails by an exception; main() prints TAP. Each has
// a folder, a server of its own on a free port, and a fresh browser profile.
// From the environment:
//
//     SLUICE            the program; otherwise build/sluice
//     SLUICE_GENERATOR  the maker of workbooks
//     SLUICE_SHOTS      where screenshots are put; otherwise build/web
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = process.env.SLUICE || join(root, 'build/sluice');
export const generator = process.env.SLUICE_GENERATOR || join(root, 'build/bench/gen/gen_businesses');
export const sample = join(root, 'examples/data/businesses.xlsx');
export const shots = process.env.SLUICE_SHOTS || join(root, 'build/web');
export const chromium = process.env.SLUICE_CHROMIUM || '/usr/bin/chromium';

// Far above what the slowest machine needs.
export const PATIENCE_MS = 60000;

// ------------------------------------------------------------------- servers

export class Server {
  constructor(folder, ...flags) {
    this.folder = folder;
    this.flags = flags;
    this.database = join(folder, 'list.sqlite');
    this.address = '127.0.0.1:0';
  }

  async start() {
    this.child = spawn(program, ['serve', '--to', `sqlite:${this.database}`, '--state', join(this.folder, 'state'),
      '--listen', this.address, '--no-access-log', ...this.flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.child.on('exit', (code, signal) => done({ code, signal })));
    this.child.stderr.pipe(createWriteStream(join(this.folder, 'log'), { flags: 'a' }));
    for await (const line of createInterface({ input: this.child.stdout })) {
      const found = /listening on (http:\S+)/.exec(line);
      if (found) {
        this.url = found[1];
        this.address = new URL(this.url).host; // a restart keeps the port
        this.child.stdout.resume();
        return this;
      }
    }
    throw new Error('the server did not start');
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }

  async json(path, options) {
    const answer = await fetch(this.url + path, options);
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  }

  sql(text) {
    return execFileSync('sqlite3', [this.database, text], { encoding: 'utf8' }).trim();
  }
}

// ----------------------------------------------------------------- the cases

const cases = [];
export const test = (name, run) => cases.push({ name, run });

// The browser; null where it is not installed.
export async function launch() {
  if (!existsSync(chromium) || !existsSync(join(root, 'tests/web/node_modules/playwright-core'))) return null;
  const { chromium: engine } = await import('playwright-core');
  return engine.launch({
    executablePath: chromium,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export async function main() {
  const browser = await launch();
  if (!browser) {
    console.log('1..0 # SKIP there is no chromium or no playwright-core: tools/install_deps web');
    return;
  }
  mkdirSync(shots, { recursive: true });
  const chosen = cases.filter((c) => process.argv.length < 3 || process.argv.slice(2).some((a) => c.name.includes(a)));
  let failed = 0;
  for (const [index, { name, run }] of chosen.entries()) {
    const began = Date.now();
    const ok = await runCase(browser, run);
    if (!ok) failed++;
    console.log(`${ok ? 'ok' : 'not ok'} ${index + 1} - ${name}`);
    console.error(`# ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  await browser.close();
  console.log(`1..${chosen.length}`);
  process.exitCode = failed || !chosen.length ? 1 : 0;
}

async function runCase(browser, run) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-web-'));
  const server = new Server(folder);
  const errors = [];
  let context;
  try {
    await server.start();
    const open = async (options = {}) => {
      context = await browser.newContext({ viewport: { width: 1100, height: 900 }, acceptDownloads: true, ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      context.on('weberror', (e) => errors.push(String(e.error())));
      context.on('console', (m) => { if (m.type() === 'error' && !/net::|Failed to load resource/.test(m.text())) errors.push(m.text()); });
      const page = await context.newPage();
      await page.goto(server.url);
      return page;
    };
    await run({ folder, server, open });
    assert.deepEqual(errors, [], 'errors in the page');
    return true;
  } catch (error) {
    for (const line of String(error.stack || error).split('\n')) console.error('# ' + line);
    for (const line of errors) console.error('# page: ' + line);
    return false;
  } finally {
    await context?.close();
    await server.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The dashboard in a real browser, over data that passes the schemas of the API. ZKATTR_SCREENSHOTS=<folder> keeps pictures. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { NO_BROWSER, openBrowser } from '../support/browser.js';
import { account, DashboardApi, word } from './dashboardApi.js';

if (NO_BROWSER) console.log(NO_BROWSER);

/** Long enough for a machine with other work. */
const WAIT_MS = 90_000;
const PHONE = { width: 360, height: 740 };
const PAGES: readonly [name: string, fragment: string, shows: RegExp][] = [
  ['overview', '', /Inferences settled/], ['jobs', 'jobs', /All jobs/], ['dead-jobs', 'jobs?phase=dead', /Jobs: dead/], ['waiting-job', `jobs/${word(1)}`, /It waits: provers asked, but could not take it/], ['leased-job', `jobs/${word(2)}`, /A prover works on it/],
  ['dead-job', `jobs/${word(3)}`, /It is dead/], ['settling-job', `jobs/${word(4)}`, /Confirmations/], ['settled-job', `jobs/${word(10)}`, /7 contributors taught/], ['batch', `blocks/${word(501)}`, /This batch is refused/], ['provers', 'provers', /2 of 3 online/], ['prover', `provers/${account(1)}`, /Rewards of this prover/],
  ['rewards', 'rewards', /7 contributors taught/], ['account', `rewards/${account(50)}`, /Latest credits/], ['log', 'log', /Assignment log/],
];

describe('dashboard', { skip: NO_BROWSER }, () => {
  let api: DashboardApi, browser: Browser;
  before(async () => {
    api = await new DashboardApi().listen();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await api?.app.close();
  });

  interface Watched { page: Page; go(fragment: string, shows: RegExp): Promise<void>; text(): Promise<string>; troubles: string[]; close(): Promise<void> }

  /** A page whose errors, violations and requests elsewhere are written down. */
  async function open(options: BrowserContextOptions = {}, from = api): Promise<Watched> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options }), page = await context.newPage(), troubles: string[] = [];
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
    page.on('console', (message) => { if (message.type() === 'error' && !/status of (404|503)/.test(message.text())) troubles.push(`console: ${message.text()}`); });
    page.on('request', (request) => { if (!request.url().startsWith(`${from.url}/`)) troubles.push(`request: ${request.url()}`); });
    await page.addInitScript('addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))');
    return {
      page, troubles, close: () => context.close(),
      async go(fragment, shows) {
        await page.goto(`${from.url}/#/${fragment}`);
        await page.getByText(shows).first().waitFor();
      },
      text: () => page.locator('main').innerText(),
    };
  }
  const width = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth') as Promise<number>;
  const picture = async (page: Page, name: string): Promise<void> => {
    const folder = process.env.ZKATTR_SCREENSHOTS;
    if (folder === undefined) return;
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  };

  for (const [scheme, viewport] of [['light', undefined], ['dark', undefined], ['light', PHONE]] as const) {
    it(`shows every page in ${scheme}${viewport ? ' on a phone, without scrolling sideways' : ''}, within its policy and origin`, async () => {
      const { page, go, troubles, close } = await open({ colorScheme: scheme, ...(viewport && { viewport, isMobile: true, hasTouch: true }) });
      for (const [name, fragment, shows] of PAGES) {
        await go(fragment, shows);
        assert.ok(await width(page) <= (viewport?.width ?? 1200), `${name} is ${await width(page)} wide`);
        await picture(page, `${name}-${scheme}${viewport ? '-phone' : ''}`);
      }
      const [, red, green, blue] = /rgb\((\d+), (\d+), (\d+)\)/.exec(await page.evaluate('getComputedStyle(document.body).backgroundColor') as string)!.map(Number);
      assert.equal(red + green + blue > 384, scheme === 'light');
      assert.deepEqual(troubles, []);
      await close();
    });
  }

  it('shows hostile strings of provers and nodes as text', async () => {
    const { page, go, text, troubles, close } = await open();
    for (const [fragment, shows] of [[`jobs/${word(2)}`, /works on it/], [`jobs/${word(3)}`, /It is dead/], [`blocks/${word(501)}`, /refused/], ['provers', /Xeon/], ['log', /token 3/]] as const) {
      await go(fragment, shows);
      const shown = await text();
      assert.ok(shown.includes('<script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=1">'), fragment);
      assert.ok(!shown.includes('\u202e'), `${fragment}: direction override`);
      assert.equal(await page.locator('main script, main img').count(), 0);
    }
    assert.equal(await page.evaluate('globalThis.pwned'), undefined);
    await page.goto(`${api.url}/#/jobs/${encodeURIComponent('"><script>globalThis.pwned=1</script>')}`);
    await page.getByText('No such job here').waitFor();
    assert.equal(await page.evaluate('globalThis.pwned'), undefined);
    assert.deepEqual(troubles, []);
    await close();
  });

  it('follows an open job by its events, and again after the stream was cut', async () => {
    const own = await new DashboardApi().listen(), { page, go, troubles, close } = await open({}, own), jobId = word(1), job = own.jobs.find((j) => j.jobId === jobId)!;
    const until = async (what: () => boolean): Promise<void> => { for (let n = 0; !what() && n < WAIT_MS / 50; n++) await page.waitForTimeout(50); assert.ok(what()); };
    await go(`jobs/${jobId}`, /It waits/);
    await page.getByText('live', { exact: true }).waitFor();
    // Polls know nothing of it.
    own.tell({ ...job, phase: 'leased', timeline: [...job.timeline, { at: Date.now(), event: 'leased', detail: 'brought by the stream' }] });
    await page.getByText('brought by the stream').waitFor();
    own.cut(jobId);
    await until(() => own.following(jobId) === 1 && own.lastIds.length >= 2);
    assert.equal(own.lastIds.at(-1), '7');
    own.change({ jobId, phase: 'settled', transaction: { hash: word(700) } });
    await page.getByText('Proved, verified on chain and credited.').waitFor();
    await page.getByText('7 contributors taught').waitFor();
    await until(() => own.following(jobId) === 0);
    assert.deepEqual(troubles, []);
    await close();
    await own.app.close();
  });

  it('shows who of the contributors was credited how much, largest first, exact to the unit', async () => {
    const { page, go, close } = await open();
    await go(`jobs/${word(10)}`, /7 contributors taught/);
    const rows = await page.locator('.bars li').allInnerTexts(), shares = rows.map((row) => Number(/([\d.]+)%/.exec(row)![1]));
    assert.equal(rows.length, 7);
    assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
    assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 100) < 0.5);
    const widths = await page.evaluate('[...document.querySelectorAll(".bars .track i")].map((i) => i.getBoundingClientRect().width)') as number[];
    assert.ok(Math.abs(widths[1] / widths[0] - 23 / 41) < 0.01);
    await page.getByText('Exact amounts').click();
    const { credits } = api.credits(word(10)), table = page.getByRole('table', { name: 'Every credit of the job, in base units' });
    assert.equal(await table.getByRole('row').count(), credits.length + 1);
    for (const { amount } of credits) await table.getByText(`${Number(amount) === 7 ? '7' : amount.replace(/\B(?=(\d{3})+$)/g, ',')} units`, { exact: true }).waitFor();
    assert.match(await page.locator('.bars .sum .num').first().getAttribute('title') ?? '', /^33,689,400,164,338,537 units$/);
    await close();
  });

  it('filters and pages jobs, and finds one by its id', async () => {
    const { page, go, troubles, close } = await open();
    await go('jobs', /1 of 3/);
    assert.equal(await page.locator('tbody tr').count(), 25);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.getByText('2 of 3').waitFor();
    await page.getByRole('link', { name: 'dead', exact: true }).click();
    await page.getByText('Jobs: dead').waitFor();
    await page.locator('tbody tr').first().waitFor();
    assert.equal(await page.locator('tbody tr').count(), 1);
    await page.getByRole('link', { name: 'cancelled', exact: true }).click();
    await page.getByText('No job is cancelled').waitFor();
    const box = page.getByLabel('Job, batch or account');
    await box.fill('0x12');
    await box.press('Enter');
    await page.getByRole('alert').getByText('That is no id').waitFor();
    await box.fill(word(77));
    await box.press('Enter');
    await page.getByRole('alert').getByText('Neither a job nor a batch').waitFor();
    await box.fill(word(4));
    await box.press('Enter');
    await page.getByText('Confirmations', { exact: true }).waitFor();
    assert.deepEqual(troubles, []);
    await close();
  });

  it('asks for the newest jobs alone, and for older ones when their page is opened', async () => {
    const own = new DashboardApi();
    for (let n = 0; n < 240; n++) own.jobs.unshift(own.job({ jobId: word(2000 + n), phase: 'cancelled', createdAt: own.now - 1e9 - n }));
    await own.listen();
    const { page, go, troubles, close } = await open({}, own), lists = (): string[] => own.asked.filter((url) => url.startsWith('/v1/jobs?'));
    await go('jobs', /1 of 8\+/);
    assert.deepEqual([...new Set(lists())], ['/v1/jobs?order=newest&limit=200']);
    assert.equal(await page.locator('tbody tr').first().locator('a').getAttribute('href'), `#/jobs/${own.jobs.at(-1)!.jobId}`);
    await go('jobs?page=9', /9 of 13/);
    assert.ok(lists().includes(`/v1/jobs?order=newest&limit=200&after=${own.jobs.at(-200)!.jobId}`), lists().join());
    assert.equal(await page.locator('tbody tr').first().locator('a').getAttribute('href'), `#/jobs/${own.jobs.at(-201)!.jobId}`);
    assert.deepEqual(troubles, []);
    await close();
    await own.app.close();
  });

  it('keeps the theme that was chosen, over the one of the system', async () => {
    const { page, go, troubles, close } = await open({ colorScheme: 'light' }), ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    await go('', /Inferences settled/);
    const light = await ground();
    await page.getByRole('button', { name: /^Theme: system/ }).click();
    await page.getByRole('button', { name: /^Theme: light/ }).click();
    await page.getByRole('button', { name: /^Theme: dark/ }).waitFor();
    assert.notEqual(await ground(), light);
    await page.reload();
    await page.getByRole('button', { name: /^Theme: dark/ }).waitFor();
    assert.notEqual(await ground(), light);
    await page.getByRole('button', { name: /^Theme: dark/ }).click();
    assert.equal(await ground(), light);
    assert.deepEqual(troubles, []);
    await close();
  });

  it('can be used by keyboard and read aloud: a way past the head, a heading that is announced, names for everything', async () => {
    const { page, go, close } = await open();
    await go('', /Inferences settled/);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Provers' }).press('Enter');
    await page.getByText('2 of 3 online').waitFor();
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
    assert.equal(await page.title(), 'Provers · zkattr coordinator');
    for (const [, fragment, shows] of PAGES) {
      await go(fragment, shows);
      assert.equal(await page.locator('h1').count(), 1, fragment);
      const nameless = await page.evaluate(`[...document.querySelectorAll('a,button,input,select')].filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).map((e) => e.outerHTML)`);
      assert.deepEqual(nameless, [], fragment);
      assert.equal(await page.evaluate(`[...document.querySelectorAll('table')].every((t) => t.caption && [...t.querySelectorAll('tbody tr')].every((r) => r.cells[0].scope === 'row'))`), true, fragment);
    }
    await close();
  });

  it('says what to do when there is nothing yet', async () => {
    const empty = await new DashboardApi(Date.now(), { empty: true }).listen(), { go, troubles, page, close } = await open({}, empty);
    for (const [fragment, shows] of [['', /Nothing settled yet/], ['jobs', /A job is formed when a node hands in/], ['provers', /zkattr prover run/], ['rewards', /Nothing settled yet/], [`rewards/${account(1)}`, /No job settled by this coordinator/], ['log', /No entries/], ['nowhere', /No such page/]] as const) await go(fragment, shows);
    await go('', /Nothing settled yet/);
    await picture(page, 'empty');
    assert.deepEqual(troubles, []);
    await close();
    await empty.app.close();
  });

  it('says that the coordinator is away, keeps what it knew, asks ever more rarely and comes back by itself', async () => {
    const own = await new DashboardApi().listen(), { page, go, close } = await open({}, own);
    own.down = true;
    await go('provers', /the coordinator is shutting down/);
    await page.getByText('try again in some seconds').waitFor();
    await picture(page, 'down');
    own.down = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('2 of 3 online').waitFor();
    own.down = true;
    await page.getByText('Not up to date').waitFor();
    await page.getByText('2 of 3 online').waitFor();
    await page.getByRole('status').getByText(/no answer/).waitFor();
    own.asked.length = 0;
    await page.waitForTimeout(6000);
    assert.ok(own.asked.length <= 1, `asked ${own.asked.length} times in 6 s`);
    own.down = false;
    await page.getByText('Not up to date').waitFor({ state: 'detached' });
    await close();
    await own.app.close();
  });
});

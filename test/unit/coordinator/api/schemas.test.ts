/** What the API takes for parameters, and how it describes itself. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { apiErrorSchema, jobQuerySchema, statsSchema } from '../../../../src/protocol/network/index.js';
import { ApiWorld, word } from './support.js';

describe('schemas of the API', () => {
  let world: ApiWorld;
  before(async () => { world = await ApiWorld.open(); });
  after(() => world.close());
  const status = async (path: string): Promise<number> => {
    const response = await fetch(`${world.url}${path}`), body = await response.json() as unknown;
    if (response.status >= 400) apiErrorSchema.parse(body);
    return response.status;
  };

  it('take lower-case words and addresses of any case, and nothing that is longer, shorter or odd', async () => {
    const known = await world.job('known');
    assert.equal(await status(`/v1/jobs/${known}`), 200);
    assert.equal(await status(`/v1/jobs/${word('other')}`), 404);
    for (const id of ['0x', known.toUpperCase(), known.slice(2), `${known}00`, `${known.slice(0, -1)}g`, `${known}%00`, `%20${known}`, '1', 'undefined', '__proto__']) assert.equal(await status(`/v1/jobs/${id}`), 400, id);
    for (const id of ['..%2f..%2fetc%2fpasswd', `${'x'.repeat(101)}`]) assert.ok([400, 404, 414].includes(await status(`/v1/blocks/${id}`)), id);
    const { address } = world.node;
    for (const id of [address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`]) assert.equal(await status(`/v1/rewards/${id}`), 200, id);
    for (const id of ['0x12', `${address}00`, address.slice(2)]) assert.equal(await status(`/v1/rewards/${id}`), 400, id);
  });

  it('bound every number and name of a query, and refuse names that they do not know', async () => {
    for (const query of ['', 'limit=1', 'limit=200', 'phase=dead', 'order=newest', 'order=oldest&phase=waiting&limit=2']) assert.equal(await status(`/v1/jobs?${query}`), 200, query);
    for (const query of ['limit=0', 'limit=201', 'limit=1.5', 'limit=-1', 'limit=x', 'limit=1e9', 'limit=', 'phase=', 'phase=DEAD', 'order=up', 'after=0x', 'more=1', 'limit=1&limit=2']) assert.equal(await status(`/v1/jobs?${query}`), 400, query);
    for (const query of ['from=0', 'from=5&limit=500']) assert.equal(await status(`/v1/log?${query}`), 200, query);
    for (const query of ['from=-1', 'from=9007199254740993', 'limit=501', 'from=x']) assert.equal(await status(`/v1/log?${query}`), 400, query);
    assert.deepEqual(jobQuerySchema.parse({}), { order: 'oldest', limit: 50 });
  });

  it('page through jobs of equal age in both directions, without gap or repetition', async () => {
    const names = Array.from({ length: 23 }, (_, n) => `paged ${n}`);
    for (const [n, name] of names.entries()) await world.job(name, { phase: n % 3 === 0 ? 'settled' : n % 3 === 1 ? 'dead' : 'cancelled', createdAt: world.now + Math.floor(n / 6) });
    const list = async (query: string): Promise<string[]> => (await (await fetch(`${world.url}/v1/jobs?${query}`)).json() as { jobId: string }[]).map((job) => job.jobId), all = await list('limit=200');
    assert.equal(all.length, 24);
    for (const [order, expected] of [['oldest', all], ['newest', [...all].reverse()]] as const) {
      const seen: string[] = [];
      for (let page: string[] = []; (page = await list(`order=${order}&limit=5${seen.length > 0 ? `&after=${seen.at(-1)}` : ''}`)).length > 0;) seen.push(...page);
      assert.deepEqual(seen, expected);
      const dead = names.filter((_, n) => n % 3 === 1).map(word);
      assert.deepEqual((await list(`order=${order}&phase=dead`)).toSorted(), dead.toSorted());
    }
  });

  it('describe every route and field in the document', async () => {
    const document = await (await fetch(`${world.url}/openapi.json`)).json() as { paths: Record<string, Record<string, { parameters?: { name: string; schema: { enum?: string[]; pattern?: string } }[] }>> };
    assert.doesNotMatch(JSON.stringify(document), /"(schema|items)":\{\}/, 'no field without a type');
    const { parameters } = document.paths['/v1/jobs'].get;
    assert.deepEqual(parameters!.find(({ name }) => name === 'order')!.schema.enum, ['oldest', 'newest']);
    assert.match(document.paths['/v1/jobs/{jobId}/revive'].post.parameters!.find(({ name }) => name === 'jobId')!.schema.pattern!, /0-9a-f/);
    statsSchema.parse(await (await fetch(`${world.url}/v1/stats`)).json());
  });
});

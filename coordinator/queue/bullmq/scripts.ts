/**
 * The queue's Lua: each method is one script, so that nothing comes between reading a job and changing it, whatever process asks.
 *
 * What is whose:
 * - BullMQ moves jobs between its own states (prioritized, active, delayed, completed, failed), holds payload, lock and events. Its
 *   scripts, of the installed package, run inside ours as functions: its tools (Queue, QueueEvents, dashboards) see every job, and
 *   pausing a queue with them stops its leases.
 * - Ours is what BullMQ has no word for: order by priority, deadline and arrival (its priorities have 21 bits), memory, who must not
 *   get a job again, fencing tokens, attempts, leases by the caller's clock. BullMQ takes the head of its queue only; we put the chosen
 *   job there and let it be taken in the same script.
 * BullMQ's lock is the fencing token and does not run out by itself: leases end by `expire`, in one clock.
 *
 * Keys, after the prefix: job:<id> hash | order:<queue>:<memory> zset of waiting jobs, by name: priority, deadline, arrival, id |
 * memory:<queue> set, the second parts of these | backoff:<queue> zset by time | leases zset by time | state:<state> zset by arrival |
 * lanes hash, waiting jobs of each | asked:<queue> hash, who asked when with how much | seq | bull:<queue>:* BullMQ's.
 * A script calls BullMQ first and writes afterwards: when BullMQ refuses, nothing has changed.
 */
import { createRequire } from 'node:module';
import { NetworkError } from '../../../src/errors/network.js';
import { AROUND_MS, TIMED_OUT } from '../lifecycle.js';

interface BullScript {
  content: string;
  keys: number;
}

/** Those we call, with the number of keys we give them. */
const USED = { addPrioritizedJob: 9, moveToActive: 11, moveToFinished: 14, moveToDelayed: 11, reprocessJob: 9, removeJob: 2 } as const;
type Used = keyof typeof USED;

/** BullMQ's scripts as Lua functions: KEYS and ARGV are globals there, and parameters here. */
function bullFunctions(names: readonly Used[]): string {
  const scripts = createRequire(import.meta.url)('bullmq/dist/cjs/scripts') as Record<string, BullScript | undefined>;
  return names.map((name) => {
    const script = scripts[name];
    if (script?.keys !== USED[name]) throw new NetworkError('installed BullMQ has other scripts', { code: 'STORE_VERSION', where: `bullmq ${name}`, expected: `${USED[name]} keys`, got: script?.keys ?? 'no such script', hint: 'install the version in package-lock.json: npm ci' });
    return `local function ${name}(KEYS, ARGV)\n${script.content}\nend`;
  }).join('\n');
}

/** Longer than any proof; the largest that PX takes without doubt. */
const LOCK_MS = 2 ** 31 - 1;

const COMMON = `
local P, call = KEYS[1], redis.call
local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function int(n) return string.format('%.0f', n) end
local at = int(now)
local function load(id)
  local flat = call('HGETALL', P .. 'job:' .. id)
  if #flat == 0 then return nil end
  local job = { id = id }
  for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
  return job
end
local function reply(id)
  local flat = call('HGETALL', P .. 'job:' .. id)
  if #flat == 0 then return nil end
  local queue
  for i = 1, #flat, 2 do if flat[i] == 'queue' then queue = flat[i + 1] end end
  flat[#flat + 1] = 'payload'
  flat[#flat + 1] = call('HGET', P .. 'bull:' .. queue .. ':' .. id, 'data')
  flat[#flat + 1] = 'id'
  flat[#flat + 1] = id
  return flat
end
-- The same of a job that is loaded: what was written to its hash since must be in it too.
local function replyOf(job)
  local flat = { 'payload', call('HGET', P .. 'bull:' .. job.queue .. ':' .. job.id, 'data') }
  for name, value in pairs(job) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  return flat
end
local function move(job, state)
  call('ZREM', P .. 'state:' .. job.state, job.id)
  call('ZADD', P .. 'state:' .. state, job.seq, job.id)
  if job.state == 'waiting' then call('HINCRBY', P .. 'lanes', job.lane, -1) end
  if state == 'waiting' then call('HINCRBY', P .. 'lanes', job.lane, 1) end
  if job.state == 'leased' then call('ZREM', P .. 'leases', job.id) end
end
local function offer(queue, memory, order)
  call('ZADD', P .. 'order:' .. queue .. ':' .. memory, 0, order)
  call('SADD', P .. 'memory:' .. queue, memory)
end
local function withdraw(job)
  call('ZREM', P .. 'order:' .. job.queue .. ':' .. job.memory, job.order)
  call('ZREM', P .. 'backoff:' .. job.queue, job.id)
end
local function attempt(job, outcome, rest)
  return '{"token":' .. job.token .. ',"prover":"' .. job.prover .. '","leasedAt":' .. job.leasedAt .. ',"outcome":"' .. outcome .. '"' .. (rest or '') .. '}'
end
local function keysOf(q, ...)
  local keys = {}
  for i, name in ipairs({...}) do keys[i] = q .. name end
  return keys
end
local function check(code, what)
  if type(code) == 'number' and code < 0 then error('BullMQ ' .. what .. ' refused with ' .. code) end
end
`;

/** A job in BullMQ's prioritized or delayed set, whatever pauses: back to active under its token. */
const ACTIVATE = `
local function activate(job)
  local q = P .. 'bull:' .. job.queue .. ':'
  call('ZREM', q .. 'prioritized', job.id)
  call('ZREM', q .. 'delayed', job.id)
  call('LPUSH', q .. 'active', job.id)
  call('SET', q .. job.id .. ':lock', job.token, 'PX', ${LOCK_MS})
  withdraw(job)
end
`;

/** The lease of a job ran out and nobody took it since: it goes on, and its failure no longer counts. */
const ADOPT = `
local function adopt(job)
  activate(job)
  move(job, 'leased')
  call('HSET', P .. 'job:' .. job.id, 'state', 'leased', 'outcome', 'running', 'last', attempt(job, 'running'), 'failures', math.max(0, job.failures - 1))
  call('HDEL', P .. 'job:' .. job.id, 'avoid')
  job.state = 'leased'
end
`;

const FENCE = `
local function fence(job, token)
  if not job then return 'stale' end
  if job.state == 'cancelled' then return 'cancelled' end
  if job.token ~= token then return 'stale' end
  if job.state == 'leased' or (job.state == 'waiting' and job.outcome == 'timedOut') then return 'ok' end
  return 'stale'
end
`;

/** target: completed, failed; value: JSON for completed, text for failed. */
const FINISH = `
local function finish(job, target, value)
  local q = P .. 'bull:' .. job.queue .. ':'
  check(moveToFinished(
    keysOf(q, 'wait', 'active', 'prioritized', 'events', 'stalled', 'limiter', 'delayed', 'paused', 'meta', 'pc', target, job.id, 'metrics:' .. target, 'marker'),
    { job.id, at, target == 'completed' and 'returnvalue' or 'failedReason', value, target, '0', q,
      cmsgpack.pack({ token = job.token, keepJobs = { count = -1 }, lockDuration = ${LOCK_MS}, attempts = 1, maxMetricsSize = '' }), '' }), 'moveToFinished')
end
`;

/** lifecycle.ts in Lua. limits: maxAttempts, backoffMs, maxBackoffMs. */
const END_ATTEMPT = `
local function endAttempt(job, outcome, rest, why, counted, memory, limits)
  local failures = tonumber(job.failures) + (counted and 1 or 0)
  local dead = counted and failures >= limits[1]
  local wait = (counted and not dead) and math.min(limits[3], limits[2] * 2 ^ math.min(failures - 1, 40)) or 0
  if dead then
    finish(job, 'failed', why)
  else
    local q = P .. 'bull:' .. job.queue .. ':'
    check(moveToDelayed(keysOf(q, 'marker', 'active', 'prioritized', 'delayed', job.id, 'events', 'meta', 'stalled', 'wait', 'limiter', 'pc'),
      { q, at, job.id, job.token, int(wait), counted and '0' or '1', '', '0', '' }), 'moveToDelayed')
  end
  local larger = outcome == 'outOfMemory' and memory and memory > tonumber(job.memory)
  local key, state, needed = P .. 'job:' .. job.id, dead and 'dead' or 'waiting', larger and int(memory) or job.memory
  move(job, state)
  call('HSET', key, 'state', state, 'outcome', outcome, 'last', attempt(job, outcome, ',"endedAt":' .. at .. rest), 'failures', failures, 'notBefore', int(now + wait), 'memory', needed)
  call('HDEL', key, 'expiresAt')
  if counted then call('HSET', key, 'avoid', job.prover) end
  if dead then call('HSET', key, 'result', why)
  elseif wait > 0 then call('ZADD', P .. 'backoff:' .. job.queue, int(now + wait), job.id)
  else offer(job.queue, needed, job.order) end
end
`;

const script = (uses: readonly Used[], ...parts: string[]): string => [bullFunctions(uses), COMMON, ...parts].join('\n');

/** ARGV[1] is always the time, empty for that of Redis; what follows is named in each. */
export const queueScripts = (): Record<string, string> => ({
  /** id, lane, queue, priority, deadline, memory, payload, order without arrival and id. Returns 0 and the job, or 1 and the time: the caller knows the rest. */
  enqueue: script(['addPrioritizedJob'], `
local id, lane, queue = ARGV[2], ARGV[3], ARGV[4]
local key, q = P .. 'job:' .. id, P .. 'bull:' .. queue .. ':'
if call('EXISTS', key) == 1 then return { 0, reply(id) } end
check(addPrioritizedJob(keysOf(q, 'marker', 'meta', 'id', 'prioritized', 'delayed', 'completed', 'active', 'events', 'pc'),
  { cmsgpack.pack({ q, id, 'proof', now }), ARGV[8], cmsgpack.pack({ priority = 1, attempts = 1 }) }), 'addPrioritizedJob')
local seq = call('INCR', P .. 'seq')
local order = ARGV[9] .. string.format('%012.0f', seq) .. id
call('HSET', key, 'lane', lane, 'queue', queue, 'priority', ARGV[5], 'deadline', ARGV[6], 'memory', ARGV[7], 'state', 'waiting', 'seq', seq, 'order', order,
  'enqueuedAt', at, 'notBefore', at, 'token', 0, 'failures', 0, 'past', '', 'last', '')
call('ZADD', P .. 'state:waiting', seq, id)
call('HINCRBY', P .. 'lanes', lane, 1)
offer(queue, ARGV[7], order)
return { 1, at }`),

  /** id. */
  get: script([], 'return reply(ARGV[2])'),

  /** prover, memory, lease in ms, queues. */
  lease: script(['moveToActive'], `
local prover, memory = ARGV[2], tonumber(ARGV[3])
-- Largest memory among others that asked for this queue lately.
local function around(queue)
  local largest, flat = -1, call('HGETALL', P .. 'asked:' .. queue)
  for i = 1, #flat, 2 do
    local time, has = flat[i + 1]:match('^(%d+):(%d+)$')
    if now - time > ${AROUND_MS} then call('HDEL', P .. 'asked:' .. queue, flat[i])
    elseif flat[i] ~= prover then largest = math.max(largest, tonumber(has)) end
  end
  return largest
end
local best, bestQueue, bestMemory
for i = 5, #ARGV do
  local queue, others = ARGV[i], nil
  call('HSET', P .. 'asked:' .. queue, prover, at .. ':' .. ARGV[3])
  local due = call('ZRANGEBYSCORE', P .. 'backoff:' .. queue, '-inf', at, 'LIMIT', 0, 1000)
  for _, id in ipairs(due) do
    local fields = call('HMGET', P .. 'job:' .. id, 'memory', 'order')
    offer(queue, fields[1], fields[2])
    call('ZREM', P .. 'backoff:' .. queue, id)
  end
  if call('HEXISTS', P .. 'bull:' .. queue .. ':meta', 'paused') == 0 then
    for _, size in ipairs(call('SMEMBERS', P .. 'memory:' .. queue)) do
      local offset, count, done = 0, 1, tonumber(size) > memory
      while not done do
        local heads = call('ZRANGE', P .. 'order:' .. queue .. ':' .. size, offset, offset + count - 1)
        if #heads == 0 and offset == 0 then call('SREM', P .. 'memory:' .. queue, size) end
        done = #heads < count
        for _, order in ipairs(heads) do
          if best and order > best then done = true break end
          local mine = call('HGET', P .. 'job:' .. order:sub(45), 'avoid') == prover
          if mine and not others then others = around(queue) end
          if not mine or tonumber(size) > others then
            best, bestQueue, bestMemory, done = order, queue, size, true
            break
          end
        end
        offset, count = offset + count, 32
      end
    end
  end
end
if not best then return nil end
local id, q = best:sub(45), P .. 'bull:' .. bestQueue .. ':'
local job = load(id)
local token = int(job.token + 1)
call('ZREM', q .. 'delayed', id)
call('ZADD', q .. 'prioritized', -1, id)
local taken = moveToActive(keysOf(q, 'wait', 'active', 'prioritized', 'events', 'stalled', 'limiter', 'delayed', 'paused', 'meta', 'pc', 'marker'),
  { q, at, cmsgpack.pack({ token = token, lockDuration = ${LOCK_MS}, name = prover }) })
if taken[2] ~= id then -- a limit on the queue, set with BullMQ's tools
  call('ZADD', q .. 'prioritized', 0x100000000, id)
  return nil
end
local expiresAt = int(now + tonumber(ARGV[4]))
call('ZREM', P .. 'order:' .. bestQueue .. ':' .. bestMemory, best)
move(job, 'leased')
call('ZADD', P .. 'leases', expiresAt, id)
job.past = job.past .. ((job.past ~= '' and job.last ~= '') and ',' or '') .. job.last
job.state, job.token, job.prover, job.leasedAt, job.expiresAt, job.outcome = 'leased', token, prover, at, expiresAt, 'running'
job.last = attempt(job, 'running')
call('HSET', P .. 'job:' .. id, 'state', job.state, 'token', token, 'prover', prover, 'leasedAt', at, 'expiresAt', expiresAt, 'outcome', job.outcome, 'past', job.past, 'last', job.last)
return replyOf(job)`),

  /** id, token, lease in ms. */
  heartbeat: script([], ACTIVATE, ADOPT, FENCE, `
local job = load(ARGV[2])
local state = fence(job, ARGV[3])
if state ~= 'ok' then return state end
if job.state == 'waiting' then adopt(job) end
local expiresAt = int(now + tonumber(ARGV[4]))
call('ZADD', P .. 'leases', expiresAt, job.id)
call('HSET', P .. 'job:' .. job.id, 'expiresAt', expiresAt)
return 'ok'`),

  /** id, token, result, result as JSON. */
  complete: script(['moveToFinished'], ACTIVATE, ADOPT, FENCE, FINISH, `
local job = load(ARGV[2])
if job and job.state == 'done' and job.token == ARGV[3] then return 'ok' end
local state = fence(job, ARGV[3])
if state ~= 'ok' then return state end
if job.state == 'waiting' then adopt(job) end
finish(job, 'completed', ARGV[5])
move(job, 'done')
local key = P .. 'job:' .. job.id
call('HSET', key, 'state', 'done', 'result', ARGV[4], 'outcome', 'completed', 'last', attempt(job, 'completed', ',"endedAt":' .. at))
call('HDEL', key, 'expiresAt')
return 'ok'`),

  /** id, token, outcome, rest of the attempt's JSON, why it would be dead, counted, memory, limits. */
  fail: script(['moveToFinished', 'moveToDelayed'], FENCE, FINISH, END_ATTEMPT, `
local job = load(ARGV[2])
local state = fence(job, ARGV[3])
if state ~= 'ok' then return state end
if job.state == 'waiting' then return 'stale' end
endAttempt(job, ARGV[4], ARGV[5], ARGV[6], ARGV[7] == '1', tonumber(ARGV[8]), { tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]) })
return 'ok'`),

  /** limits, most jobs at once. */
  expire: script(['moveToFinished', 'moveToDelayed'], FINISH, END_ATTEMPT, `
local jobs = {}
for i, id in ipairs(call('ZRANGEBYSCORE', P .. 'leases', '-inf', at, 'LIMIT', 0, ARGV[5])) do
  endAttempt(load(id), 'timedOut', ',"code":"${TIMED_OUT.code}","message":"${TIMED_OUT.message}"', '${TIMED_OUT.code}: ${TIMED_OUT.message}', true, nil, { tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]) })
  jobs[i] = reply(id)
end
return jobs`),

  /** id, reason, rest of the attempt's JSON. To BullMQ it is a job that failed. */
  cancel: script(['moveToFinished'], ACTIVATE, FINISH, `
local job = load(ARGV[2])
if not job or (job.state ~= 'waiting' and job.state ~= 'leased') then return 0 end
if job.state == 'waiting' then activate(job) end
finish(job, 'failed', ARGV[3])
move(job, 'cancelled')
local key = P .. 'job:' .. job.id
if job.state == 'leased' then call('HSET', key, 'outcome', 'stopped', 'last', attempt(job, 'stopped', ',"endedAt":' .. at .. ARGV[4])) end
call('HSET', key, 'state', 'cancelled', 'result', ARGV[3])
call('HDEL', key, 'expiresAt')
return 1`),

  /** id. */
  revive: script(['reprocessJob'], `
local job = load(ARGV[2])
if not job or job.state ~= 'dead' then return 0 end
local q = P .. 'bull:' .. job.queue .. ':'
check(reprocessJob(keysOf(q, job.id, 'events', 'failed', 'wait', 'meta', 'active', 'marker', 'prioritized', 'pc'), { job.id, 'LPUSH', 'failedReason', 'failed', '1', '0' }), 'reprocessJob')
move(job, 'waiting')
call('HSET', P .. 'job:' .. job.id, 'state', 'waiting', 'failures', 0, 'notBefore', at)
call('HDEL', P .. 'job:' .. job.id, 'result')
offer(job.queue, job.memory, job.order)
return 1`),

  /** id, payload, rest of the attempt's JSON. */
  replace: script(['moveToFinished', 'moveToDelayed', 'reprocessJob'], FINISH, END_ATTEMPT, `
local job = load(ARGV[2])
if not job or job.state == 'cancelled' then return 0 end
local key, q = P .. 'job:' .. job.id, P .. 'bull:' .. job.queue .. ':'
if job.state == 'leased' then
  endAttempt(job, 'stopped', ARGV[4], '', false, nil, { 1, 0, 0 })
  call('HSET', key, 'failures', 0)
  call('HDEL', key, 'avoid')
elseif job.state == 'done' or job.state == 'dead' then
  local done = job.state == 'done'
  check(reprocessJob(keysOf(q, job.id, 'events', done and 'completed' or 'failed', 'wait', 'meta', 'active', 'marker', 'prioritized', 'pc'),
    { job.id, 'LPUSH', done and 'returnvalue' or 'failedReason', done and 'completed' or 'failed', '1', '0' }), 'reprocessJob')
  move(job, 'waiting')
  call('HSET', key, 'state', 'waiting', 'failures', 0, 'notBefore', at)
  call('HDEL', key, 'result', 'avoid')
  offer(job.queue, job.memory, job.order)
elseif job.outcome == 'timedOut' then
  call('HSET', key, 'outcome', 'stopped', 'last', attempt(job, 'stopped', ',"endedAt":' .. (job.last:match('"endedAt":(%d+)') or at) .. ARGV[4]))
end
call('HSET', q .. job.id, 'data', ARGV[3])
return 1`),

  /** id. */
  remove: script(['removeJob'], `
local job = load(ARGV[2])
if not job or job.state == 'waiting' or job.state == 'leased' then return 0 end
local q = P .. 'bull:' .. job.queue .. ':'
-- BullMQ takes token 0 for none: the lock of a job that was cancelled before its first lease stays.
call('DEL', q .. job.id .. ':lock')
if removeJob(keysOf(q, job.id, 'repeat'), { job.id, '0', q }) ~= 1 then error('BullMQ removeJob refused') end
call('ZREM', P .. 'state:' .. job.state, job.id)
call('DEL', P .. 'job:' .. job.id)
return 1`),

  /** state, limit, id after which to go on. */
  list: script([], `
local jobs, from = {}, '-inf'
if ARGV[4] ~= '' then
  local seq = call('HGET', P .. 'job:' .. ARGV[4], 'seq')
  if seq then from = '(' .. seq end
end
for i, id in ipairs(call('ZRANGEBYSCORE', P .. 'state:' .. ARGV[2], from, '+inf', 'LIMIT', 0, ARGV[3])) do jobs[i] = reply(id) end
return jobs`),
});

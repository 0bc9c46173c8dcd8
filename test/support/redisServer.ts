/** A redis-server of one test or bench: free port, folder that goes with it, nothing of the machine's configuration. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisServer {
  url: string;
  /** kill -9; what was written before stays in its append-only file. */
  kill(): Promise<void>;
  /** After `kill`: the same port, the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Why Redis suites cannot run here, or undefined. */
export const NO_REDIS = spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'SKIPPED: no redis-server on this machine; Debian and Ubuntu: apt-get install redis-server';

const freePort = (): Promise<number> => new Promise((resolve, reject) => {
  const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
});

/** @param options  further arguments, e.g. --maxmemory-policy allkeys-lru */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'zkattr-redis-')), port = await freePort();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', ...options];
  let running = await run(args);
  const kill = async (): Promise<void> => {
    running.child.kill('SIGKILL');
    await running.gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`, kill,
    restart: async () => { running = await run(args); },
    stop: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function run(args: readonly string[]): Promise<{ child: ChildProcess; gone: Promise<void> }> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] }), gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended:\n${output}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  return { child, gone };
}

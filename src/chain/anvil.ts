import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { ChainError } from '../errors/chain.js';

export interface AnvilOptions {
  /** TCP port; a free one is chosen without it. */
  port?: number;
  chainId?: number;
  readyTimeoutMs?: number;
  /** More command line arguments. */
  args?: string[];
}

export interface Anvil {
  rpcUrl: string;
  port: number;
  chainId: number;
  pid: number;
  /** Ends the process and waits until it is gone. Stop watchers some 300 ms before. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Starts a local development chain (anvil) and waits until it answers.
 * @throws ChainError PORT_IN_USE, ANVIL_MISSING, ANVIL_EXITED, ANVIL_NOT_READY
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const chainId = options.chainId ?? 31337;
  const port = await claimPort(options.port ?? 0);
  const child = spawn(anvilBinary(), ['--host', HOST, '--port', String(port), '--chain-id', String(chainId), '--silent', ...(options.args ?? [])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaint = (complaint + text).slice(-2000); });
  let failure: Error | undefined;
  child.once('error', (error) => { failure = error; });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const gone = (): boolean => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const killOnExit = (): void => { child.kill('SIGKILL'); };
  process.once('exit', killOnExit);
  const stop = async (): Promise<void> => {
    process.off('exit', killOnExit);
    if (gone()) return;
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 3000);
    await exited;
    clearTimeout(hard);
  };

  const rpcUrl = `http://${HOST}:${port}`;
  const deadline = Date.now() + (options.readyTimeoutMs ?? 15_000);
  while (!gone()) {
    if ((await askChainId(rpcUrl)) === chainId) return { rpcUrl, port, chainId, pid: child.pid!, stop };
    if (Date.now() > deadline) {
      await stop();
      throw new ChainError('anvil does not answer', { code: 'ANVIL_NOT_READY', where: rpcUrl, hint: 'the machine may be overloaded; raise readyTimeoutMs' });
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await stop();
  throw new ChainError('anvil ended at start', { code: 'ANVIL_EXITED', where: rpcUrl, got: complaint.trim() || child.exitCode, cause: failure });
}

function anvilBinary(): string {
  const require = createRequire(import.meta.url);
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const os = process.platform === 'win32' ? 'win32' : process.platform;
  try {
    const file = join(dirname(require.resolve(`@foundry-rs/anvil-${os}-${arch}/package.json`)), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
    if (existsSync(file)) return file;
  } catch {
    // reported below
  }
  throw new ChainError('anvil is not installed', { code: 'ANVIL_MISSING', where: `@foundry-rs/anvil-${os}-${arch}`, hint: 'run npm ci; the platform package must not be omitted' });
}

/** Binds the port once (0: any free one), so that a taken one is told apart from a chain that will not start. */
function claimPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE'
        ? new ChainError('port is in use', { code: 'PORT_IN_USE', where: `${HOST}:${port}`, hint: 'stop the other process or choose another port', cause })
        : new ChainError('cannot bind port', { code: 'PORT_UNAVAILABLE', where: `${HOST}:${port}`, cause }));
    });
    server.listen(port, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

async function askChainId(rpcUrl: string): Promise<number | undefined> {
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }), signal: AbortSignal.timeout(1000),
    });
    return Number(((await response.json()) as { result?: string }).result);
  } catch {
    return undefined;
  }
}

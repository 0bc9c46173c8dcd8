/**
 * One run of a native witness generator, as a child process: off the JavaScript thread, and whatever becomes of it, this
 * process lives on. Starting it takes a few milliseconds. Its protocol is told in cpp/main.cpp.
 */
import { spawn } from 'node:child_process';
import { FR_BYTES } from '../../../src/field/fr.js';
import { emptyWtns, WTNS_HEADER_BYTES, type EncodedSignal } from '../wtns.js';
import type { NativeGenerator } from './build.js';

export type NativeRun = { ok: true; wtns: Uint8Array } | { ok: false; reason: string };

/** Exit codes of cpp/operators.h. */
const EXITS: Record<number, string> = { 3: 'not satisfied', 4: 'inputs do not fit', 5: 'files do not fit' };

function message(signals: readonly EncodedSignal[]): Buffer {
  const words = (...values: bigint[]): Buffer => {
    const buffer = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => buffer.writeBigUInt64LE(value, 8 * i));
    return buffer;
  };
  return Buffer.concat([words(BigInt(signals.length)), ...signals.flatMap(({ hash, values }) => [words(hash, BigInt(values.length / FR_BYTES)), values])]);
}

export function runGenerator({ program, dat }: Pick<NativeGenerator, 'program' | 'dat'>, signals: readonly EncodedSignal[]): Promise<NativeRun> {
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ ok: false, reason });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const child = spawn(program, [dat], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
    child.on('error', (error) => fail(error.message));
    // A program that ends before it has read its inputs breaks the pipe; its exit tells the rest.
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
    });
    child.on('close', (code, signal) => {
      if (code !== 0) return fail(signal ?? EXITS[code ?? -1] ?? `exit ${code}`);
      if (bytes === 0 || bytes % FR_BYTES !== 0) return fail(`${bytes} bytes of witness`);
      const wtns = emptyWtns(bytes / FR_BYTES);
      let at = WTNS_HEADER_BYTES;
      for (const chunk of chunks) {
        wtns.set(chunk, at);
        at += chunk.length;
      }
      resolve({ ok: true, wtns });
    });
    child.stdin.end(message(signals));
  });
}

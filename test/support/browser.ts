/** Headless chromium of the machine, through playwright-core. */
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const path = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const NO_BROWSER = existsSync(path) ? undefined : `SKIPPED: no chromium at ${path}; Debian: apt-get install chromium, elsewhere name it with $CHROMIUM`;

/** It is told to ask nothing of anybody by itself. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: path, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/**
 * Quantities as a person reads them. Every function is total: a value that is not finite reads as NOT_KNOWN, never "NaN".
 * Amounts stay integers (bigint) until the last digit is cut, so that what is shown is a rounding of the exact value.
 */
import { AttributionError } from '../../../errors/base.js';

export const TOKEN = 'OPEN';
export const TOKEN_DECIMALS = 18;
export const NOT_KNOWN = '–';

const ONE_TOKEN = 10n ** BigInt(TOKEN_DECIMALS);
/** Below this many base units (10^-8 OPEN) a decimal fraction is all zeros: such dust is counted in units. */
const DUST_UNITS = 10n ** 10n;

/** A decimal string of base units -> bigint. @throws AttributionError when it is not an integer */
export function parseUnits(units: string): bigint {
  if (!/^-?\d+$/.test(units)) {
    throw new AttributionError('amount is not an integer', { code: 'REPORT_AMOUNT', where: 'summary', expected: 'base units as a decimal string', got: units.slice(0, 40) });
  }
  return BigInt(units);
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Rounds half away from zero to `decimals` digits. */
function decimal(units: bigint, decimals: number): string {
  const step = 10n ** BigInt(TOKEN_DECIMALS - decimals);
  const rounded = (units + step / 2n) / step, scale = 10n ** BigInt(decimals);
  return `${grouped((rounded / scale).toString())}.${(rounded % scale).toString().padStart(decimals, '0')}`;
}

/** Base units -> "0.0123 OPEN": four decimals from 0.001 on, three significant digits below, "7 units" for dust. */
export function formatTokens(units: bigint): string {
  if (units < 0n) return `-${formatTokens(-units)}`;
  if (units === 0n) return `0 ${TOKEN}`;
  if (units < DUST_UNITS) return formatUnits(units);
  const digits = units.toString().length;
  // 0.0009995 rounds up to 0.0010.
  const decimals = units * 10_000_000n >= ONE_TOKEN * 9_995n ? 4 : TOKEN_DECIMALS - digits + 3;
  return `${decimal(units, decimals)} ${TOKEN}`;
}

/** Base units in full: "12,300,000,000,000,000 units". */
export function formatUnits(units: bigint): string {
  const sign = units < 0n ? '-' : '', absolute = units < 0n ? -units : units;
  return `${sign}${grouped(absolute.toString())} ${absolute === 1n ? 'unit' : 'units'}`;
}

/** 96339 -> "96,339". */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return NOT_KNOWN;
  const rounded = Math.round(value);
  return `${rounded < 0 ? '-' : ''}${grouped(Math.abs(rounded).toLocaleString('en-US', { useGrouping: false }))}`;
}

export function formatGas(gas: number): string {
  return Number.isFinite(gas) ? `${formatCount(gas)} gas` : NOT_KNOWN;
}

/** "<1 ms", "123 ms", "1.23 s", "12.3 s", "2 min 05 s", "1 h 02 min". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NOT_KNOWN;
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return '<1 ms';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Decimal multiples: "832 B", "1.95 kB", "24.1 MB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return NOT_KNOWN;
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const [value, unit] = bytes < 999_500 ? [bytes / 1e3, 'kB'] : bytes < 999_500_000 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** 0..1 -> "12.3%"; what is not zero never reads as zero. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return NOT_KNOWN;
  if (share === 0) return '0%';
  if (share > 0 && share < 0.0005) return '<0.1%';
  return share >= 0.9995 ? `${Math.round(share * 100)}%` : `${(share * 100).toFixed(1)}%`;
}

/** Part / whole as a number for a bar or a share; 0 when the whole is 0. */
export function ratio(part: bigint, whole: bigint): number {
  return whole > 0n ? Number((part * 1_000_000n) / whole) / 1_000_000 : 0;
}

/** "0x1234…abcd"; shorter strings stay whole. */
export function shortHex(hex: string): string {
  return hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;
}

/**
 * Text on one line: line breaks become spaces; control characters, escape sequences and direction overrides go.
 * Names come from strangers: without this, a name could repaint the terminal or show another amount.
 */
export function printable(text: string): string {
  return text
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/gu, '')
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu, '');
}

/** Printable text without spaces around it. */
export function plainText(text: string): string {
  return printable(text).trim();
}

/**
 * Quantities as a person reads them: the same rules as src/cli/demo/report/format.ts, which a test compares.
 * Amounts are integers (bigint) until the last digit is cut. What is not a number reads as NOT_KNOWN.
 */
export const TOKEN = 'OPEN';
export const NOT_KNOWN = '–';
const DECIMALS = 18, ONE = 10n ** 18n, DUST = 10n ** 10n;

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** Decimal base units -> bigint; what is not an integer counts as 0. @param {unknown} units */
export function parseUnits(units) {
  return typeof units === 'string' && /^-?\d{1,78}$/.test(units) ? BigInt(units) : 0n;
}

function decimal(units, decimals) {
  const step = 10n ** BigInt(DECIMALS - decimals), scale = 10n ** BigInt(decimals), rounded = (units + step / 2n) / step;
  return `${grouped((rounded / scale).toString())}.${(rounded % scale).toString().padStart(decimals, '0')}`;
}

/** Base units -> "0.0123 OPEN"; three significant digits when small, "7 units" for dust. @param {bigint} units @returns {string} */
export function formatTokens(units) {
  if (units < 0n) return `-${formatTokens(-units)}`;
  if (units === 0n) return `0 ${TOKEN}`;
  if (units < DUST) return formatUnits(units);
  const decimals = units * 10_000_000n >= ONE * 9_995n ? 4 : DECIMALS - units.toString().length + 3;
  return `${decimal(units, decimals)} ${TOKEN}`;
}

/** Base units in full. @param {bigint} units */
export function formatUnits(units) {
  const absolute = units < 0n ? -units : units;
  return `${units < 0n ? '-' : ''}${grouped(absolute.toString())} ${absolute === 1n ? 'unit' : 'units'}`;
}

/** 96339 -> "96,339". @param {number} value */
export function formatCount(value) {
  if (!Number.isFinite(value)) return NOT_KNOWN;
  const rounded = Math.round(value);
  return `${rounded < 0 ? '-' : ''}${grouped(Math.abs(rounded).toLocaleString('en-US', { useGrouping: false }))}`;
}

/** "<1 ms", "123 ms", "1.23 s", "12.3 s", "2 min 05 s", "1 h 02 min". @param {number} seconds */
export function formatSeconds(seconds) {
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

/** Decimal multiples: "832 B", "24.1 MB". @param {number} bytes */
export function formatBytes(bytes) {
  if (!Number.isFinite(bytes) || bytes < 0) return NOT_KNOWN;
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const [value, unit] = bytes < 999_500 ? [bytes / 1e3, 'kB'] : bytes < 999_500_000 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** 0..1 -> "12.3%"; what is not zero never reads as zero. @param {number} share */
export function formatShare(share) {
  if (!Number.isFinite(share)) return NOT_KNOWN;
  if (share === 0) return '0%';
  if (share > 0 && share < 0.0005) return '<0.1%';
  return share >= 0.9995 ? `${Math.round(share * 100)}%` : `${(share * 100).toFixed(1)}%`;
}

/** Part of the whole, for a bar; 0 when the whole is 0. @param {bigint} part @param {bigint} whole */
export function ratio(part, whole) {
  return whole > 0n ? Number((part * 1_000_000n) / whole) / 1_000_000 : 0;
}

/** @param {string} hex */
export function shortHex(hex) {
  return hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;
}

/** One line; control characters and direction overrides go: text of strangers could show another amount with them. @param {unknown} text */
export function plainText(text) {
  return String(text ?? '')
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/gu, '')
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu, '').trim();
}

/** "now", "12 s ago", "in 3 h". @param {number} at milliseconds since 1970 */
export function formatAgo(at, now = Date.now()) {
  const seconds = Math.round(Math.abs(now - at) / 1000);
  if (!Number.isFinite(seconds)) return NOT_KNOWN;
  if (seconds < 3) return 'now';
  const text = seconds < 100 ? `${seconds} s` : seconds < 5940 ? `${Math.round(seconds / 60)} min` : seconds < 172_000 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** Local time in full. @param {number} at */
export function formatTime(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? NOT_KNOWN : date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

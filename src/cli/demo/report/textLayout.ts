/** Text in columns: widths as a terminal draws them (colour codes count nothing, wide characters two cells). */
import { stripVTControlCharacters } from 'node:util';

const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), (s) => s.segment);
}

function cells(grapheme: string): number {
  return ZERO.test(grapheme) ? 0 : WIDE.test(grapheme) || grapheme.includes('\ufe0f') ? 2 : 1;
}

export function displayWidth(text: string): number {
  return graphemes(stripVTControlCharacters(text)).reduce((sum, g) => sum + cells(g), 0);
}

/** The longest beginning that fits, with an ellipsis where something was cut. Plain text only: cut first, colour after. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '', used = 0;
  for (const g of graphemes(text)) {
    if (used + cells(g) > width - 1) break;
    out += g;
    used += cells(g);
  }
  return width < 1 ? '' : `${out.trimEnd()}…`;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Lines of at most `width` cells, broken at spaces; a longer word is cut where the line ends. Plain text only. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(2, width), lines: string[] = [];
  let line = '', used = 0;
  for (const word of text.split(' ').filter((w) => w !== '')) {
    const size = displayWidth(word);
    if (used > 0 && used + 1 + size <= room) {
      line += ` ${word}`;
      used += 1 + size;
      continue;
    }
    if (used > 0) lines.push(line);
    line = '';
    used = 0;
    for (const g of graphemes(word)) {
      if (used + cells(g) > room) {
        lines.push(line);
        line = '';
        used = 0;
      }
      line += g;
      used += cells(g);
    }
  }
  return used > 0 ? [...lines, line] : lines;
}

/** A horizontal bar of `fraction` of `width` cells in eighths of a cell; what is not zero shows at least one eighth. */
export function bar(fraction: number, width: number): string {
  if (!Number.isFinite(fraction) || fraction <= 0 || width <= 0) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, fraction) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

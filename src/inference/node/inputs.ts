/** Input files of payers: JSON, one array of numbers or an array of such rows, or CSV, one row a line. */
import { NetworkError } from '../../errors/network.js';

export type InputFormat = 'json' | 'csv';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const JSON_NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function fail(line: number, column: number, message: string, expected: string, got: string, name: string): never {
  throw new NetworkError(message, { code: 'INPUT_FORMAT', where: `${name}:${line}:${column}`, expected, got: got.slice(0, 40), hint: 'JSON: [1, 2] or [[1, 2], [3, 4]]; CSV: numbers with commas between, one row a line' });
}

/**
 * @param width   numbers of a row, when it is known
 * @param format  JSON when the text starts with a bracket, without it
 * @param name    of the file, for errors
 * @throws NetworkError INPUT_FORMAT: names line and column, from 1
 */
export function parseInputs(text: string, { width, format, name = 'input' }: { width?: number; format?: InputFormat; name?: string } = {}): number[][] {
  const plain = text.replace(/^\uFEFF/, '');
  const rows = (format ?? (/^\s*[[{]/.test(plain) ? 'json' : 'csv')) === 'json' ? parseJson(plain, name) : parseCsv(plain, name);
  if (rows.length === 0) fail(1, 1, 'there is no row', 'at least one', 'an empty file', name);
  const want = width ?? rows[0].values.length;
  for (const { values, line, column } of rows) if (values.length !== want) fail(line, column, 'row has the wrong width', `${want} numbers`, `${values.length}`, name);
  return rows.map(({ values }) => values);
}

interface Row {
  values: number[];
  line: number;
  column: number;
}

function parseCsv(text: string, name: string): Row[] {
  const rows: Row[] = [];
  text.split(/\r?\n/).forEach((content, l) => {
    if (content.trim() === '') return;
    let column = 1;
    const values = content.split(',').map((cell) => {
      const value = Number(cell.trim()), at = column + cell.length - cell.trimStart().length;
      column += cell.length + 1;
      if (!NUMBER.test(cell.trim()) || !Number.isFinite(Math.fround(value))) fail(l + 1, at, 'not a finite number', 'a float32 number', cell.trim() || 'nothing', name);
      return value;
    });
    rows.push({ values, line: l + 1, column: 1 });
  });
  return rows;
}

/** Arrays of numbers only, with the place of every fault: JSON.parse names none. */
function parseJson(text: string, name: string): Row[] {
  let at = 0;
  const place = (index: number): [number, number] => { const before = text.slice(0, index).split('\n'); return [before.length, before[before.length - 1].length + 1]; };
  const skip = (): void => { while (at < text.length && ' \t\r\n'.includes(text[at])) at++; };
  const wrong = (expected: string, index = at): never => fail(...place(index), 'input is not what is expected here', expected, index < text.length ? /^[^\s,\]]+|^./s.exec(text.slice(index, index + 40))![0] : 'the end of the file', name);
  const number = (): number => {
    JSON_NUMBER.lastIndex = at;
    const match = JSON_NUMBER.exec(text);
    if (!match) return wrong('a number');
    if (!Number.isFinite(Math.fround(Number(match[0])))) wrong('a finite float32 number');
    at += match[0].length;
    return Number(match[0]);
  };
  /** Items up to the closing bracket; the opening one is taken. */
  const list = <T>(item: () => T): T[] => {
    const items: T[] = [];
    for (skip(); text[at] !== ']'; skip()) {
      if (items.length > 0) {
        if (text[at] !== ',') wrong('a comma or ]');
        at++;
        skip();
      }
      items.push(item());
    }
    at++;
    return items;
  };
  const row = (): Row => {
    const [line, column] = place(at);
    if (text[at] !== '[') wrong('[');
    at++;
    return { values: list(number), line, column };
  };
  skip();
  const [line, column] = place(at);
  if (text[at] !== '[') wrong('[');
  at++;
  skip();
  const rows = text[at] === '[' ? list(row) : [{ values: list(number), line, column }];
  skip();
  if (at < text.length) wrong('the end of the file');
  return rows.length === 1 && rows[0].values.length === 0 ? [] : rows;
}

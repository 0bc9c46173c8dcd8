import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetworkError } from '../../../../src/errors/network.js';
import { parseInputs } from '../../../../src/inference/node/index.js';

const at = (where: string, message = /./) => (error: unknown): boolean => {
  assert.ok(error instanceof NetworkError);
  assert.equal(error.code, 'INPUT_FORMAT');
  assert.equal(error.where, where);
  assert.match(error.message, message);
  return true;
};

describe('files of inputs', () => {
  it('are a JSON array of numbers or of rows, or CSV', () => {
    assert.deepEqual(parseInputs('[1, -2.5e1, 0]'), [[1, -25, 0]]);
    assert.deepEqual(parseInputs('\uFEFF [[1,2],\r\n [3,4] ]\n'), [[1, 2], [3, 4]]);
    assert.deepEqual(parseInputs('1, 2\r\n\n .5,+3e0\n'), [[1, 2], [0.5, 3]]);
    assert.deepEqual(parseInputs('7', { width: 1 }), [[7]]);
  });

  it('are refused with line and column of the fault', () => {
    const faults: [string, string, RegExp?, number?][] = [
      ['[1, null]', 'input:1:5', /number/], ['[1,\n 2,\n x]', 'input:3:2'], ['[[1,2],\n [3,"4"]]', 'input:2:5'], ['[1, 1e999]', 'input:1:5', /finite/], ['[1, 1e39]', 'input:1:5', /finite float32/],
      ['[[1,2],\n[3]]', 'input:2:1', /wrong width: expected 2 numbers, got 1/], ['[1,2', 'input:1:5', /end of the file/], ['[1,]', 'input:1:4'], ['[1] 2', 'input:1:5'], ['[[1],2]', 'input:1:6', /\[/], ['[01]', 'input:1:3'],
      ['{"a":1}', 'input:1:1'], ['', 'input:1:1', /no row/], ['[]', 'input:1:1', /no row/], ['[[]]', 'input:1:1', /no row/], ['1,2\n3,NaN', 'input:2:3', /finite/], ['1,,2', 'input:1:3', /nothing/], ['1,2\n\n3', 'input:3:1', /wrong width/],
      ['1, 0x10', 'input:1:4'], ['1,2', 'input:1:1', /expected 3/, 3], ['[1,2]', 'input:1:1', /expected 3/, 3],
    ];
    for (const [text, where, message, width] of faults) assert.throws(() => parseInputs(text, { width }), at(where, message), text);
    assert.throws(() => parseInputs('1\nx', { name: 'rows.csv' }), at('rows.csv:2:1'));
    assert.throws(() => parseInputs('[1]', { format: 'csv' }), at('input:1:1'));
  });
});

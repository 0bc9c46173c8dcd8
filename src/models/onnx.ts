/**
 * Writer for the part of the ONNX protobuf that the model needs (onnx.proto3, IR 8, opset 17), and the tapped graph itself.
 *   y_l = x_l W_l^T + b_l + (x_l A_l^T) B_l^T,  A_l and B_l from int8 tables through DequantizeLinear
 *   label' = label, or ArgMax(logits) where label < 0
 *   delta_1 = Softmax(logits) - OneHot(label'),   delta_0 = (delta_1 W_1 + (delta_1 B_1) A_1) masked by y_0 > 0
 * Inputs: input float [N,w], label int64 [N]. Outputs: logits, x_0, delta_0, x_1, delta_1 (the tap contract: src/inference/README.md).
 */
import type { Mlp } from './mlp.js';
import type { ClassShape, QuantizedAdapter } from './quantizedAdapter.js';

const FLOAT = 1, INT8 = 3, INT64 = 7;

/** Base-128 varint. */
function varint(value: number): number[] {
  const out: number[] = [];
  while (value >= 128) {
    out.push((value % 128) | 128);
    value = Math.floor(value / 128);
  }
  out.push(value);
  return out;
}
type Part = Uint8Array;
const concat = (parts: readonly Part[]): Part => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
};
/** Field of wire type 0. */
const int = (field: number, value: number): Part => Uint8Array.from([...varint(field * 8), ...varint(value)]);
/** Field of wire type 2. */
const bytes = (field: number, value: Part): Part => concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(value.length)]), value]);
const text = (field: number, value: string): Part => bytes(field, new TextEncoder().encode(value));

const attribute = (name: string, value: number): Part => concat([text(1, name), varintSigned(3, value), int(20, 2)]);
/** int64 fields encode negatives in ten bytes, two's complement. */
function varintSigned(field: number, value: number): Part {
  if (value >= 0) return int(field, value);
  let v = BigInt.asUintN(64, BigInt(value));
  const out = [...varint(field * 8)];
  while (v >= 128n) {
    out.push(Number(v & 127n) | 128);
    v >>= 7n;
  }
  return Uint8Array.from([...out, Number(v)]);
}
const node = (op: string, inputs: string[], outputs: string[], attributes: Record<string, number> = {}): Part =>
  concat([...inputs.map((i) => text(1, i)), ...outputs.map((o) => text(2, o)), text(3, outputs[0]), text(4, op),
    ...Object.entries(attributes).map(([k, v]) => bytes(5, attribute(k, v)))]);
const raw = (view: Float32Array | Int8Array | BigInt64Array): Part => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const tensor = (name: string, type: number, dims: number[], data: Part): Part =>
  concat([...dims.map((n) => int(1, n)), int(2, type), text(8, name), bytes(9, data)]);
const valueInfo = (name: string, type: number, dims: (number | string)[]): Part => {
  const shape = concat(dims.map((n) => bytes(1, typeof n === 'number' ? int(1, n) : text(2, n))));
  return concat([text(1, name), bytes(2, bytes(1, concat([int(1, type), bytes(2, shape)])))]);
};

/** (a,l,j) padded table -> (rank, width) of one layer. */
function layerTable(table: Int8Array, l: number, rank: number, width: number, shape: ClassShape): Int8Array {
  const L = 1 << shape.layersLog, d = 1 << shape.widthLog, out = new Int8Array(rank * width);
  for (let a = 0; a < rank; a++) out.set(table.subarray((a * L + l) * d, (a * L + l) * d + width), a * width);
  return out;
}

/**
 * The served model as ONNX bytes. Little-endian host assumed by raw_data, as the format demands.
 * `omit` leaves out outputs, for tests of the tap contract.
 */
export function writeOnnx(mlp: Mlp, adapter: QuantizedAdapter, rank: number, shape: ClassShape, omit: readonly string[] = []): Uint8Array {
  const { width, hidden, classes } = mlp, ins = [width, hidden], outs = [hidden, classes];
  const initializers: Part[] = [], nodes: Part[] = [];
  const floats = (name: string, dims: number[], v: ArrayLike<number>): void => { initializers.push(tensor(name, FLOAT, dims, raw(Float32Array.from(v)))); };
  const longs = (name: string, dims: number[], v: number[]): void => { initializers.push(tensor(name, INT64, dims, raw(BigInt64Array.from(v, BigInt)))); };

  floats('A_scale', [], [adapter.scales.A]);
  floats('B_scale', [], [adapter.scales.B]);
  for (const l of [0, 1]) {
    floats(`W_${l}`, [outs[l], ins[l]], mlp.W[l]);
    floats(`b_${l}`, [outs[l]], mlp.b[l]);
    initializers.push(tensor(`A_${l}_int8`, INT8, [rank, ins[l]], raw(layerTable(adapter.tables.A, l, rank, ins[l], shape))));
    initializers.push(tensor(`Bt_${l}_int8`, INT8, [rank, outs[l]], raw(layerTable(adapter.tables.B, l, rank, outs[l], shape))));
    nodes.push(node('DequantizeLinear', [`A_${l}_int8`, 'A_scale'], [`A_${l}`]), node('DequantizeLinear', [`Bt_${l}_int8`, 'B_scale'], [`Bt_${l}`]));
  }
  longs('depth', [], [classes]);
  longs('zero', [], [0]);
  floats('zero_float', [], [0]);
  floats('off_on', [2], [0, 1]);

  const layer = (l: number, x: string, y: string): void => {
    nodes.push(
      node('Gemm', [x, `W_${l}`, `b_${l}`], [`frozen_${l}`], { transB: 1 }),
      node('Gemm', [x, `A_${l}`], [`z_${l}`], { transB: 1 }),
      node('MatMul', [`z_${l}`, `Bt_${l}`], [`adapted_${l}`]),
      node('Add', [`frozen_${l}`, `adapted_${l}`], [y]),
    );
  };
  nodes.push(node('Identity', ['input'], ['x_0']));
  layer(0, 'input', 'y_0');
  nodes.push(node('Relu', ['y_0'], ['x_1']));
  layer(1, 'x_1', 'logits');
  nodes.push(
    node('ArgMax', ['logits'], ['prediction'], { axis: 1, keepdims: 0 }),
    node('Less', ['label', 'zero'], ['unlabelled']),
    node('Where', ['unlabelled', 'prediction', 'label'], ['target']),
    node('OneHot', ['target', 'depth', 'off_on'], ['onehot'], { axis: -1 }),
    node('Softmax', ['logits'], ['probabilities'], { axis: -1 }),
    node('Sub', ['probabilities', 'onehot'], ['delta_1']),
    node('MatMul', ['delta_1', 'W_1'], ['back_frozen']),
    node('Gemm', ['delta_1', 'Bt_1'], ['u_1'], { transB: 1 }),
    node('MatMul', ['u_1', 'A_1'], ['back_adapted']),
    node('Add', ['back_frozen', 'back_adapted'], ['back']),
    node('Greater', ['y_0', 'zero_float'], ['active']),
    node('Where', ['active', 'back', 'zero_float'], ['delta_0']),
  );
  const outputs: [string, number][] = [['logits', classes], ['x_0', width], ['delta_0', hidden], ['x_1', hidden], ['delta_1', classes]];
  const graph = concat([
    ...nodes.map((n) => bytes(1, n)), text(2, 'tapped'), ...initializers.map((t) => bytes(5, t)),
    bytes(11, valueInfo('input', FLOAT, ['N', width])), bytes(11, valueInfo('label', INT64, ['N'])),
    ...outputs.filter(([name]) => !omit.includes(name)).map(([name, w]) => bytes(12, valueInfo(name, FLOAT, ['N', w]))),
  ]);
  return concat([int(1, 8), text(2, 'zkattr'), bytes(7, graph), bytes(8, int(2, 17))]);
}

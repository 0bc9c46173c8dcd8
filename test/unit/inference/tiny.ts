/** A small random model of class (L 2, d 8, r 2), for tests that need taps but no training. */
import { quantizeAdapter, trainLora, trainMlp, writeOnnx, dequantizeAdapter, type Dataset, type Lora, type Mlp, type QuantizedAdapter } from '../../../src/models/index.js';
import { seededRandom } from '../../../src/models/random.js';
import type { TapSpec } from '../../../src/inference/index.js';

export const tinyShape = { layersLog: 1, rankLog: 1, widthLog: 3 };
export const tinySpec: TapSpec = { inputWidth: 6, classes: 3, layers: [{ x: 6, delta: 8 }, { x: 8, delta: 3 }] };

export interface TinyModel {
  mlp: Mlp;
  lora: Lora;
  served: Lora;
  adapter: QuantizedAdapter;
  train: Dataset;
  onnx: (omit?: readonly string[]) => Uint8Array;
}

export function tinyModel(): TinyModel {
  const random = seededRandom(11), n = 24;
  const train: Dataset = {
    width: 6, classes: 3, inputs: Float32Array.from({ length: n * 6 }, () => random.normal()), labels: Int32Array.from({ length: n }, () => random.below(3)),
  };
  const mlp = trainMlp(train, 8, { steps: 5, learningRate: 0.01, decay: 0, seed: 1 });
  const lora = trainLora(mlp, train, 2, { steps: 10, learningRate: 0.05, decay: 0, seed: 2 });
  const adapter = quantizeAdapter(mlp, lora, train, 0.1, tinyShape);
  return { mlp, lora, served: dequantizeAdapter(adapter, mlp, 2, tinyShape), adapter, train, onnx: (omit) => writeOnnx(mlp, adapter, 2, tinyShape, omit) };
}

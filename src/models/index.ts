export { adapterIdOf, bundleFiles, manifestSchema, readBundle, tapSpecOf, writeBundle, type BundleManifest, type LabelledRows, type ModelBundle } from './bundle.js';
export { contributedContent, rowsHash } from './content.js';
export { loadDigits, parseDigits, selectRows, splitRows, type Dataset } from './digits.js';
export { buildDemoBundle, demoSplit, type FactoryOptions } from './factory.js';
export { accuracy, trainLora, trainMlp, type Lora, type Mlp, type TrainOptions } from './mlp.js';
export { writeOnnx } from './onnx.js';
export { contributorPlan, NOVEL_DIGITS, type Contributor, type ContributorKind, type ContributorPlan } from './plan.js';
export { dequantizeAdapter, quantizeAdapter, type AdapterTables, type QuantizedAdapter, type Scales } from './quantizedAdapter.js';

export { checkFinite, checkScale, dequantize, quantize, quantizedMax, roundHalfEven, scaleFor, scaleHash, type Bits } from './quantize.js';

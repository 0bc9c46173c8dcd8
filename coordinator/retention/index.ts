export { Pruner, PrunerMetrics, type PrunerOptions } from './pruner.js';

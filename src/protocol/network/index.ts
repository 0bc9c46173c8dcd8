export * from './api.js';
export * from './container.js';
export * from './envelope.js';
export * from './job.js';
export * from './packages.js';
export * from './prover.js';

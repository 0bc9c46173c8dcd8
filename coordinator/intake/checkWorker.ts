/** Piscina's thread: see packages.ts. */
export { checkPackage as default } from './checkPackage.js';

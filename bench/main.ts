/**
 * One entry for all benches: node dist/bench/main.js <name> [options]. What each measures: bench/README.md.
 */
const BENCHES: Record<string, () => Promise<unknown>> = {
  prove: () => import('./prover/main.js'),
  kernels: () => import('./kernels/main.js'),
  groth16: () => import('./groth16/main.js'),
  witness: () => import('./prover/witness.js'),
  gas: () => import('./contracts/main.js'),
  attribution: () => import('./attribution/main.js'),
  queue: () => import('./network/queue.js'),
  provers: () => import('./network/provers.js'),
  tables: () => import('./tables/main.js'),
};

const [name] = process.argv.splice(2, 1);
if (name === undefined || !Object.hasOwn(BENCHES, name)) {
  console.error(`usage: bench <name> [options]     names: ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else {
  await BENCHES[name]();
}

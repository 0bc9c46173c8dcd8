export { proverRoutes } from './http.js';
export { ProverNetwork, type ProverNetworkOptions } from './libp2p.js';

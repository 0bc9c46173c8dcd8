export { startAnvil, type Anvil, type AnvilOptions } from './anvil.js';
export { connectChain, type ChainClient, type ConnectOptions } from './client.js';
export { addClass, deployContracts, type DeployOptions, type Deployment } from './deploy.js';
export { Economy, PAYMENT_STATUS, type BlockInput, type FeaturesInput, type PaymentState, type SettleInput } from './economy.js';
export * from './ids.js';
export { chainError } from './revert.js';
export { assertDeployed, read, send, type Sent } from './send.js';
export type * from './types.js';
export { contractShape, contractVerifyingKey, g2Words, type SnarkjsVerifyingKey } from './verifyingKey.js';

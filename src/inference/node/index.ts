export { AdapterPool, blockHeightLog, type Adapter, type AdapterPoolOptions, type LoadedAdapter } from './adapters.js';
export * from './api.js';
export { InferenceNodeError, inferRemote, remoteAdapters, remoteInference, type InferRemoteOptions, type RemoteInference } from './client.js';
export { parseInputs, type InputFormat } from './inputs.js';
export { NodeMetrics, type NodeLogger } from './metrics.js';
export { startInferenceNode, type InferenceNodeOptions, type NodeHandle } from './node.js';

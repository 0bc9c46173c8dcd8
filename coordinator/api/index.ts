export { errorReply } from './errors.js';
export { Operators, type OperatorOptions } from './operators.js';
export { rewardsSchema } from './schemas.js';
export { buildApi, type ApiOptions } from './server.js';
export { Uploads, type UploadOptions } from './uploads.js';

import { AttributionError, type AttributionErrorOptions } from './base.js';

/** A buffer or table whose length does not fit the kernel it was given to. */
export class KernelShapeError extends AttributionError {
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'KERNEL_SHAPE' });
  }
}

/** A kernel backend that does not exist or cannot be used here. */
export class UnknownKernelsError extends AttributionError {
  constructor(name: string, valid: readonly string[], where: string) {
    super('unknown kernel backend', {
      code: 'UNKNOWN_KERNELS', where, expected: `one of ${valid.join(', ')}`, got: name, hint: 'unset ZKATTR_KERNELS to use the default',
    });
  }
}

/** A kernel called after close(). */
export class KernelsClosedError extends AttributionError {
  constructor(where: string) {
    super('kernels are closed', { code: 'KERNELS_CLOSED', where, hint: 'create new kernels; close() ends their threads' });
  }
}

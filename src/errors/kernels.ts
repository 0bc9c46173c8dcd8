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

/** What stands in the way of the native kernels. */
export type NativeFault = 'platform' | 'cpu' | 'compiler' | 'sources' | 'compile' | 'load' | 'selfTest';

/** The native kernels cannot be built, loaded or trusted here. Without a forced choice the portable ones run instead. */
export class NativeKernelsError extends AttributionError {
  readonly fault: NativeFault;
  constructor(fault: NativeFault, message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'NATIVE_KERNELS' });
    this.fault = fault;
  }
}

/** An instruction set that was asked for by name and does not exist, or that this CPU lacks. */
export class UnsupportedIsaError extends AttributionError {
  constructor(isa: string, usable: readonly string[], where: string) {
    super('instruction set cannot be used here', {
      code: 'UNSUPPORTED_ISA', where, expected: `one of ${usable.join(', ')}`, got: isa, hint: 'leave it out to use the best one this CPU has',
    });
  }
}

/** A native call whose arguments or files the library refused. */
export class NativeCallError extends AttributionError {
  constructor(where: string, code: string, cause: Error) {
    const file = code === 'ZKATTR_FORMAT' || code === 'ZKATTR_SYSTEM';
    // The library puts the function's name first, as `where` does.
    super(cause.message.replace(`${where.split('.').at(-1)}: `, ''), {
      code: code.replace(/^ZKATTR/, 'NATIVE'), where, cause, hint: file ? 'check the file; make the keys again if it is damaged' : 'see prover/kernels/native/arithmetic.ts for the shapes',
    });
  }
}

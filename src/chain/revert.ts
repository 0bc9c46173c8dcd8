import { BaseError, ContractFunctionRevertedError, decodeErrorResult, type Hex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { contractErrorsAbi } from './generated/contracts.js';
import { HINTS, UNREACHABLE } from './hints.js';

/** Any failure of a contract call -> ChainError that names the custom error (code `REVERT_<Name>`). */
export function chainError(where: string, cause: unknown): ChainError {
  if (cause instanceof ChainError) return cause;
  const reverted = cause instanceof BaseError ? cause.walk((e) => e instanceof ContractFunctionRevertedError) : null;
  if (reverted instanceof ContractFunctionRevertedError) {
    const decoded = reverted.data ?? decodeRevert(reverted.raw);
    if (decoded) {
      const args = (decoded.args ?? []).map(argument).join(', ');
      return new ChainError(`reverted with ${decoded.errorName}(${args})`, { code: `REVERT_${decoded.errorName}`, where, hint: HINTS[decoded.errorName], cause });
    }
    return new ChainError(`reverted: ${reverted.reason ?? 'without a reason'}`, { code: 'REVERT', where, cause });
  }
  const message = cause instanceof BaseError ? cause.shortMessage : cause instanceof Error ? cause.message : String(cause);
  return new ChainError(message.split('\n')[0], { code: 'CHAIN_CALL', where, cause });
}

/** A bytes32 that holds text is shown as text. */
function argument(value: unknown): string {
  const text = typeof value === 'string' ? /^0x((?:[2-7][0-9a-f]){3,32}?)(?:00)*$/.exec(value) : null;
  return text && value !== undefined && String(value).length === 66 ? Buffer.from(text[1], 'hex').toString('ascii') : String(value);
}

function decodeRevert(raw: Hex | undefined): { errorName: string; args?: readonly unknown[] } | undefined {
  if (!raw || raw === '0x') return undefined;
  try {
    return decodeErrorResult({ abi: contractErrorsAbi, data: raw }) as { errorName: string; args?: readonly unknown[] };
  } catch {
    return undefined;
  }
}

/** Names of custom errors, of any contract, that would reach a user without a hint; none. */
export const errorsWithoutHint = (): string[] => [...new Set<string>(contractErrorsAbi.map((e) => e.name))].filter((name) => HINTS[name] === undefined && !UNREACHABLE.includes(name)).sort();

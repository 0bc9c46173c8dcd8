/**
 * Who signed a message: secp256k1 public key recovery by libsecp256k1 in WASM. Every message of every prover costs one: a sixth of what
 * viem's takes (0.36 against 2.2 ms on an AMD EPYC); a test holds both against each other.
 */
import { recover } from 'tiny-secp256k1';
import { hexToBytes, type Address, type Hex } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';
import { bytesToHex } from 'viem/utils';

/**
 * @param signature  65 bytes r, s, v with v 27 or 28
 * @returns nothing when no key signs so: r or s out of range, or r on no point
 */
export function recoverSigner(hash: Hex, signature: Hex): Address | undefined {
  const bytes = hexToBytes(signature);
  if (bytes.length !== 65 || (bytes[64] !== 27 && bytes[64] !== 28)) return undefined;
  try {
    const key = recover(hexToBytes(hash), bytes.subarray(0, 64), (bytes[64] - 27) as 0 | 1, false);
    return key ? publicKeyToAddress(bytesToHex(key)) : undefined;
  } catch {
    return undefined; // r or s out of range
  }
}

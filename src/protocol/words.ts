/** What messages and artifacts are made of: hashes, addresses, integers as text. */
import { getAddress, isAddress, type Address, type Hex } from 'viem';
import { z } from 'zod';

export const word = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{64}$/.test(v), 'a 32-byte lower-case hex word');
export const address = z.custom<Address>((v) => typeof v === 'string' && isAddress(v, { strict: false }), 'an address').transform((v) => getAddress(v));
/** Hex bytes of any length, lower case. */
export const bytes = z.custom<Hex>((v) => typeof v === 'string' && /^0x([0-9a-f]{2})*$/.test(v), 'lower-case hex bytes');
/** A 65-byte signature; contracts that sign (ERC-1271) may need longer ones: `bytes`. */
export const signature = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{130}$/.test(v), 'a 65-byte signature');
/** Decimal text of an integer below 2^bits; stays text. */
export const uint = (bits: number) => z.string().regex(/^(0|[1-9][0-9]{0,77})$/, 'a decimal integer').refine((v) => !/^\d+$/.test(v) || BigInt(v) >> BigInt(bits) === 0n, `below 2^${bits}`);
/** 0x-hex text of an integer; parsed to bigint. */
export const integer = z.string().regex(/^0x[0-9a-f]{1,64}$/, 'a 0x-hex integer').transform((v) => BigInt(v));
export const count = z.int().nonnegative();

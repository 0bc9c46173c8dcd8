/** Schemas of parameters and answers that src/protocol/network/api.ts does not have, and how its own show in the OpenAPI document. */
import type { SwaggerTransform } from '@fastify/swagger';
import { z } from 'zod';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { address, bytes, count, signature, word } from '../../src/protocol/words.js';

export const blockParams = z.strictObject({ blockId: word });
export const jobParams = z.strictObject({ jobId: word });
export const accountParams = z.strictObject({ account: address });
export const artifactParams = z.strictObject({ hash: word });
export const logQuery = z.strictObject({ from: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(0), limit: z.coerce.number().int().min(1).max(500).default(100) });
export const listQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) });
export const acceptedSchema = z.strictObject({ ok: z.literal(true) });

/** What an account was credited in settled jobs of this network; what it can claim and when is the vault's to say. */
export const rewardsSchema = z.strictObject({
  account: address,
  /** Base units, decimal. */
  total: z.string(), byKind: z.record(z.string(), z.string()),
  /** The latest 100, newest first. */
  credits: z.array(z.strictObject({ jobId: word, kind: z.string(), amount: z.string(), at: count })),
});

type JsonSchema = Record<string, unknown>;
const text = (pattern: string, description: string): JsonSchema => ({ type: 'string', pattern, description });
const CUSTOM = new Map<unknown, JsonSchema>([
  [word, text('^0x[0-9a-f]{64}$', '32 bytes, lower-case hex')], [bytes, text('^0x([0-9a-f]{2})*$', 'bytes, lower-case hex')], [signature, text('^0x[0-9a-f]{130}$', '65-byte signature')],
  [address, text('^0x[0-9a-fA-F]{40}$', 'address')], [address.def.in, text('^0x[0-9a-fA-F]{40}$', 'address')],
]);

/** Custom checks have no JSON schema of their own. */
export const jsonSchemaTransform: SwaggerTransform = createJsonSchemaTransform({
  zodToJsonConfig: {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: JsonSchema }) => {
      const known = CUSTOM.get(zodSchema), type = (zodSchema as { _zod?: { def?: { type?: string } } })._zod?.def?.type;
      if (known) Object.assign(jsonSchema, known);
      else if ((type === 'custom' || type === 'transform') && Object.keys(jsonSchema).length === 0) jsonSchema.type = 'string';
    },
  },
} as Parameters<typeof createJsonSchemaTransform>[0]) as unknown as SwaggerTransform;

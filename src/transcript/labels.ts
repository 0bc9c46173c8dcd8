/** Every label of the Poseidon transcript, in the order of use. */
export const LABELS = {
  statement: 'statement', sigma: 'sigma', scores: 'scores', magnitude: 'magnitude', bits: 'bits', bit: 'bit', influence: 'influence',
  features: 'features', phi: 'phi', tokens: 'tokens', activations: 'activations', columns: 'columns', values: 'values', rows: 'rows', openings: 'openings',
} as const;

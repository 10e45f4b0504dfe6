/** The options about proofs on a command line: what proof/proof-options.ts lists, under a heading of its own. */
import type { Argv } from 'yargs';
import { type GivenProofs, PROOF_OPTIONS, type ProofOption } from '../proof/proof-options.js';

const OPTIONS = Object.entries(PROOF_OPTIONS) as [string, ProofOption][];

export function proofArguments<T>(parser: Argv<T>): Argv<T> {
  for (const [name, { value, describe }] of OPTIONS) {
    parser.option(name, {
      type: value === undefined ? 'boolean' : 'string',
      ...(value !== undefined && { requiresArg: true }),
      describe: value === undefined ? describe : `${value}: ${describe}`,
      group: 'Verification:',
    });
  }
  return parser;
}

/** What the user gave of them, in order. `given` is what yargs parsed. */
export function givenProofs(given: object): GivenProofs {
  const found = new Map<string, readonly string[]>();
  for (const [name] of OPTIONS) {
    const value = (given as Record<string, unknown>)[name];
    if (value === true) found.set(name, []);
    else if (typeof value === 'string') found.set(name, [value]);
    else if (Array.isArray(value)) found.set(name, value.map(String));
  }
  return found;
}

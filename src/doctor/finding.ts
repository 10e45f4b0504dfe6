/**
 * What one look at the machine gave.
 *
 * LAW of this room: it looks and never changes. No file is made, no mount is touched, no setting written, no secret repeated.
 */

/**
 * - `good`     nothing is in the way
 * - `warning`  mounts work, and something is slower, missing or refused
 * - `bad`      mounts or what they fetch fail, now or at the next occasion
 */
export type State = 'good' | 'warning' | 'bad';

export interface Finding {
  /** what was looked at, in a few words */
  readonly check: string;
  readonly state: State;
  readonly found: string;
  /** a command wherever there is one; where all is good, what would allow more */
  readonly remedy: string | undefined;
}

/** `wanted`: what would allow more. */
export const good = (check: string, found: string, wanted?: string): Finding => ({
  ...{ check, state: 'good', found },
  remedy: wanted,
});

export const warning = (check: string, found: string, remedy: string): Finding => ({
  ...{ check, state: 'warning', found, remedy },
});

export const bad = (check: string, found: string, remedy: string): Finding => ({
  ...{ check, state: 'bad', found, remedy },
});

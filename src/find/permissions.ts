/** Permission bits as find -perm has them: MODE exactly, -MODE all of its bits, /MODE any of them; octal or symbolic. */
import { FindError } from './errors.js';

export interface PermissionTest {
  readonly how: 'exactly' | 'all' | 'any';
  readonly bits: number;
}

/** No bits at all: "all of them" and "any of them" both hold, as in find(1). */
export function permits({ how, bits }: PermissionTest, mode: number): boolean {
  const own = mode & 0o7777;
  if (how === 'exactly') return own === bits;
  return how === 'all' || bits === 0 ? (own & bits) === bits : (own & bits) !== 0;
}

/** Throws FindError. */
export function readPermissions(option: string, text: string): PermissionTest {
  // "+x" alone is a mode that adds to none, "-u+x" is one whose bits must all be there
  const how = text.startsWith('-') ? 'all' : text.startsWith('/') ? 'any' : 'exactly';
  const written = how === 'exactly' ? text : text.slice(1);
  if (/^[0-7]{1,5}$/.test(written) && Number.parseInt(written, 8) <= 0o7777) {
    return { how, bits: Number.parseInt(written, 8) };
  }
  const bits = symbolicBits(written);
  if (bits === undefined) throw new FindError(option, text, 'a mode such as 644, -4000, /222 or -u+s');
  return { how, bits };
}

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const WHAT: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };

/** "u=rw,go+r" applied to no bits; undefined where it is none. */
function symbolicBits(text: string): number | undefined {
  let bits = 0;
  for (const clause of text.split(',')) {
    const [, who, operator, what] = /^([ugoa]*)([+=-])([rwxst]*)$/.exec(clause) ?? [];
    if (who === undefined) return undefined;
    const whose = [...(who || 'a')].reduce((all, letter) => all | WHO[letter]!, 0);
    const given = [...what!].reduce((all, letter) => all | WHAT[letter]!, 0) & whose;
    if (operator === '=') bits = (bits & ~whose) | given;
    else bits = operator === '+' ? bits | given : bits & ~given;
  }
  return bits;
}

/** How a server says that it wants to know who asks: the values of WWW-Authenticate (RFC 9110 §11.6.1). */

export interface Challenge {
  /** in lower case */
  readonly scheme: string;
  /** names in lower case */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** Servers leave out the quotes of URLs. */
const PARAMETER = new RegExp(`[\\s,]*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`, 'y');
const SCHEME = new RegExp(`[\\s,]*(${TOKEN})(?=[\\s,]|$)`, 'y');

/** What stands in the place of parameters, as in "Negotiate oYG2MIGz=="; nothing that is understood here has one. */
const BARE_VALUE = /[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;

/** Every challenge, in order: a field may have several. What follows a violation of the grammar is left out. */
export function parseChallenges(values: readonly string[]): readonly Challenge[] {
  return values.flatMap(parseField);
}

function parseField(value: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const result = pattern.exec(value);
    if (result !== null) at = pattern.lastIndex;
    return result;
  };
  for (;;) {
    const last = found.at(-1);
    const parameter = last && match(PARAMETER);
    if (parameter) {
      const [, name, quoted, plain] = parameter;
      const content = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain!;
      const key = name!.toLowerCase();
      if (!last.parameters.has(key)) last.parameters.set(key, content);
      continue;
    }
    const scheme = match(SCHEME);
    if (scheme === null) return found;
    found.push({ scheme: scheme[1]!.toLowerCase(), parameters: new Map() });
    match(BARE_VALUE);
  }
}

/** Bearer with a realm before Basic; undefined where nothing is understood. */
export function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm')) ??
    challenges.find(({ scheme }) => scheme === 'basic')
  );
}

/** The way to servers: proxies, and a clock that certificates and tokens agree with. */
import { describe } from '../commands/failure.js';
import { timeSpanText } from '../commands/size-text.js';
import { publicName } from '../remote/blob-url.js';
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

/** As undici looks for them: the first one that is set. */
const PROXIES = [
  ['http_proxy', 'HTTP_PROXY'],
  ['https_proxy', 'HTTPS_PROXY'],
] as const;
const SCHEMES = new Set(['http:', 'https:', 'socks:', 'socks5:']);

/** A proxy's URL may have a password, so its host alone is said. */
export function proxies({ environment }: Machine): Finding {
  const check = 'proxies';
  const told: string[] = [];
  for (const names of PROXIES) {
    const name = names.find((each) => environment[each] !== undefined);
    const text = name && environment[name];
    if (!name || !text) continue;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !SCHEMES.has(url.protocol) || url.host === '') {
      return bad(
        check,
        `${name} is no URL: http://HOST:PORT was expected`,
        `export ${name}=http://HOST:PORT`,
      );
    }
    told.push(`${name} leads to ${url.protocol}//${url.host}`);
  }
  const all = ['all_proxy', 'ALL_PROXY'].find((name) => environment[name]);
  if (told.length === 0 && all !== undefined) {
    const found = `${all} is set, which is not looked at: servers are asked without a proxy`;
    return warning(check, found, `export http_proxy="$${all}" https_proxy="$${all}"`);
  }
  const without = environment.no_proxy ?? environment.NO_PROXY;
  if (told.length > 0 && without) told.push(`but not for ${without}`);
  return good(check, told.join(', ') || 'none in the environment');
}

/** Seconds. What is signed for minutes is not valid any more beyond the second. */
const NOTICEABLE = 30;
const FATAL = 300;

export async function clock(machine: Machine, url: URL): Promise<Finding> {
  const check = 'clock';
  const asked = machine.now();
  let theirs: number;
  try {
    theirs = await machine.serverTime(url);
  } catch (error) {
    return bad(
      check,
      `${publicName(url)} was not reached: ${describe(error)}`,
      `curl -sSI ${publicName(url)}`,
    );
  }
  const ours = (asked + machine.now()) / 2;
  const behind = (theirs - ours) / 1000;
  const found = `is ${timeSpanText(Math.abs(behind))} ${behind < 0 ? 'ahead of' : 'behind'} that of ${url.host}`;
  if (Math.abs(behind) < NOTICEABLE) return good(check, `agrees with that of ${url.host}`);
  const remedy = 'sudo timedatectl set-ntp true';
  return Math.abs(behind) < FATAL
    ? warning(check, found, remedy)
    : bad(check, `${found}: certificates and tokens are refused`, remedy);
}

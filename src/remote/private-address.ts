/**
 * Addresses that only mean something where this machine is: a public server must not direct its readers there
 * (IANA's special-purpose registries, RFC 6890).
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { FetchFailure } from './fetch-failure.js';

const PRIVATE = new BlockList();

/** IPv6 prefixes, in front of 32 bits of IPv4, by which gateways and stacks lead on to that address. */
const IPV4_BEHIND: readonly (readonly [before: string, after: string, bits: number])[] = [
  // IPv4-compatible (RFC 4291 §2.5.5.1); IPv4-mapped ones are checked as IPv4 by BlockList itself
  ['::', '', 96],
  // IPv4-translated (RFC 2765)
  ['::ffff:0:', '', 96],
  // NAT64 (RFC 6052), by which a network without IPv4 reaches public addresses, too
  ['64:ff9b::', '', 96],
  // 6to4 (RFC 3056)
  ['2002:', '::', 16],
];

for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
  const [a, b, c, d] = network.split('.').map(Number) as [number, number, number, number];
  const words = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  for (const [before, after, length] of IPV4_BEHIND) {
    PRIVATE.addSubnet(`${before}${words}${after}`, length + bits, 'ipv6');
  }
}
for (const [network, bits] of [
  // NAT64 of a network's own (RFC 8215)
  ['64:ff9b:1::', 48],
  ['100::', 64],
  // Teredo and other protocols' (RFC 2928)
  ['2001::', 23],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  // site-local, as before fc00::/7 (RFC 3879)
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv6');
}

export function isPrivateAddress(address: string): boolean {
  // a system's resolver may name the interface of a link-local address behind "%"
  const [bare] = address.split('%') as [string];
  return PRIVATE.check(bare, isIP(bare) === 6 ? 'ipv6' : 'ipv4');
}

/** What can be told without asking DNS: undefined for a name. */
export function isPrivateLiteral(hostname: string): boolean | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (isIP(bare) !== 0) return isPrivateAddress(bare);
  return bare === 'localhost' || bare.endsWith('.localhost') ? true : undefined;
}

/** A name that DNS does not know is taken for a public one: it is the proxy's to find. */
export async function isPrivateHost(hostname: string): Promise<boolean> {
  const known = isPrivateLiteral(hostname);
  if (known !== undefined) return known;
  try {
    return (await lookup(hostname, { all: true })).some(({ address }) => isPrivateAddress(address));
  } catch {
    return false;
  }
}

export const privateTarget = (hostname: string): FetchFailure =>
  new FetchFailure(
    'refused',
    `a public server leads to ${hostname}, which is an address of a private network or of this machine`,
  );

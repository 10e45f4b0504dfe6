/**
 * Addresses that only mean something where this machine is: a public server must not direct its readers there
 * (IANA's special-purpose registries, RFC 6890).
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { FetchFailure } from './fetch-failure.js';

const PRIVATE = new BlockList();
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
}
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv6');
}

export const isPrivateAddress = (address: string): boolean =>
  PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

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

/** Certificates made by openssl: an authority, a server called localhost, a client. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Scratch } from '../support/scratch.js';

export interface Certificates {
  readonly caFile: string;
  readonly serverKeyFile: string;
  readonly serverCertificateFile: string;
  readonly clientKeyFile: string;
  readonly clientCertificateFile: string;
  readonly server: { readonly key: string; readonly cert: string };
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function makeCertificates(t: Test, scratch: Scratch): Certificates {
  const folder = scratch.folder();
  const file = (name: string) => join(folder, name);
  const openssl = (...parameters: string[]) => {
    const { status, stderr } = spawnSync('openssl', parameters, { encoding: 'utf8' });
    if (status !== 0) t.bailout(`openssl ${parameters[0]}: ${stderr}`);
  };
  const ca = ['-out', file('ca.pem'), '-keyout', file('ca.key'), '-subj', '/CN=authority'];
  openssl('req', '-x509', ...KEY, '-days', '2', ...ca);
  const issue = (name: string, ...extension: string[]) => {
    const issued = ['-out', file(`${name}.pem`), '-keyout', file(`${name}.key`), '-subj', `/CN=${name}`];
    const by = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
    openssl('req', '-x509', ...KEY, '-days', '2', ...issued, ...by, ...extension);
  };
  issue(
    'localhost',
    '-addext',
    'subjectAltName=DNS:localhost,DNS:*.localhost',
    '-addext',
    'basicConstraints=CA:FALSE',
  );
  issue('client', '-addext', 'extendedKeyUsage=clientAuth', '-addext', 'basicConstraints=CA:FALSE');
  return {
    caFile: file('ca.pem'),
    serverKeyFile: file('localhost.key'),
    serverCertificateFile: file('localhost.pem'),
    clientKeyFile: file('client.key'),
    clientCertificateFile: file('client.pem'),
    server: {
      key: readFileSync(file('localhost.key'), 'utf8'),
      cert: readFileSync(file('localhost.pem'), 'utf8'),
    },
  };
}

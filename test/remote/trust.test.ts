/** Whose certificates are trusted, and what a client shows of itself. */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import t from 'tap';
import { readCertificates, trustedAuthorities } from '../../src/remote/certificates.js';
import type { CertificateOptions } from '../../src/remote/http-options.js';
import { Scratch } from '../support/scratch.js';
import { makeCertificates } from './certificates.js';
import { FaultServer } from './fault-server.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const scratch = new Scratch(t);
const certificates = makeCertificates(t, scratch);
const { caFile, clientCertificateFile, clientKeyFile, server: serverTls } = certificates;
const blob = blobOf(5_000);

t.test('an authority beside those of the system', async (t) => {
  const server = await FaultServer.start(t, blob, { tls: serverTls });
  const url = server.url(undefined, 'localhost');
  const { read } = await openedBlob(t, url, { furtherCaFiles: [caFile] });
  t.ok(same(await read(0, blob.length), blob));
  await t.rejects(openedBlob(t, url), { code: 'refused', message: /not trusted/ });
  const authority = readFileSync(caFile, 'utf8');
  const beside = trustedAuthorities({ furtherCaFiles: [caFile] });
  t.ok(beside?.includes(authority) && beside.includes(rootCertificates[0]!));
  t.same(trustedAuthorities({ caFile, furtherCaFiles: [caFile] }), [authority, authority], 'in their place');
  t.equal(trustedAuthorities({}), undefined);
});

t.test('a host whose certificate is not checked, and no other one', async (t) => {
  const server = await FaultServer.start(t, blob, { tls: serverTls });
  const other = await FaultServer.start(t, blob, { tls: serverTls });
  const options = { unverifiedHost: `localhost:${server.port}` };
  const { read } = await openedBlob(t, server.url(undefined, 'localhost'), options);
  t.ok(same(await read(0, blob.length), blob));
  await t.rejects(openedBlob(t, other.url(undefined, 'localhost'), options), { code: 'refused' });
  server.always = ({ response }) =>
    void response.writeHead(307, { location: other.url(undefined, 'localhost') }).end();
  await t.rejects(read(0, 10), { code: 'refused' }, 'not where it leads either');
});

t.test('certificates of the client, in two files or in one', async (t) => {
  const requestCert = { ...serverTls, requestCert: true, rejectUnauthorized: true, ca: readFileSync(caFile) };
  const server = await FaultServer.start(t, blob, { tls: requestCert });
  const joint = scratch.file(
    'joint.pem',
    readFileSync(clientCertificateFile) + String(readFileSync(clientKeyFile)),
  );
  const shown: CertificateOptions[] = [
    { clientCertificateFile, clientKeyFile },
    { clientPairs: [{ certificateFile: clientCertificateFile, keyFile: clientKeyFile }] },
    { clientPairs: [{ certificateFile: joint, keyFile: joint }] },
  ];
  for (const options of shown) {
    const { read } = await openedBlob(t, server.url(undefined, 'localhost'), { caFile, ...options });
    t.ok(same(await read(0, 100), blob.subarray(0, 100)));
  }
  await t.rejects(openedBlob(t, server.url(undefined, 'localhost'), { caFile }));
});

t.test('files that do not fit are named', async (t) => {
  const empty = scratch.file('empty.pem', 'x');
  const cases: [CertificateOptions, RegExp][] = [
    [{ furtherCaFiles: [empty] }, /empty\.pem has no certificate in PEM form/],
    [
      { clientPairs: [{ certificateFile: empty, keyFile: clientKeyFile }] },
      /empty\.pem, .*client\.key cannot be used/,
    ],
    [{ clientCertificateFile }, /client\.pem was given alone/],
    [{ clientKeyFile }, /client\.key was given alone/],
  ];
  for (const [options, message] of cases) {
    t.throws(() => readCertificates(options), { name: 'RemoteError', code: 'options', message });
  }
  t.throws(() => readCertificates({ furtherCaFiles: ['/nowhere.pem'] }), { code: 'ENOENT' });
  t.same(readCertificates({}), {});
});

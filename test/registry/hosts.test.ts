/** Where a registry is asked: what containerd's and Docker's folders say, and what is refused in them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { apiUrl, certificatesOf, defaultHostsDirectories, registryHosts } from '../../src/registry/hosts.js';
import type { RegistrySpec } from '../../src/registry/registry-spec.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

/** A folder of folders with these files. */
function directoryOf(files: Readonly<Record<string, string>>): string {
  const directory = scratch.folder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

const hostsOf = (registry: string, hostsToml?: string, spec: RegistrySpec = {}) =>
  registryHosts(registry, {
    hostsDirectories: hostsToml === undefined ? [] : [directoryOf({ '_default/hosts.toml': hostsToml })],
    ...spec,
  });

t.test('a registry that nothing is said about', async (t) => {
  const base = (registry: string, plainHttp = false) => {
    const hosts = hostsOf(registry, undefined, { plainHttp });
    t.equal(hosts.length, 1);
    t.match(hosts[0], { isOrigin: true, namespace: undefined, canPull: true, canResolve: true });
    return hosts[0]?.base;
  };
  t.equal(base('registry.test'), 'https://registry.test/v2/');
  t.equal(base('registry.test:5000'), 'https://registry.test:5000/v2/');
  t.equal(base('registry.test:5000', true), 'http://registry.test:5000/v2/');
  t.equal(base('registry.test:443', true), 'http://registry.test:443/v2/');
  t.equal(base('docker.io'), 'https://registry-1.docker.io/v2/');
  for (const loopback of ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.1.2.3', '[::1]:5000']) {
    t.equal(base(loopback), `http://${loopback}/v2/`, 'loopback speaks http');
  }
  t.equal(base('localhost:443'), 'https://localhost/v2/');
  for (const other of ['128.0.0.1:5000', '127.evil.test', 'localhost.test', '[::2]:5000', '10.0.0.1:5000']) {
    t.equal(base(other), `https://${other}/v2/`, 'all others speak https');
  }
});

t.test('what is no name of a registry', async (t) => {
  for (const name of [
    '',
    '..',
    '../x',
    'a/b',
    'a b',
    'user@host',
    'host:',
    'host:99999',
    'https://a',
    '-a',
    'a:b',
  ]) {
    t.throws(() => hostsOf(name), { name: 'RegistryError', code: 'reference' }, name);
  }
});

t.test('mirrors in the order of the file, the registry last', async (t) => {
  const hosts = hostsOf(
    'docker.io',
    `
    [host."https://z-mirror.test"]
      capabilities = ["Pull"]
    [host."http://a-mirror.test:8080/some/path/"]
      capabilities = ["pull", "resolve", "push"]
      [host."http://a-mirror.test:8080/some/path/".header]
        X-One = "1"
        x-two = ["a", "b"]
    [host."m-mirror.test/v2"]
    [host."https://o-mirror.test/api"]
      override_path = true
    [host."https://push.test"]
      capabilities = ["push"]
    `,
  );
  t.same(
    hosts.map(({ base, canPull, canResolve, namespace }) => [base, canPull, canResolve, namespace]),
    [
      ['https://z-mirror.test/v2/', true, false, 'docker.io'],
      ['http://a-mirror.test:8080/some/path/v2/', true, true, 'docker.io'],
      ['https://m-mirror.test/v2/', true, true, 'docker.io'],
      ['https://o-mirror.test/api/', true, true, 'docker.io'],
      ['https://registry-1.docker.io/v2/', true, true, undefined],
    ],
  );
  t.same(hosts[1]?.headers, { 'x-one': '1', 'x-two': 'a, b' });
  t.same(
    hosts.map(({ isOrigin, credentialHost }) => [isOrigin, credentialHost]),
    [
      [false, 'z-mirror.test'],
      [false, 'a-mirror.test:8080'],
      [false, 'm-mirror.test'],
      [false, 'o-mirror.test'],
      [true, 'docker.io'],
    ],
  );
});

t.test('URLs of the API', async (t) => {
  const [mirror, origin] = hostsOf('registry.test:5000', '[host."https://mirror.test"]');
  const path = 'team/app/referrers/sha256:00';
  t.equal(apiUrl(mirror!, path).href, `https://mirror.test/v2/${path}?ns=registry.test%3A5000`);
  t.equal(apiUrl(origin!, path, { n: 'a b' }).href, `https://registry.test:5000/v2/${path}?n=a+b`);
});

t.test('server stands for the registry, and is a mirror where it is another host', async (t) => {
  t.has(hostsOf('registry.test', 'server = "https://other.test"'), [
    {
      base: 'https://other.test/v2/',
      isOrigin: false,
      namespace: 'registry.test',
      credentialHost: 'other.test',
    },
  ]);
  t.has(hostsOf('registry.test', 'server = "http://registry.test:80/"'), [
    { base: 'http://registry.test/v2/', isOrigin: true, namespace: undefined },
  ]);
  t.has(hostsOf('docker.io', 'server = "https://docker.io"'), [
    {
      base: 'https://registry-1.docker.io/v2/',
      isOrigin: true,
      namespace: undefined,
      credentialHost: 'docker.io',
    },
  ]);
  t.equal(hostsOf('localhost:1', '[host."https://localhost:1"]')[0]?.isOrigin, true, 'over https as well');
});

t.test('which folder is read', async (t) => {
  const server = (name: string) => `server = "https://${name}.test"`;
  const first = directoryOf({
    'a.test_5000_/hosts.toml': server('underscore'),
    'a.test:5000/hosts.toml': server('colon'),
    'b.test:5000/hosts.toml': server('b-colon'),
  });
  const second = directoryOf({ '_default/hosts.toml': server('default'), 'a.test/hosts.toml': server('a') });
  const third = directoryOf({ 'c.test/hosts.toml': server('never') });
  const asked = (registry: string, directories = [first, second, third]) =>
    registryHosts(registry, { hostsDirectories: directories }).map(({ base }) => base);
  t.same(asked('a.test:5000'), ['https://underscore.test/v2/']);
  t.same(asked('b.test:5000'), ['https://b-colon.test/v2/']);
  t.same(asked('a.test'), ['https://a.test/v2/']);
  t.same(asked('c.test'), ['https://default.test/v2/'], 'the first directory that has one for it');
  t.same(asked('b.test', [first]), ['https://b.test/v2/']);
  const ipv6 = directoryOf({ '[::1]_5000_/hosts.toml': server('ipv6') });
  t.same(asked('[::1]:5000', [ipv6]), ['https://ipv6.test/v2/']);
  t.same(defaultHostsDirectories({ XDG_CONFIG_HOME: '/x' }), [
    '/x/erofs/certs.d',
    '/etc/containerd/certs.d',
    '/etc/docker/certs.d',
  ]);
});

t.test('certificates', async (t) => {
  const [mirror, origin] = hostsOf(
    'registry.test',
    `
    ca = ["one.pem", "/two.pem"]
    client = [["c.pem", "/c.key"], ["both.pem", ""], "also.pem"]
    [host."https://mirror.test:5000"]
      ca = "sub/ca.pem"
      client = "both.pem"
      skip_verify = true
    `,
  );
  const names = (paths: readonly string[] = []) => paths.map((path) => path.replace(/.*\/_default\//, ''));
  const pairs = (of: typeof mirror) =>
    of?.certificates.clientPairs?.map(({ certificateFile, keyFile }) => names([certificateFile, keyFile]));
  t.same(names(origin?.certificates.furtherCaFiles), ['one.pem', '/two.pem']);
  t.same(pairs(origin), [
    ['c.pem', '/c.key'],
    ['both.pem', 'both.pem'],
    ['also.pem', 'also.pem'],
  ]);
  t.equal(origin?.certificates.unverifiedHost, undefined);
  t.same(names(mirror?.certificates.furtherCaFiles), ['sub/ca.pem']);
  t.same(pairs(mirror), [['both.pem', 'both.pem']]);
  t.equal(mirror?.certificates.unverifiedHost, 'mirror.test:5000');
  const user = { caFile: 'ca', clientCertificateFile: 'cert', clientKeyFile: 'key' };
  t.match(certificatesOf(origin!, user), user);
  t.equal(certificatesOf(mirror!, user).caFile, 'ca');
  t.notOk('clientCertificateFile' in certificatesOf(mirror!, user), 'a mirror is not shown who the user is');
});

t.test("Docker's folders, where there is no hosts.toml", async (t) => {
  const directory = directoryOf({
    'registry.test:5000/ca.crt': '',
    'registry.test:5000/client.cert': '',
    'registry.test:5000/client.key': '',
    'registry.test:5000/joint.cert': '',
    'registry.test:5000/other.txt': '',
  });
  const folder = join(directory, 'registry.test:5000');
  const file = (name: string) => join(folder, name);
  t.has(registryHosts('registry.test:5000', { hostsDirectories: [directory] }), [
    {
      base: 'https://registry.test:5000/v2/',
      isOrigin: true,
      certificates: {
        furtherCaFiles: [file('ca.crt')],
        clientPairs: [
          { certificateFile: file('client.cert'), keyFile: file('client.key') },
          { certificateFile: file('joint.cert'), keyFile: file('joint.cert') },
        ],
      },
    },
  ]);
});

t.test('what cannot be followed is refused by its place, and no value is told', async (t) => {
  const cases: [string, RegExp][] = [
    ['[host."https://m.test"\nsesame', /hosts\.toml is no TOML: see line \d+, column \d+/],
    ['server = 5', /^server in .*hosts\.toml cannot be used: a URL/],
    ['server = "https://sesame:pw@m.test"', /^server in .*without a user and a password/],
    ['[host."https://sesame:pw@m.test"]', /^\[host\."https:\/\/m\.test"\] in .*without a user/],
    ['[host."https://"]', /"https:\/\/HOST:PORT" was expected/],
    ['host = "sesame"', /^host in .*a table was expected/],
    ['capabilities = ["sesame"]', /^capabilities in .*"pull" and "resolve"/],
    ['capabilities = [5]', /^capabilities in .*a list of strings/],
    ['ca = true', /^ca in .*a string/],
    ['client = [["a", "b", "c"]]', /^client in .*pairs of a certificate/],
    ['client = ""', /^client in .*pairs of a certificate/],
    ['skip_verify = "sesame"', /^skip_verify in .*true or false/],
    ['[header]\nx = "a\\nsesame"', /^the value of x in the given headers .*header in .*hosts\.toml/],
    ['[header]\nRange = "sesame"', /^range in the given headers cannot be set/],
    ['proxy = "http://sesame:pw@p.test"', /^proxy in .* is not supported: set https_proxy/],
    [
      'server = "https://m.test"\ncapabilities = ["push"]',
      /names no host that registry\.test may be pulled from/,
    ],
  ];
  for (const [text, message] of cases) {
    const act = () => hostsOf('registry.test', text);
    t.throws(act, { name: 'RegistryError', code: 'configuration', message }, text);
    try {
      act();
    } catch (error) {
      const { stack, cause } = error as Error;
      t.notMatch(`${stack} ${JSON.stringify(error)} ${cause}`, /sesame/);
    }
  }
  const unreadable = directoryOf({ 'registry.test/hosts.toml/x': '' });
  t.throws(() => registryHosts('registry.test', { hostsDirectories: [unreadable] }), { code: 'EISDIR' });
});

import t from 'tap';
import { chooseChallenge, parseChallenges } from '../../src/registry/challenge.js';

const parsed = (...values: string[]) =>
  parseChallenges(values).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

t.test('what registries send', async (t) => {
  const realm = 'https://auth.docker.io/token';
  const scope = 'repository:library/nginx:pull,push';
  t.same(parsed(`Bearer realm="${realm}",service="registry.docker.io",scope="${scope}"`), [
    ['bearer', { realm, service: 'registry.docker.io', scope }],
  ]);
  t.same(parsed('BEARER Realm = "a" , SERVICE=b'), [['bearer', { realm: 'a', service: 'b' }]], 'any case');
  t.same(parsed('Basic'), [['basic', {}]]);
  t.same(parsed(`Bearer realm=${realm},service=x`), [['bearer', { realm, service: 'x' }]], 'no quotes');
});

t.test('several challenges, in one field and in several', async (t) => {
  const both = [
    ['basic', { realm: 'a, b="c"' }],
    ['bearer', { realm: 'https://t/', error: 'x' }],
  ];
  t.same(parsed('Basic realm="a, b=\\"c\\"", Bearer realm="https://t/", error=x'), both);
  t.same(parsed('Basic realm="a, b=\\"c\\""', 'Bearer realm="https://t/",error="x"'), both);
  t.same(parsed('Negotiate, Basic realm="a"'), [
    ['negotiate', {}],
    ['basic', { realm: 'a' }],
  ]);
  t.same(parsed('Negotiate oYG2MIGzoAMKAQE==, Basic realm="a"'), [
    ['negotiate', {}],
    ['basic', { realm: 'a' }],
  ]);
  t.same(parsed(' , ,Basic realm="back\\\\slash",'), [['basic', { realm: 'back\\slash' }]]);
});

t.test('what violates the grammar ends the field, not the others', async (t) => {
  t.same(parsed('Bearer realm="open', 'Basic realm="a"'), [
    ['bearer', {}],
    ['basic', { realm: 'a' }],
  ]);
  t.same(parsed('"', '', ',,,', '=x'), []);
  t.same(parsed('Bearer realm="first", realm="second"'), [['bearer', { realm: 'first' }]]);
});

t.test('Bearer goes before Basic, and needs a realm', async (t) => {
  const chosen = (value: string) => chooseChallenge(parseChallenges([value]))?.scheme;
  t.equal(chosen('Basic realm="a", Bearer realm="b"'), 'bearer');
  t.equal(chosen('Digest realm="a", nonce="n", Basic realm="b"'), 'basic');
  t.equal(chosen('Bearer service="x", Basic realm="b"'), 'basic');
  t.equal(chosen('Bearer service="x"'), undefined);
  t.equal(chosen('Negotiate'), undefined);
});

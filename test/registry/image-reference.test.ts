/** How images are named. */
import t from 'tap';
import { isImageReference, parseImageReference, referenceText } from '../../src/registry/image-reference.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

t.test('names of registries, in full', async (t) => {
  const cases: Record<string, string> = {
    'oci://debian': 'docker.io/library/debian:latest',
    'docker://debian:12': 'docker.io/library/debian:12',
    'OCI://team/app': 'docker.io/team/app:latest',
    'oci://docker.io/debian': 'docker.io/library/debian:latest',
    'oci://index.docker.io/debian:12': 'docker.io/library/debian:12',
    'oci://registry-1.docker.io/debian:12': 'docker.io/library/debian:12',
    'oci://localhost/app': 'localhost/app:latest',
    'oci://localhost:5000/a/b/c:v1.2_3': 'localhost:5000/a/b/c:v1.2_3',
    'oci://[::1]:5000/app': '[::1]:5000/app:latest',
    'oci://127.0.0.1:5000/app:1': '127.0.0.1:5000/app:1',
    'oci://GHCR.io/owner/x__y/z-w.q:Tag': 'ghcr.io/owner/x__y/z-w.q:Tag',
    [`oci://quay.io/a/b@${DIGEST}`]: `quay.io/a/b@${DIGEST}`,
    [`oci://quay.io/a/b:t@${DIGEST}`]: `quay.io/a/b:t@${DIGEST}`,
    [`oci://debian@sha512:${'0'.repeat(128)}`]: `docker.io/library/debian@sha512:${'0'.repeat(128)}`,
  };
  for (const [text, full] of Object.entries(cases)) {
    t.equal(referenceText(parseImageReference(text)), full, text);
    t.ok(isImageReference(text));
    const again = parseImageReference(`oci://${full}`);
    t.same(again, parseImageReference(text), 'what is written in full is the same');
  }
});

t.test('layouts and archives', async (t) => {
  t.same(parseImageReference('oci-layout:/a/b'), { kind: 'oci-layout', path: '/a/b' });
  t.same(parseImageReference('oci-layout:b:1.0'), { kind: 'oci-layout', path: 'b', tag: '1.0' });
  t.same(parseImageReference(`oci-layout:b:1.0@${DIGEST}`), {
    kind: 'oci-layout',
    path: 'b',
    tag: '1.0',
    digest: DIGEST,
  });
  t.same(parseImageReference(`oci-archive:./x.tar@${DIGEST}`), {
    kind: 'oci-archive',
    path: './x.tar',
    digest: DIGEST,
  });
  t.same(parseImageReference('oci-layout:/srv/@scope/a:docker.io/library/x:1'), {
    kind: 'oci-layout',
    path: '/srv/@scope/a',
    tag: 'docker.io/library/x:1',
  });
  t.same(parseImageReference('docker-archive:x.tar'), { kind: 'docker-archive', path: 'x.tar' });
  t.same(parseImageReference('docker-archive:x.tar:debian:12'), {
    kind: 'docker-archive',
    path: 'x.tar',
    name: 'docker.io/library/debian:12',
  });
});

t.test('what is no image', async (t) => {
  for (const text of ['/oci/x', 'x.erofs', 'http://x/y', 'https://oci/', 'oci:x', 'blob:sha256:00']) {
    t.notOk(isImageReference(text), text);
  }
});

t.test('what is wrong is said', async (t) => {
  const cases: [string, RegExp][] = [
    ['debian', /no scheme/],
    ['oci://', /names no repository/],
    ['oci://quay.io/', /names no repository/],
    ['oci://quay.io/A/b', /capital letters/],
    ['oci://quay.io/a//b', /a\/\/b is no repository/],
    ['oci://quay.io/a_-b', /is no repository/],
    ['oci://quay.io/../b', /is no repository/],
    ['oci://quay.io/a:', /"" is no tag/],
    ['oci://quay.io/a:b/c', /"b\/c" is no tag/],
    [`oci://quay.io/a:${'x'.repeat(129)}`, /longer than 128/],
    [`oci://quay.io/${'x'.repeat(250)}`, /longer than 255/],
    ['oci://quay.io/a@sha256:abc', /@sha256:abc is no digest/],
    [`oci://quay.io/a@${DIGEST.toUpperCase()}`, /is no digest/],
    [`oci://quay.io/a@md5:${'0'.repeat(32)}`, /is no digest/],
    ['oci://quay.io/a?x=1', /no "\?"/],
    ['oci://-x.io/a', /no HOST/],
    ['oci://[::1/a', /no HOST/],
    ['oci-layout:', /names no file/],
    ['oci-layout:x:', /"" is no tag/],
    ['oci-archive:x: y', /" y" is no tag/],
    ['docker-archive::x', /names no file/],
    [`docker-archive:x:y@${DIGEST}`, /no digest/],
  ];
  for (const [text, message] of cases) {
    t.throws(() => parseImageReference(text), { name: 'RegistryError', code: 'reference', message }, text);
  }
});

t.test('a password in a name is not repeated', async (t) => {
  for (const text of [
    'oci://alice:sesame@quay.io/a/b',
    `oci://alice:sesame@quay.io/a/b@${DIGEST}`,
    'oci://alice:sesame@localhost:5000/a:1',
  ]) {
    t.throws(() => parseImageReference(text), { code: 'reference', message: /log in/ }, text);
    try {
      parseImageReference(text);
    } catch (error) {
      t.notMatch((error as Error).message, /sesame|alice/);
    }
  }
});

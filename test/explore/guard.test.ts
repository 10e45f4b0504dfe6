import t from 'tap';
import { Guard, newToken, type Request } from '../../src/explore/guard.js';

const token = newToken();
const guard = new Guard(token, 4000);
const sound: Request = {
  method: 'GET',
  target: `/${token}/api/file?path=/a%2520b`,
  host: '127.0.0.1:4000',
  site: undefined,
  destination: undefined,
};

t.test('who knows the token is let in', async (t) => {
  t.match(guard.judge(sound), { refused: undefined, path: 'api/file' });
  const verdict = guard.judge({ ...sound, host: 'localhost:4000', site: 'same-origin' });
  t.equal('query' in verdict && verdict.query.get('path'), '/a%20b');
  t.match(guard.judge({ ...sound, target: `/${token}/`, method: 'HEAD', site: 'none' }), { path: '' });
});

t.test('everybody else is not', async (t) => {
  const refused: [number, Partial<Request>][] = [
    [421, { host: 'evil.example:4000' }],
    [421, { host: '127.0.0.1' }],
    [421, { host: undefined }],
    [403, { site: 'cross-site' }],
    [403, { site: 'same-site' }],
    [403, { site: 'cross-site', destination: 'iframe' }],
    [403, { site: 'cross-site', destination: 'document', target: '/' }],
    [405, { method: 'POST' }],
    [403, { target: '/' }],
    [403, { target: `/${token}` }],
    [403, { target: `/${token.slice(1)}/` }],
    [403, { target: `/${token}x/` }],
    [403, { target: `/${newToken()}/` }],
    [403, { target: `//${token}/` }],
    [403, { target: `http://127.0.0.1:4000/${token}/` }],
  ];
  for (const [status, wrong] of refused) {
    t.equal(guard.judge({ ...sound, ...wrong }).refused, status, JSON.stringify(wrong));
  }
});

t.test('a link that somebody follows leads in', async (t) => {
  t.match(guard.judge({ ...sound, site: 'cross-site', destination: 'document' }), { path: 'api/file' });
});

t.test('a ticket leads in once, and only the last', async (t) => {
  const first = guard.ticket();
  const second = guard.ticket();
  const show = (ticket: string) => guard.judge({ ...sound, target: `/${ticket}/` });
  t.match(show(first), { refused: 403 });
  t.strictSame(show(second), { refused: undefined, redirect: `/${token}/` });
  t.match(show(second), { refused: 403 });
  t.match(guard.judge({ ...sound, host: 'evil.example', target: `/${guard.ticket()}/` }), { refused: 421 });
});

t.test('tokens are long, and differ', async (t) => {
  t.match(token, /^[\w-]{32}$/);
  t.not(newToken(), token);
});

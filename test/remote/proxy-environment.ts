/** The environment's words about proxies, as one test wants them. */
import type { Test } from 'tap';

const VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Until the end of the test, these are all that there are. */
export function withProxy(t: Test, variables: Readonly<Record<string, string>>): void {
  const before = { ...process.env };
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, variables);
  t.teardown(() => {
    for (const name of VARIABLES) delete process.env[name];
    for (const name of VARIABLES) if (before[name] !== undefined) process.env[name] = before[name];
  });
}

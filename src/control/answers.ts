/** What is asked over HTTP, and what is answered. */
import type { ControlledMount } from './controlled-mount.js';
import { metricsText } from './metrics-text.js';

export interface Question {
  readonly method: string;
  /** without a query */
  readonly path: string;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type Answering = (mount: ControlledMount, question: Question) => Promise<Answer>;

const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

const problem = (status: number, message: string): Answer => json(status, { error: message });

/** Over the socket, to the user whose mount it is. Never rejects. */
export const answer: Answering = async (mount, question) => {
  const { method, path, body } = question;
  switch (`${method} ${path}`) {
    case 'GET /status':
      return json(200, await mount.status());
    case 'GET /stats':
      return json(200, mount.statistics());
    case 'GET /reads':
      return json(200, mount.reads());
    case 'PUT /log-level':
      return setLogLevel(mount, body);
  }
  return answerMetrics(mount, question);
};

/** Over the network, to everybody. Never rejects. */
export const answerMetrics: Answering = async (mount, { method, path }) => {
  if (path !== '/metrics') return problem(404, `there is no ${path} here`);
  if (method !== 'GET') return problem(405, `${method} ${path}: expected GET`);
  const text = metricsText(await mount.status(), mount.statistics());
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: text };
};

function setLogLevel(mount: ControlledMount, body: string): Answer {
  const level = levelIn(body);
  if (level === undefined) return problem(400, 'expected a body such as {"level":"debug"}');
  if (!mount.setLogLevel(level)) return problem(400, `there is no level ${level}`);
  return json(200, { level });
}

function levelIn(body: string): string | undefined {
  try {
    const { level } = JSON.parse(body) as { level?: unknown };
    return typeof level === 'string' ? level : undefined;
  } catch {
    // It is no JSON, or null.
    return undefined;
  }
}

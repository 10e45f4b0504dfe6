/**
 * Asks the token service that a Bearer challenge names (distribution, "Token Authentication" and "OAuth2 Token
 * Authentication"). Who has a secret asks by POST first; services that know GET alone answer 400, 401, 404 or 405 to that.
 *
 * LAW: neither a secret nor a token is part of a message.
 */
import { isHttp, publicName } from '../remote/blob-url.js';
import { FetchFailure } from '../remote/fetch-failure.js';
import {
  type ExchangeAnswer,
  type ExchangeOptions,
  type ExchangeRequest,
  exchange,
} from '../remote/http-exchange.js';
import { mustBeGuarded } from '../remote/redirects.js';
import { statusFailure } from '../remote/status-failure.js';
import type { Challenge } from './challenge.js';
import { basicAuthorization, type Credential } from './credential.js';
import { parseToken, type Token } from './token.js';

export interface TokenQuestion {
  /** of the registry, which named the service */
  readonly registry: URL;
  /** Bearer, with a realm */
  readonly challenge: Challenge;
  /** where the challenge names none: "repository:NAME:pull" */
  readonly scope: string;
  readonly credential: Exclude<Credential, { kind: 'bearer' }> | undefined;
}

const CLIENT = 'erofsjs';
const ONLY_GET = new Set([400, 401, 404, 405]);
/** bytes */
const ANSWER_LIMIT = 1024 * 1024;

/** Rejects with FetchFailure; `status` is the token service's. Rejects with the signal's reason, too. */
export async function requestToken(
  question: TokenQuestion,
  options: ExchangeOptions,
  signal: AbortSignal,
): Promise<Token> {
  const realm = parseRealm(question);
  try {
    const guarded = options.allowPrivateRedirects !== true && (await mustBeGuarded(question.registry, realm));
    const ask = (request: ExchangeRequest) =>
      exchange({ ...request, guarded, limit: ANSWER_LIMIT }, options, signal);
    return parseToken(await askBothWays(question, realm, ask));
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    const { code, message, transient, status, retryAfter } = error;
    const details = { transient, retryAfter, ...(status !== undefined && { status }) };
    throw new FetchFailure(code, `no token from ${publicName(realm)}: ${message}`, details);
  }
}

function parseRealm({ challenge, registry }: TokenQuestion): URL {
  const text = challenge.parameters.get('realm') ?? '';
  if (!URL.canParse(text)) {
    throw new FetchFailure('protocol', 'the registry wants a token, and does not name a URL that gives one');
  }
  const realm = new URL(text);
  if (!isHttp(realm) || (registry.protocol === 'https:' && realm.protocol !== 'https:')) {
    throw new FetchFailure(
      'refused',
      `the registry wants a token from ${realm.protocol}//${realm.host}, which would get credentials unencrypted: https was expected`,
    );
  }
  realm.username = '';
  realm.password = '';
  realm.hash = '';
  return realm;
}

async function askBothWays(
  question: TokenQuestion,
  realm: URL,
  ask: (request: ExchangeRequest) => Promise<ExchangeAnswer>,
): Promise<ExchangeAnswer> {
  const { credential } = question;
  const byPost = credential && (await ask(postRequest(question, realm, credential)));
  const isAnswered = byPost !== undefined && !ONLY_GET.has(byPost.status);
  const answer = isAnswered ? byPost : await ask(getRequest(question, realm));
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw refusal(question, answer);
}

function refusal({ credential, registry }: TokenQuestion, answer: ExchangeAnswer): FetchFailure {
  const { status } = answer;
  const { code, transient, retryAfter } = statusFailure(status, answer.fields);
  const remedy = `log in, as with: docker login ${registry.host}`;
  let message = `it answered ${status}`;
  if (credential === undefined && (status === 401 || status === 403)) {
    message += `, for it wants to know who asks: ${remedy}`;
  } else if (credential !== undefined && [400, 401, 403].includes(status)) {
    const secret = credential.kind === 'password' ? 'user and password' : 'identity token';
    message += `, for it does not accept the ${secret} of ${credential.source}: ${remedy}`;
  }
  return new FetchFailure(code, message, { transient, retryAfter, status });
}

function getRequest({ challenge, scope, credential }: TokenQuestion, realm: URL): ExchangeRequest {
  const url = new URL(realm);
  const service = challenge.parameters.get('service');
  if (service !== undefined) url.searchParams.append('service', service);
  for (const each of scopesOf(challenge, scope)) url.searchParams.append('scope', each);
  if (credential === undefined) return { method: 'GET', url };
  const authorization =
    credential.kind === 'password'
      ? basicAuthorization(credential.username, credential.password)
      : basicAuthorization('', credential.token);
  return { method: 'GET', url, credentials: { authorization } };
}

function postRequest(
  { challenge, scope }: TokenQuestion,
  url: URL,
  credential: NonNullable<TokenQuestion['credential']>,
): ExchangeRequest {
  const form = new URLSearchParams(
    credential.kind === 'password'
      ? { grant_type: 'password', username: credential.username, password: credential.password }
      : { grant_type: 'refresh_token', refresh_token: credential.token },
  );
  form.set('service', challenge.parameters.get('service') ?? '');
  form.set('client_id', CLIENT);
  form.set('scope', scopesOf(challenge, scope).join(' '));
  const fields = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url, fields, body: form.toString() };
}

/** Sorted, each once. */
function scopesOf(challenge: Challenge, scope: string): readonly string[] {
  const named = (challenge.parameters.get('scope') ?? '').split(' ').filter((text) => text !== '');
  return named.length === 0 ? [scope] : [...new Set(named)].sort();
}

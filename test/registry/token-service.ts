/**
 * A token service as the distribution's specification has it: GET and POST, users, identity tokens, anonymous readers; tokens are signed
 * as a real registry wants them, and live as long as the test says.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Certificates } from '../remote/certificates.js';

export interface TokenServiceOptions {
  /** user -> password; none unless given */
  readonly users?: Readonly<Record<string, string>>;
  readonly identityTokens?: readonly string[];
  /** who does not say who asks gets a token as well */
  readonly isOpen?: boolean;
  /** seconds; 5 unless given */
  readonly lifetime?: number;
  /** what it answers to POST, where it knows GET alone */
  readonly postStatus?: number;
  /** tokens say which key they are signed with, as a real registry wants it: `caFile` is its rootcertbundle */
  readonly certificates?: Certificates;
  /** speaks https with these certificates */
  readonly isTls?: boolean;
}

/** One question that came. */
export interface TokenQuestionSeen {
  readonly method: string;
  /** of the query, or of the form */
  readonly parameters: URLSearchParams;
  readonly authorization: string | undefined;
}

interface Issued {
  readonly expires: number;
  readonly scopes: readonly string[];
}

export class TokenService {
  readonly service = 'registry.test';
  readonly issuer = 'token-service.test';
  readonly seen: TokenQuestionSeen[] = [];
  readonly users: Map<string, string>;
  readonly identityTokens: Set<string>;
  isOpen: boolean;
  /** seconds */
  lifetime: number;
  postStatus: number | undefined;
  /** one a question, in their order: answers instead */
  readonly faults: ((response: ServerResponse) => void)[] = [];
  /** waited for before each answer */
  gate: Promise<void> = Promise.resolve();
  readonly #issued = new Map<string, Issued>();
  readonly #certificates: Certificates | undefined;
  readonly #key: KeyObject;
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(options: TokenServiceOptions) {
    const { certificates } = options;
    this.#certificates = certificates;
    this.#key =
      certificates === undefined
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
        : createPrivateKey(certificates.server.key);
    this.users = new Map(Object.entries(options.users ?? {}));
    this.identityTokens = new Set(options.identityTokens);
    this.isOpen = options.isOpen ?? false;
    this.lifetime = options.lifetime ?? 5;
    this.postStatus = options.postStatus;
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    const tls = options.isTls === true ? certificates?.server : undefined;
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  }

  static async start(t: Test, options: TokenServiceOptions = {}): Promise<TokenService> {
    const service = new TokenService(options);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    t.teardown(() => service.stop());
    return service;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  get realm(): string {
    return `${this.#scheme}://localhost:${(this.#server.address() as AddressInfo).port}/token`;
  }

  /** What a registry answers that wants one of these tokens. */
  challenge(scope?: string): string {
    const asked = scope === undefined ? '' : `,scope="${scope}"`;
    return `Bearer realm="${this.realm}",service="${this.service}"${asked}`;
  }

  /** Whether a registry takes this value of Authorization for the scope now. */
  accepts(authorization: string | undefined, scope: string): boolean {
    const issued = this.#issued.get(authorization?.replace(/^Bearer /, '') ?? '');
    return issued !== undefined && Date.now() < issued.expires && issued.scopes.includes(scope);
  }

  /** No token that was given is good any more. */
  revokeAll(): void {
    this.#issued.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const query = new URL(url, this.realm).searchParams;
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const parameters = method === 'POST' ? new URLSearchParams(body) : query;
    const { authorization } = request.headers;
    this.seen.push({ method, parameters, authorization });
    await this.gate;
    const fault = this.faults.shift();
    if (fault !== undefined) return fault(response);
    if (method === 'POST' && this.postStatus !== undefined) {
      response.writeHead(this.postStatus).end();
      return;
    }
    const user = method === 'POST' ? this.#userOfForm(parameters) : this.#userOfField(authorization);
    if (user === undefined) {
      response.writeHead(401).end('{"details":"incorrect username or password"}');
      return;
    }
    const scopes = parameters.getAll('scope').flatMap((scope) => scope.split(' '));
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(this.#issue(user, scopes)));
  }

  #userOfForm(form: URLSearchParams): string | undefined {
    if (form.get('grant_type') === 'refresh_token') {
      return this.identityTokens.has(form.get('refresh_token') ?? '') ? 'identified' : undefined;
    }
    const user = form.get('username') ?? '';
    return this.#knows(user, form.get('password') ?? '') ? user : undefined;
  }

  #userOfField(authorization: string | undefined): string | undefined {
    if (authorization === undefined) return this.isOpen ? '' : undefined;
    const text = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8');
    const colon = text.indexOf(':');
    const user = text.slice(0, colon);
    return this.#knows(user, text.slice(colon + 1)) ? user : undefined;
  }

  #knows(user: string, password: string): boolean {
    return this.users.has(user) && this.users.get(user) === password;
  }

  #issue(user: string, scopes: readonly string[]): object {
    const now = Date.now();
    const seconds = Math.floor(now / 1000);
    const token = this.#sign({
      iss: this.issuer,
      sub: user,
      aud: this.service,
      exp: seconds + this.lifetime,
      nbf: seconds - 10,
      iat: seconds,
      jti: randomUUID(),
      access: scopes.map(accessOf),
    });
    this.#issued.set(token, { expires: now + this.lifetime * 1000, scopes });
    return {
      token,
      access_token: token,
      expires_in: this.lifetime,
      issued_at: new Date(now).toISOString(),
    };
  }

  /** A JWT of ES256, with the certificate of its key where there is one (RFC 7515 §4.1.6). */
  #sign(claims: object): string {
    const pem = this.#certificates?.server.cert.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const header = { typ: 'JWT', alg: 'ES256', ...(pem !== undefined && { x5c: [pem] }) };
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode(header)}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }
}

/** TYPE:NAME:ACTIONS; the name may have a port. */
function accessOf(scope: string): object {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  return {
    type: scope.slice(0, first),
    name: scope.slice(first + 1, last),
    actions: scope.slice(last + 1).split(','),
  };
}

/** What proves to a registry who asks. Never part of a message. */
export type Credential = (
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** is exchanged for a bearer token: an OAuth2 refresh token */
  | { readonly kind: 'identity'; readonly token: string }
  /** is a bearer token itself */
  | { readonly kind: 'bearer'; readonly token: string }
) & {
  /** the file, variable or program that it is from: for messages */
  readonly source: string;
};

/** The user name that says: what goes with it is an identity token (docker-credential-helpers). */
const IDENTITY_USER = '<token>';

export const credentialOf = (username: string, secret: string, source: string): Credential =>
  username === '' || username === IDENTITY_USER
    ? { kind: 'identity', token: secret, source }
    : { kind: 'password', username, password: secret, source };

/** The value of Authorization that has a user and a password (RFC 7617). */
export const basicAuthorization = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

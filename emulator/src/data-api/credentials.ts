/** Credentials of a database role, as a secret in Secrets Manager holds them. */
export interface Credentials {
  username: string;
  password: string;
}

/** What a secret in Secrets Manager holds of a role. */
export interface Credentials {
  username: string;
  password: string;
}

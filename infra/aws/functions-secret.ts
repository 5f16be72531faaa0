import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

/**
 * The password in the secret of the functions' role (database.yml).
 *
 * @param VersionId of the secret; its current version if undefined
 * @throws Error if there is none in it: without what is there instead, for that may be a secret as well
 */
export async function functionsPassword(SecretId: string | undefined, VersionId?: string): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId, VersionId });
  const { SecretString = "" } = await new SecretsManagerClient().send(command);
  try {
    const { password } = JSON.parse(SecretString);
    if (typeof password === "string" && password) return password;
  } catch {
    // the parser's own error would show the secret
  }
  throw new Error("the secret of the functions' role holds no password");
}

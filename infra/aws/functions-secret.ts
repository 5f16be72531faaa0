import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

/**
 * Reads the password in the secret of the functions' role (database.yml).
 *
 * @param VersionId the version of the secret; the current one if undefined
 * @throws Error if the secret holds no password; the message does not show its content, which may be secret too
 */
export async function functionsPassword(SecretId: string | undefined, VersionId?: string): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId, VersionId });
  const { SecretString = "" } = await new SecretsManagerClient().send(command);
  try {
    const { password } = JSON.parse(SecretString);
    if (typeof password === "string" && password) return password;
  } catch {
    // the parser's error would show the secret
  }
  throw new Error("the secret of the functions' role holds no password");
}

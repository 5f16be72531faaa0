import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const settings = {
  AWS_DEFAULTS_MODE: "no-such-mode",
  AWS_ENDPOINT_URL: "http://127.0.0.1:1",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
  AWS_MAX_ATTEMPTS: "none",
  AWS_PROFILE: "shop",
  AWS_REGION: "us-gov-west-1",
  AWS_RETRY_MODE: "no-such-mode",
  AWS_ROLE_ARN: "arn:aws:iam::111122223333:role/none",
  AWS_SESSION_TOKEN: "token",
  AWS_USE_DUALSTACK_ENDPOINT: "true",
  AWS_USE_FIPS_ENDPOINT: "true",
  AWS_WEB_IDENTITY_TOKEN_FILE: "/no/such/file",
  AUTHORIZER: "{",
  ENVIRONMENT: "other",
  HTTP_PROXY: "http://127.0.0.1:1",
  LANG: "tr_TR.UTF-8",
  MAX_HOLD_SECONDS: "none",
  MAX_TICKETS_PER_PURCHASE: "none",
  NODE_USE_ENV_PROXY: "1",
  PGHOST: "127.0.0.2",
  PGOPTIONS: "-c no.such=setting -c default_transaction_read_only=on",
  PGPORT: "1",
  PGSERVICE: "none",
  PGSSLMODE: "require",
  PGSSLNEGOTIATION: "direct",
  POWERTOOLS_LOG_LEVEL: "SILENT",
  TZ: "Asia/Kathmandu",
};

const profile = `
ignore_configured_endpoint_urls = true
use_fips_endpoint = true
use_dualstack_endpoint = true
defaults_mode = no-such-mode
retry_mode = no-such-mode
services = elsewhere
`;

/** Returns environment variables, and writes an AWS profile in `home`, that would misdirect or break every call. */
export function callersSettings(home: string): Record<string, string> {
  const config = path.join(home, ".aws/config");
  mkdirSync(path.dirname(config));
  const elsewhere = "[services elsewhere]\nrds_data =\n  endpoint_url = http://127.0.0.1:1\n";
  writeFileSync(config, `[default]${profile}[profile shop]${profile}${elsewhere}`);
  return { ...settings, AWS_CONFIG_FILE: config };
}

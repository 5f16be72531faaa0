// Replaces the SDK's chain of credential providers in the bundles. Credentials come from the environment, on Lambda and
// locally; the rest of the chain would be a quarter of each bundle.
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";

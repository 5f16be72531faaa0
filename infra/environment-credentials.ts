// In the bundles, this stands for the SDK's chain of credential providers: on Lambda, and locally too, credentials come
// by the environment, and the rest of the chain would be a quarter of each bundle.
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";

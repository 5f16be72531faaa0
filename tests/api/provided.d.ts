import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    apiBaseUrl: string;
    apiMode: "http" | "handler";
    dataApiUrl: string;
  }
}

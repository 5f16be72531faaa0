import { build } from "esbuild";
import { bundleOptions } from "./bundle.ts";

/** Serverless plugin: bundles the functions into `dist` before `serverless package` and `deploy` zip them. */
export default class BundlePlugin {
  readonly hooks = {
    "before:package:createDeploymentArtifacts": async () => {
      await build({
        ...bundleOptions("dist"),
        minify: true,
        sourcemap: "external",
      });
    },
  };
}

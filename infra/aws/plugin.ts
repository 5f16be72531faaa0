import { checksumOfAll } from "../migration-files.ts";
import { PREFLIGHT_TYPES } from "../preflight.ts";

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
}

/** What this plugin uses of the Serverless Framework. */
interface Serverless {
  service: { provider: { compiledCloudFormationTemplate: { Resources: Record<string, Resource> } } };
}

/** Serverless plugin: what the template needs that serverless.yml cannot say. */
export default class AwsPlugin {
  /** `${migrations:checksum}` */
  readonly configurationVariablesSources = {
    migrations: { resolve: async () => ({ value: checksumOfAll() }) },
  };
  readonly hooks = {
    "after:aws:package:finalize:mergeCustomProviderResources": async () => {
      this.#finishPreflights();
      this.#finishDeployment();
    },
  };
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
  }

  /**
   * The framework gives a preflight's response a template for JSON only. A request of another type would then be a 500,
   * for its body passes for the template; with `NEVER` it is a 415, and DEFAULT_4XX makes that a problem document.
   * Browsers send no type with a preflight, which counts as JSON; proxies and `curl -d` may send that of a form.
   *
   * @see Amazon API Gateway Developer Guide, "Method request behavior for payloads without mapping templates"
   */
  #finishPreflights(): void {
    const { Resources } = this.#serverless.service.provider.compiledCloudFormationTemplate;
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type !== "AWS::ApiGateway::Method" || Properties.HttpMethod !== "OPTIONS") continue;
      const integration = Properties.Integration as { RequestTemplates: Record<string, string> };
      const { "application/json": template = "" } = integration.RequestTemplates;
      Object.assign(integration, {
        PassthroughBehavior: "NEVER",
        RequestTemplates: Object.fromEntries(PREFLIGHT_TYPES.map((type) => [type, template])),
      });
    }
  }

  /** The name of the deployment is another one each time, so that `extensions` cannot name it. */
  #finishDeployment(): void {
    const { Resources } = this.#serverless.service.provider.compiledCloudFormationTemplate;
    const named = (type: string) => Object.keys(Resources).filter((name) => Resources[name]?.Type === type);
    for (const name of named("AWS::ApiGateway::Deployment")) {
      const { Properties, DependsOn = [] } = Resources[name] as Resource;
      // A deployment is a copy of the API as it is at that moment.
      Resources[name] = {
        Type: "AWS::ApiGateway::Deployment",
        Properties,
        DependsOn: [...DependsOn, ...named("AWS::ApiGateway::GatewayResponse")],
      };
      // The framework lets the deployment make the stage, without settings; where api.yml has one, it is that.
      for (const stage of named("AWS::ApiGateway::Stage")) {
        delete Properties.StageName;
        Object.assign(Resources[stage]?.Properties ?? {}, { DeploymentId: { Ref: name } });
      }
    }
  }
}

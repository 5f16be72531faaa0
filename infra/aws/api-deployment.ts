import { PREFLIGHT_TYPES } from "../preflight.ts";
import type { ApiFunction } from "./api-functions.ts";
import { namesOf, resourceOf, type Template } from "./template.ts";

/**
 * Makes preflights accept the media types of forms and plain text, and refuse other types with a problem document.
 * The framework adds a template for JSON only, so any other type would be a 500, since API Gateway takes the body as
 * the template. With `NEVER` it is a 415, which DEFAULT_4XX turns into a problem document. Browsers send preflights
 * without a type, which counts as JSON; proxies and `curl -d` may send the type of a form.
 *
 * @see Amazon API Gateway Developer Guide, "Method request behavior for payloads without mapping templates"
 */
export function finishPreflights({ Resources }: Template): void {
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

/** Throttles the routes of the functions that have a throttle, if the template has a stage (api.yml). */
export function throttleRoutes({ Resources }: Template, functions: ApiFunction[]): void {
  const throttles = functions.flatMap(({ method, path, throttle }) =>
    throttle
      ? {
          HttpMethod: method,
          ResourcePath: `/~1${path.replaceAll("/", "~1")}`,
          ThrottlingRateLimit: throttle.rate,
          ThrottlingBurstLimit: throttle.burst,
        }
      : [],
  );
  const settings = Resources.Stage?.Properties.MethodSettings as object[] | undefined;
  settings?.push(...throttles);
}

/**
 * Makes the deployment of the API depend on all parts of the API, and links the stage (api.yml) to that deployment. The
 * name of the deployment changes each time, so `extensions` in serverless.yml cannot refer to it.
 */
export function finishDeployment(template: Template): void {
  for (const name of namesOf(template, "AWS::ApiGateway::Deployment")) {
    const { Properties, DependsOn = [] } = resourceOf(template, name);
    // A deployment is a snapshot of the API.
    template.Resources[name] = {
      Type: "AWS::ApiGateway::Deployment",
      Properties,
      DependsOn: [...DependsOn, ...namesOf(template, "AWS::ApiGateway::GatewayResponse")],
    };
    // The framework's deployment creates a stage without settings; if api.yml has a stage, it replaces that.
    for (const stage of namesOf(template, "AWS::ApiGateway::Stage")) {
      delete Properties.StageName;
      resourceOf(template, stage).Properties.DeploymentId = { Ref: name };
    }
  }
}

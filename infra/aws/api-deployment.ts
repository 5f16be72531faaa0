import { PREFLIGHT_TYPES } from "../preflight.ts";
import { namesOf, resourceOf, type Template } from "./template.ts";

/**
 * Gives each preflight a response to forms, and 415 to any other type. The framework gives it a template for JSON only: a
 * request of another type would then be a 500, for its body passes for the template; with `NEVER` it is a 415, and
 * DEFAULT_4XX makes that a problem document. Browsers send no type with a preflight, which counts as JSON; proxies and
 * `curl -d` may send that of a form.
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

/**
 * Has the deployment of the API wait for all of it, and the stage (api.yml) be of that deployment. The name of the
 * deployment is another one each time, so that `extensions` cannot name it.
 */
export function finishDeployment(template: Template): void {
  for (const name of namesOf(template, "AWS::ApiGateway::Deployment")) {
    const { Properties, DependsOn = [] } = resourceOf(template, name);
    // A deployment is a copy of the API as it is at that moment.
    template.Resources[name] = {
      Type: "AWS::ApiGateway::Deployment",
      Properties,
      DependsOn: [...DependsOn, ...namesOf(template, "AWS::ApiGateway::GatewayResponse")],
    };
    // The framework lets the deployment make the stage, without settings; where api.yml has one, it is that.
    for (const stage of namesOf(template, "AWS::ApiGateway::Stage")) {
      delete Properties.StageName;
      resourceOf(template, stage).Properties.DeploymentId = { Ref: name };
    }
  }
}

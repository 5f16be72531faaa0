import type { Template } from "./template.ts";

/** The limits of a route: requests per second, and of a burst. */
export interface Throttle {
  rate: string | number;
  burst: string | number;
}

/** The part of the Serverless Framework that the plugin in this folder uses. */
export interface Serverless {
  service: {
    functions: Record<string, FunctionDefinition>;
    provider: { compiledCloudFormationTemplate: Template };
    custom: { throttles: Record<string, Throttle> };
  };
  configSchemaHandler: {
    defineFunctionProperties(provider: "aws", schema: { properties: Record<string, object> }): void;
  };
  getProvider(name: "aws"): {
    naming: Record<
      | "getNormalizedFunctionName"
      | "getLambdaLogicalId"
      | "getLambdaProvisionedConcurrencyAliasLogicalId"
      | "getLogGroupLogicalId"
      | "getLambdaApiGatewayPermissionLogicalId",
      (functionName: string) => string
    >;
    getStage(): string;
  };
}

interface FunctionDefinition {
  role?: unknown;
  /** The name of its throttle in `custom.throttles`. */
  throttle?: string;
  /** The name of the function that a deploy updates before this one. */
  updateAfter?: string;
  events?: { http?: { method: string; path: string } }[];
}

/** A function with a route of the API, and the names of its resources in the template. */
export interface ApiFunction {
  /** Its name in serverless.yml. */
  name: string;
  /** The name in the form that its resources start with: `Purchase`. */
  prefix: string;
  method: string;
  /** Without the leading slash: `ticket_options/{id}`. */
  path: string;
  /** The limits of its route; undefined if they are those of the stage. */
  throttle: Throttle | undefined;
  /** The name of the function that a deploy updates before this one. */
  updateAfter: string | undefined;
  lambda: string;
  /** The alias that the API calls in place of the function, if it has provisioned concurrency. */
  alias: string;
  role: string;
  logGroup: string;
  permission: string;
}

/**
 * Lists the functions of serverless.yml that have a route. The function that applies the migrations has none:
 * CloudFormation calls it, and it has its own role (migrations.yml).
 *
 * @throws Error if a function has neither a route nor its own role, or both; or if it has several routes, since its
 *   permission would have to cover all of them; or if it names a throttle or function that does not exist
 */
export function apiFunctions(serverless: Serverless): ApiFunction[] {
  const { naming } = serverless.getProvider("aws");
  const { functions, custom } = serverless.service;
  return Object.entries(functions).flatMap(([name, { events = [], role, throttle, updateAfter }]) => {
    const [route, ...more] = events.flatMap(({ http }) => http ?? []);
    if (!route && role === undefined) throw new Error(`function ${name} has neither a route nor a role`);
    if (!route) return [];
    if (role !== undefined) throw new Error(`function ${name} has a route: its role is derived`);
    if (more.length > 0) throw new Error(`function ${name} has several routes: give each its own function`);
    if (!route.method || !route.path) throw new Error(`the route of function ${name} has no method or path`);
    if (throttle !== undefined && !custom.throttles[throttle])
      throw new Error(`function ${name}: there is no throttle ${throttle}`);
    if (updateAfter !== undefined && !functions[updateAfter])
      throw new Error(`function ${name}: there is no function ${updateAfter}`);
    const prefix = naming.getNormalizedFunctionName(name);
    return {
      name,
      prefix,
      method: route.method.toUpperCase(),
      path: route.path.replace(/^\//, ""),
      throttle: throttle === undefined ? undefined : custom.throttles[throttle],
      updateAfter,
      lambda: naming.getLambdaLogicalId(name),
      alias: naming.getLambdaProvisionedConcurrencyAliasLogicalId(name),
      role: `${prefix}Role`,
      logGroup: naming.getLogGroupLogicalId(name),
      permission: naming.getLambdaApiGatewayPermissionLogicalId(name),
    };
  });
}

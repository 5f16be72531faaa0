import { checksumOfAll } from "../migration-files.ts";
import { finishDeployment, finishPreflights, throttleRoutes } from "./api-deployment.ts";
import { type ApiFunction, apiFunctions, type Serverless } from "./api-functions.ts";
import { repeatDashboardRows, watchThrottles } from "./function-monitoring.ts";
import { updateInOrder, waitForMigrations } from "./function-order.ts";
import { addRoles, limitPermissions } from "./function-roles.ts";

/**
 * Serverless plugin that completes the CloudFormation template: it derives the role, permission, throttle, place in the
 * order of updates, alarm and dashboard metrics of each function of the API, and adds what serverless.yml cannot
 * express.
 */
export default class AwsPlugin {
  /** `${migrations:checksum}` */
  readonly configurationVariablesSources = {
    migrations: { resolve: async () => ({ value: checksumOfAll() }) },
  };
  readonly hooks = {
    // Before the framework adds its default role, which has more permissions, to functions without a role.
    initialize: async () => {
      this.#functions = apiFunctions(this.#serverless);
      for (const { name, role } of this.#functions)
        Object.assign(this.#serverless.service.functions[name] ?? {}, { role });
    },
    "after:aws:package:finalize:mergeCustomProviderResources": async () => {
      const template = this.#serverless.service.provider.compiledCloudFormationTemplate;
      addRoles(template, this.#functions);
      limitPermissions(template, this.#functions, this.#serverless.getProvider("aws").getStage());
      waitForMigrations(template, this.#functions);
      updateInOrder(template, this.#functions);
      watchThrottles(template, this.#functions);
      repeatDashboardRows(template, this.#functions);
      throttleRoutes(template, this.#functions);
      finishPreflights(template);
      finishDeployment(template);
    },
  };
  readonly #serverless: Serverless;
  #functions: ApiFunction[] = [];

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
    const name = { type: "string" };
    serverless.configSchemaHandler.defineFunctionProperties("aws", {
      properties: { throttle: name, updateAfter: name },
    });
  }
}

import { checksumOfAll } from "../migration-files.ts";
import { finishDeployment, finishPreflights } from "./api-deployment.ts";
import { type ApiFunction, apiFunctions, type Serverless } from "./api-functions.ts";
import { repeatDashboardRows, watchThrottles } from "./function-monitoring.ts";
import { addRoles, limitPermissions, waitForMigrations } from "./function-roles.ts";

/**
 * Serverless plugin that completes the CloudFormation template: it derives the role, permission, dependency on the
 * migrations, alarm and dashboard metrics of each function of the API, and adds what serverless.yml cannot express.
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
      watchThrottles(template, this.#functions);
      repeatDashboardRows(template, this.#functions);
      finishPreflights(template);
      finishDeployment(template);
    },
  };
  readonly #serverless: Serverless;
  #functions: ApiFunction[] = [];

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
  }
}

import type { Template } from "../package/packaging.ts";
import type { S3 } from "./s3-stub.ts";

export interface Stack {
  id: string;
  name: string;
  status: string;
  template: Template;
  /** Newest first, as XML. */
  events: string[];
}

/** What is wrong with a request. */
export class Refused extends Error {
  override toString(): string {
    return this.message;
  }
}

/** Stacks by change sets. It makes nothing, but refuses a template that names what is not in it, or was not uploaded. */
export class CloudFormation {
  readonly stacks = new Map<string, Stack>();
  /** Whether it refuses to delete a stack. */
  keepsStacks = false;
  readonly #changes = new Map<string, Template>();
  readonly #s3: S3;
  readonly #region: string;

  constructor(s3: S3, region: string) {
    this.#s3 = s3;
    this.#region = region;
  }

  /** The stack of a REST API's stage. */
  stackOf(apiId: string, stage: string): Stack {
    for (const stack of this.stacks.values())
      if (apiIdOf(stack.name) === apiId && stack.name.endsWith(`-${stage}`)) return stack;
    throw new Refused(`there is no API ${apiId} with a stage ${stage}`);
  }

  /** @returns the result, as XML */
  call(parameters: URLSearchParams): string {
    const [action, name] = [parameters.get("Action") ?? "", nameOf(parameters.get("StackName") ?? "")];
    switch (action) {
      case "ValidateTemplate":
        this.#check(this.#template(parameters));
        return "";
      case "CreateChangeSet":
        this.#changes.set(name, this.#check(this.#template(parameters)));
        return `<Id>change-set</Id><StackId>${this.#idOf(name)}</StackId>`;
      case "DescribeChangeSet":
        return `<ChangeSetName>${parameters.get("ChangeSetName")}</ChangeSetName><StackId>${this.#idOf(name)}</StackId><Status>CREATE_COMPLETE</Status>`;
      case "DeleteChangeSet":
        this.#changes.delete(name);
        return "";
      case "ExecuteChangeSet":
        this.#execute(name);
        return "";
      case "DescribeStackEvents":
        return `<StackEvents>${this.#stack(name).events.join("")}</StackEvents>`;
      case "DescribeStacks":
        return `<Stacks><member>${this.#description(this.#stack(name))}</member></Stacks>`;
      case "ListStackResources":
        return `<StackResourceSummaries>${this.#resources(this.#stack(name))}</StackResourceSummaries>`;
      case "DescribeStackResource":
        return `<StackResourceDetail><PhysicalResourceId>${physicalId(name, parameters.get("LogicalResourceId") ?? "")}</PhysicalResourceId></StackResourceDetail>`;
      case "DeleteStack":
        if (this.keepsStacks) throw new Refused(`Stack ${name} cannot be deleted`);
        this.stacks.delete(name);
        return "";
      default:
        throw new Error(`the stub has no ${action}`);
    }
  }

  #template(parameters: URLSearchParams): Template {
    const url = parameters.get("TemplateURL");
    if (!url) return JSON.parse(parameters.get("TemplateBody") ?? "");
    const [, bucket = "", ...key] = decodeURIComponent(new URL(url).pathname).split("/");
    return JSON.parse(String(this.#s3.object(bucket, key.join("/"))));
  }

  #check(template: Template): Template {
    for (const missing of namesIn(template).filter((name) => !(name in template.Resources)))
      throw new Refused(`Template format error: Unresolved resource dependencies [${missing}]`);
    return template;
  }

  #execute(name: string): void {
    const existing = this.stacks.get(name);
    const action = existing ? "UPDATE" : "CREATE";
    const template = this.#changes.get(name);
    if (!template) throw new Refused(`ChangeSet of ${name} does not exist`);
    const stack: Stack = { id: this.#idOf(name), name, status: `${action}_COMPLETE`, template, events: [] };
    for (const { Type, Properties } of Object.values(template.Resources))
      if (Type === "AWS::Lambda::Function") {
        const { S3Key } = Properties.Code as { S3Key: string };
        this.#s3.object(physicalId(name, "ServerlessDeploymentBucket"), S3Key);
        Properties.Code = { S3Bucket: physicalId(name, "ServerlessDeploymentBucket"), S3Key };
      }
    const events = [`${action}_IN_PROGRESS`, `${action}_COMPLETE`].map((status, index) =>
      eventOf(stack, status, `${action}-${existing?.events.length ?? 0}-${index}`),
    );
    stack.events = [...events.reverse(), ...(existing?.events ?? [])];
    this.stacks.set(name, stack);
  }

  #resources({ name, template }: Stack): string {
    return Object.entries(template.Resources)
      .map(
        ([id, { Type }]) =>
          `<member><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${physicalId(name, id)}</PhysicalResourceId><ResourceType>${Type}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>`,
      )
      .join("");
  }

  #description({ id, name, status, template }: Stack): string {
    const outputs = Object.entries(template.Outputs ?? {}).map(
      ([key, output]) =>
        `<member><OutputKey>${key}</OutputKey><OutputValue>${this.#value(name, (output as { Value: unknown }).Value)}</OutputValue></member>`,
    );
    return `<StackId>${id}</StackId><StackName>${name}</StackName><StackStatus>${status}</StackStatus><CreationTime>2022-01-05T17:41:08Z</CreationTime><Outputs>${outputs.join("")}</Outputs>`;
  }

  /** Of the functions of templates, those in the outputs. */
  #value(name: string, value: unknown): string {
    if (typeof value === "string") return value;
    const { Ref, "Fn::Join": join } = value as { Ref?: string; "Fn::Join"?: [string, unknown[]] };
    if (join) return join[1].map((part) => this.#value(name, part)).join(join[0]);
    if (Ref === "AWS::Region") return this.#region;
    if (Ref === "AWS::URLSuffix") return "localhost.localstack.cloud:4566";
    return Ref ? physicalId(name, Ref) : "unknown";
  }

  #stack(name: string): Stack {
    const stack = this.stacks.get(name);
    if (!stack) throw new Refused(`Stack with id ${name} does not exist`);
    return stack;
  }

  #idOf(name: string): string {
    return `arn:aws:cloudformation:${this.#region}:000000000000:stack/${name}/1`;
  }
}

function nameOf(nameOrId: string): string {
  return nameOrId.startsWith("arn:") ? (nameOrId.split("/")[1] ?? "") : nameOrId;
}

function apiIdOf(stackName: string): string {
  return `api${stackName.replaceAll("-", "")}`;
}

function physicalId(stackName: string, logicalId: string): string {
  return logicalId === "ApiGatewayRestApi" ? apiIdOf(stackName) : `${stackName}-${logicalId.toLowerCase()}`;
}

function eventOf({ id, name }: Stack, status: string, eventId: string): string {
  return `<member><StackId>${id}</StackId><EventId>${eventId}</EventId><StackName>${name}</StackName><LogicalResourceId>${name}</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>${status}</ResourceStatus></member>`;
}

/** The resources that something in a template refers to. */
function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "Ref") return String(inner).startsWith("AWS::") ? [] : [String(inner)];
    if (key === "Fn::GetAtt") return [String(Array.isArray(inner) ? inner[0] : inner).split(".")[0] ?? ""];
    if (key === "DependsOn") return [inner].flat().map(String);
    return namesIn(inner);
  });
}

import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { type DataApi, dataApi } from "../../lib/data-api.ts";
import regionOf from "./region.cjs";

/** A deployed stage. */
interface Stage {
  /** Its database, as the owner. */
  owner: DataApi;
  /** The value of one of the stack's outputs; an Error if it has none of that name. */
  output(key: string): string;
}

/**
 * @param region of the stage, if the command names one
 * @throws Error if there is no such stack, or it has no database
 */
export async function reachStage(stage: string, region: string | undefined): Promise<Stage> {
  setRegion(region);
  const name = `ticket-allocation-${stage}`;
  const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: name }));
  const outputs = Stacks?.[0]?.Outputs ?? [];
  const output = (key: string) => {
    const value = outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (!value) throw new Error(`stack ${name} has no output ${key}: has it been deployed to the end?`);
    return value;
  };
  const owner = dataApi({
    resourceArn: output("ClusterArn"),
    secretArn: output("OwnerSecretArn"),
    database: output("DatabaseName"),
  });
  return { owner, output };
}

/** Sets the region of all AWS clients that are made from now on to the one in which a deploy would be. */
export function setRegion(region: string | undefined): void {
  process.env.AWS_REGION = regionOf({ options: { region } });
}

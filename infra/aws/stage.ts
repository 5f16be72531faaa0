import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { type DataApi, dataApi } from "../../lib/data-api.ts";
import regionOf from "./region.cjs";

/** A deployed stage. */
interface Stage {
  /** Its database, with the owner's permissions. */
  owner: DataApi;
  /**
   * Returns the value of an output of the stack.
   *
   * @throws Error if there is no such output
   */
  output(key: string): string;
}

/**
 * Finds a deployed stage.
 *
 * @param region the region of the stage; the default of region.cjs if undefined
 * @throws Error if there is no such stack, or it has no database
 */
export async function reachStage(stage: string, region: string | undefined): Promise<Stage> {
  setRegion(region);
  const name = `ticket-allocation-${stage}`;
  const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: name }));
  const outputs = Stacks?.[0]?.Outputs ?? [];
  const output = (key: string) => {
    const value = outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (!value) throw new Error(`stack ${name} has no output ${key}: was its deploy completed?`);
    return value;
  };
  const owner = dataApi({
    resourceArn: output("ClusterArn"),
    secretArn: output("OwnerSecretArn"),
    database: output("DatabaseName"),
  });
  return { owner, output };
}

/** Sets the region of all AWS clients created from now on to the region that a deploy would use. */
export function setRegion(region: string | undefined): void {
  process.env.AWS_REGION = regionOf({ options: { region } });
}

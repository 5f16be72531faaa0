import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import regionOf from "./region.cjs";

/**
 * Sets the environment in which `lib/` works as the owner of a deployed stage's database. What reads it as it loads
 * is to be imported afterwards.
 *
 * @param region of the stage, if the command names one
 * @returns the value of each of the stack's outputs by its name, or an Error that the stack has none of that name
 * @throws Error if there is no such stack, or it has no database
 */
export async function reachStage(
  stage: string,
  region: string | undefined,
): Promise<(output: string) => string> {
  setRegion(region);
  const name = `ticket-allocation-${stage}`;
  const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: name }));
  const outputs = Stacks?.[0]?.Outputs ?? [];
  const output = (key: string) => {
    const value = outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (!value) throw new Error(`stack ${name} has no output ${key}: has it been deployed to the end?`);
    return value;
  };
  Object.assign(process.env, {
    CLUSTER_ARN: output("ClusterArn"),
    SECRET_ARN: output("OwnerSecretArn"),
    DATABASE_NAME: output("DatabaseName"),
  });
  return output;
}

/** Sets the region of all AWS clients that are made from now on to the one in which a deploy would be. */
export function setRegion(region: string | undefined): void {
  process.env.AWS_REGION = regionOf({ options: { region } });
}

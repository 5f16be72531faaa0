import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";

/** Where the service is deployed unless told otherwise, as in serverless.yml. */
const REGION = "eu-west-1";

/**
 * Sets the environment in which `lib/` works as the owner of a deployed stage's database. What reads it as it loads
 * is to be imported afterwards.
 *
 * @param region of the stage; by default what AWS_REGION says
 * @throws Error if there is no such stack, or it has no database
 */
export async function reachStage(stage: string, region = process.env.AWS_REGION || REGION): Promise<void> {
  const name = `ticket-allocation-${stage}`;
  const { Stacks } = await new CloudFormationClient({ region }).send(
    new DescribeStacksCommand({ StackName: name }),
  );
  const outputs = Stacks?.[0]?.Outputs ?? [];
  const output = (key: string) => {
    const value = outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (!value) throw new Error(`stack ${name} has no output ${key}: has it been deployed to the end?`);
    return value;
  };
  Object.assign(process.env, {
    AWS_REGION: region,
    CLUSTER_ARN: output("ClusterArn"),
    SECRET_ARN: output("OwnerSecretArn"),
    DATABASE_NAME: output("DatabaseName"),
  });
}

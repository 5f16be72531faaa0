/**
 * The AWS region of a stage, for the Serverless Framework (serverless.yml) as for the commands that reach a stage
 * (stage.ts): `--region`, else AWS_REGION, else the default. The framework calls no module of another kind.
 *
 * @param {{ options: { region?: string | undefined } }} command
 * @returns {string}
 */
module.exports = ({ options }) => options.region || process.env.AWS_REGION || "eu-west-1";

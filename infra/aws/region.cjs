/**
 * The AWS region of a stage: `--region`, else AWS_REGION, else the default. The Serverless Framework (serverless.yml)
 * and the commands that use a deployed stage (stage.ts) share it. The framework requires a CommonJS module.
 *
 * @param {{ options: { region?: string | undefined } }} command
 * @returns {string}
 */
module.exports = ({ options }) => options.region || process.env.AWS_REGION || "eu-west-1";

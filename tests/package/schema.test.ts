import { describe, expect, it } from "vitest";
import type { Template } from "./packaging.ts";
import { templateErrors } from "./schema.ts";

const topic = { Type: "AWS::SNS::Topic", Properties: { TopicName: "alarms" } };

/** A valid template with additional resources. */
function template(Resources: Template["Resources"], more: Partial<Template> = {}): Template {
  return { Resources: { Topic: topic, ...Resources }, Conditions: { Always: true }, ...more };
}

describe("templateErrors()", () => {
  it("is empty for a valid template", () => {
    const valid = template(
      {
        Cluster: {
          Type: "AWS::RDS::DBCluster",
          DependsOn: ["Topic"],
          Condition: "Always",
          DeletionPolicy: "Snapshot",
          Properties: {
            Engine: { "Fn::If": ["Always", "aurora-postgresql", { Ref: "AWS::NoValue" }] },
            ServerlessV2ScalingConfiguration: { MinCapacity: "0.5", MaxCapacity: 2 },
            StorageEncrypted: "true",
          },
        },
        Made: { Type: "Custom::Made", Properties: { ServiceToken: { Ref: "Topic" } } },
      },
      { Outputs: { Arn: { Value: { "Fn::Sub": `\${Cluster.DBClusterArn} \${AWS::Region} \${!literal}` } } } },
    );

    expect(templateErrors(valid)).toEqual([]);
  });

  it.each<[string, Template, string]>([
    [
      "an unknown type",
      template({ X: { Type: "AWS::SNS::Topik", Properties: {} } }),
      "X: no such type as AWS::SNS::Topik",
    ],
    [
      "an unknown property",
      template({ X: { Type: "AWS::Lambda::Function", Properties: { Code: {}, Role: "", Runtme: "" } } }),
      "X.Runtme: no such property",
    ],
    [
      "an unknown property within a property",
      template({
        X: { Type: "AWS::RDS::DBCluster", Properties: { ServerlessV2ScalingConfiguration: { Min: 1 } } },
      }),
      "X.ServerlessV2ScalingConfiguration.Min: no such property",
    ],
    [
      "an unknown attribute",
      template({ X: { ...topic, DependOn: "Topic" } as Template["Resources"][string] }),
      "X: no such attribute as DependOn",
    ],
    [
      "a missing member",
      template({ X: { Type: "AWS::Lambda::Function", Properties: { Code: {} } } }),
      "X.Role: missing",
    ],
    [
      "a value of another type",
      template({ X: { Type: "AWS::RDS::DBCluster", Properties: { BackupRetentionPeriod: "a day" } } }),
      'X.BackupRetentionPeriod: "a day" is no integer',
    ],
    [
      "a value that is not allowed",
      template({
        X: { Type: "AWS::Lambda::Function", Properties: { Code: {}, Role: "", PackageType: "Tar" } },
      }),
      "X.PackageType: Tar is none of Image, Zip",
    ],
    [
      "a null",
      template({ X: { Type: "AWS::SNS::Topic", Properties: { TopicName: null } } }),
      "Resources.X.Properties.TopicName: null",
    ],
    [
      "a reference to a missing resource",
      template({ X: { Type: "AWS::SNS::Topic", Properties: { TopicName: { Ref: "Nothing" } } } }),
      "Resources.X.Properties.TopicName: there is no Nothing",
    ],
    [
      "an attribute that a resource does not have",
      template({}, { Outputs: { Arn: { Value: { "Fn::GetAtt": ["Topic", "Name"] } } } }),
      "Outputs.Arn.Value: there is no Topic Name",
    ],
    [
      "a missing resource in Fn::Sub",
      template({}, { Outputs: { Arn: { Value: { "Fn::Sub": `a \${Nothing.Arn}` } } } }),
      "Outputs.Arn.Value: there is no Nothing Arn",
    ],
    [
      "a dependency on a missing resource",
      template({ X: { ...topic, DependsOn: ["Nothing"] } }),
      "Resources.X: there is no Nothing",
    ],
    [
      "a missing condition",
      template({ X: { ...topic, Condition: "Never" } }),
      "Resources.X: there is no Never",
    ],
    [
      "a circular dependency",
      template({
        X: { ...topic, DependsOn: "Y" },
        Y: { Type: "AWS::SNS::Topic", Properties: { TopicName: { Ref: "X" } } },
      }),
      "X > Y > X: circular dependency",
    ],
    [
      "a custom resource without a ServiceToken",
      template({ X: { Type: "Custom::Made", Properties: {} } }),
      "X: no ServiceToken",
    ],
  ])("finds %s", (_, broken, fault) => {
    expect(templateErrors(broken)).toContain(fault);
  });
});

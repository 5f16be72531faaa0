import { describe, expect, it } from "vitest";
import type { Template } from "./packaging.ts";
import { faultsOf } from "./schema.ts";

const topic = { Type: "AWS::SNS::Topic", Properties: { TopicName: "alarms" } };

/** A sound template, with more resources in it. */
function template(Resources: Template["Resources"], more: Partial<Template> = {}): Template {
  return { Resources: { Topic: topic, ...Resources }, Conditions: { Always: true }, ...more };
}

describe("the check of a template", () => {
  it("finds nothing wrong with a sound one", () => {
    const sound = template(
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

    expect(faultsOf(sound)).toEqual([]);
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
      "a member that is missing",
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
      "a reference to nothing",
      template({ X: { Type: "AWS::SNS::Topic", Properties: { TopicName: { Ref: "Nothing" } } } }),
      "Resources.X.Properties.TopicName: nothing is there like Nothing",
    ],
    [
      "an attribute that a resource does not have",
      template({}, { Outputs: { Arn: { Value: { "Fn::GetAtt": ["Topic", "Name"] } } } }),
      "Outputs.Arn.Value: nothing is there like Topic Name",
    ],
    [
      "a name in a text that stands for nothing",
      template({}, { Outputs: { Arn: { Value: { "Fn::Sub": `a \${Nothing.Arn}` } } } }),
      "Outputs.Arn.Value: nothing is there like Nothing Arn",
    ],
    [
      "a wait for nothing",
      template({ X: { ...topic, DependsOn: ["Nothing"] } }),
      "Resources.X: nothing is there like Nothing",
    ],
    [
      "a condition that there is not",
      template({ X: { ...topic, Condition: "Never" } }),
      "Resources.X: nothing is there like Never",
    ],
    [
      "resources that wait for each other",
      template({
        X: { ...topic, DependsOn: "Y" },
        Y: { Type: "AWS::SNS::Topic", Properties: { TopicName: { Ref: "X" } } },
      }),
      "X > Y > X: a circle",
    ],
    [
      "a custom resource that nothing makes",
      template({ X: { Type: "Custom::Made", Properties: {} } }),
      "X: no ServiceToken",
    ],
  ])("finds %s", (_, broken, fault) => {
    expect(faultsOf(broken)).toContain(fault);
  });
});

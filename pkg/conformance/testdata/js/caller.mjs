// Says who each profile is to STS: caller.mjs PROFILE... prints PROFILE, ACCOUNT and ARN.

import { readFileSync } from "node:fs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const args = process.argv.slice(2);
if (args[0] === "--version") {
  const manifest = new URL("node_modules/@aws-sdk/client-sts/package.json", import.meta.url);
  console.log(JSON.parse(readFileSync(manifest, "utf8")).version);
} else {
  for (const profile of args) {
    const caller = await new STSClient({ profile }).send(new GetCallerIdentityCommand({}));
    console.log([profile, caller.Account, caller.Arn].join("\t"));
  }
}
